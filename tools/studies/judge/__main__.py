"""How often the judge errs, and how often it sees what is there: synthetic tables of a known truth.

    python -m tools.studies.judge            1,000 tables a scenario, a few minutes
    python -m tools.studies.judge 100        fewer

It prints the figures that `suite/protocol/calibration.py` states, as that file has them.
"""

from __future__ import annotations

import sys

from tools.studies.judge.scenarios import SCENARIOS, rates

if __name__ == "__main__":
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{tables:,} tables each; share of verdicts\n")
    for scenario in SCENARIOS:
        right, wrong, open_ = rates(scenario, tables)
        print(f'    Calibration("{scenario.truth}", "{scenario.right}", {right}, {wrong}, {open_}),', flush=True)
