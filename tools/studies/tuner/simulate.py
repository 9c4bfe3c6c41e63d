"""Simulates tuners on the dense table: prints their regret, and writes it into the README beside it.

    python -m tools.studies.tuner.simulate

A tuner is a search and a rule of choice. All pairs are simulated, on every cell, with every tuning seed; one is chosen
by the regrets on one half of the cells, and reported on the other half and under another benchmark seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from tools.studies.tuner.dense import Table, halves, load
from tools.studies.tuner.regret import Oracle, Tuning, regrets, tunings
from tools.studies.tuner.report import write
from tools.studies.tuner.rules import Rule, rules
from tools.studies.tuner.searches import Look, Search, searches
from tools.studies.tuner.trials import Seen, curve_of, order

HERE = Path(__file__).parent
TRIALS = (6, 9, 12, 18, 24)


def simulate(
    tables: Sequence[Table], searches: Mapping[str, Search], rules: Mapping[str, Rule], trials: Sequence[int] = TRIALS
) -> pd.DataFrame:
    """The regret of every search with every rule, on every cell and first tuning seed."""
    rows = []
    for table, chosen in halves(tables):
        part = "other seed" if table.benchmark_seed else "chosen" if chosen else "held back"
        oracle = Oracle(table)
        for tuning in tunings(table):
            lost = regrets(table, oracle, tuning)
            look = _looking(table, tuning)
            for name, search in searches.items():
                for count, seen in spent(search, trials, look, seed=tuning[0]):
                    curve = curve_of(seen)
                    for rule_name, rule in rules.items():
                        rate = float(curve.rates[order(curve, rule(curve))[0]])
                        regret = float(lost[table.nearest(rate)])
                        rows.append((part, table.family, table.cell, tuning[0], name, rule_name, count, regret))
    columns = ["part", "family", "cell", "tuning", "search", "rule", "trials", "regret"]
    return pd.DataFrame(rows, columns=columns)


def _looking(table: Table, tuning: Tuning) -> Look:
    return lambda rate, repeat: table.look(rate, tuning[repeat], repeat)


def spent(search: Search, trials: Sequence[int], look: Look, seed: int) -> Iterator[tuple[int, list[Seen]]]:
    """Number of trials, and the trials of a search; a nested one is run once and cut."""
    longest = search.run(max(trials), look, seed) if search.nested else []
    for count in trials:
        yield count, longest[:count] if search.nested else search.run(count, look, seed)


def main() -> None:
    """Reads the arguments, simulates and reports."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--table", type=Path, default=HERE / "table.parquet")
    parser.add_argument("--readme", type=Path, default=HERE / "README.md")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    np.seterr(all="raise", under="ignore")
    print(write(simulate(load(arguments.table), searches(), rules()), searches(), arguments.readme))


if __name__ == "__main__":
    main()
