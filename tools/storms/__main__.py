"""What becomes of records when everything is killed: `python -m tools.storms --minutes 60` on a machine of one's own.

Each storm runs a grid of stand-in cells, whose records are known beforehand, kills what it is about at random moments
from the very first on, begins again until all is recorded, and counts what was lost, changed, doubled or locked out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tools.storms.rounds import Counts
from tools.storms.storms import STORMS


def main() -> int:
    """Runs storms in turn until the time is up or each has had the kills asked for; the exit status is 1 if any was harmful."""
    parser = argparse.ArgumentParser(prog="python -m tools.storms", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of all together")
    parser.add_argument("--kills", type=int, default=200, help="of each storm; it ends with the first round past them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("storms", nargs="*", metavar="STORM", help=f"of {', '.join(STORMS)}; all if none is given")
    asked = parser.parse_args()
    unknown = set(asked.storms) - set(STORMS)
    if unknown:
        parser.error(f"got {', '.join(sorted(unknown))}, expected some of {', '.join(STORMS)}")
    names = asked.storms or list(STORMS)
    total = {name: Counts() for name in names}
    deadline, number = time.monotonic() + 60 * asked.minutes, asked.seed
    while time.monotonic() < deadline:
        left = [name for name in names if total[name].kills < asked.kills]
        if not left:
            break
        for name in left:
            if time.monotonic() > deadline:
                break
            with tempfile.TemporaryDirectory(prefix="storms-", ignore_cleanup_errors=True) as folder:
                total[name] += STORMS[name](Path(folder), number)
            print(f"{name}: {total[name]}", flush=True)
            number += 1
    print("\nin all:", *(f"{name}: {counts}" for name, counts in total.items()), sep="\n  ")
    return int(any(counts.harm for counts in total.values()))


if __name__ == "__main__":
    sys.exit(main())
