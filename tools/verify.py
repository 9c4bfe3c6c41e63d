"""Trains a sample of published recipes again and compares: `python -m tools.verify`.

Of every published board, a seeded sample of recipes has its first replicate trained again at its published learning rate. On
the processor and with the library versions of the publication, every number is the same to the last bit; elsewhere the
scores lie near each other. A few seconds of training a recipe: about ten minutes for two recipes of every board.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from suite.protocol.labels import label_text
from suite.protocol.records import Cell, Replicate
from suite.results import reader
from suite.results.results import Results
from suite.run.preload import load
from suite.run.worker import set_environment
from suite.spec import expand, shipped_specs
from suite.spec.benchmark_reader import read_benchmarks

PUBLISHED = Path(__file__).parents[1] / "leaderboard" / "results"
COMPARED = ("outcome", "test_score", "train_score", "validation_score", "train_loss", "steps_to_target", "steps")


def main() -> int:
    """Prints a line a recipe, and how many are the same; returns 1 where a test score is off by over `--within`."""
    parser = argparse.ArgumentParser(prog="python -m tools.verify", description=__doc__)
    parser.add_argument("boards", nargs="*", help="names of boards; all if none is given")
    parser.add_argument("--recipes", type=int, default=1, help="recipes of each board")
    parser.add_argument("--results", type=Path, default=PUBLISHED, help="folder of published results")
    parser.add_argument("--within", type=float, default=math.inf, help="largest difference of test scores that passes")
    asked = parser.parse_args()
    set_environment()
    load()
    same, off, total = 0, 0, 0
    for folder in reader.folders(asked.results):
        if asked.boards and folder.name not in asked.boards:
            continue
        results = reader.read(folder)
        for cell, published in sampled(results, asked.recipes):
            began, again = time.perf_counter(), trained_again(cell)
            differing = differences(published, again)
            gap = abs((again.test_score or 0.0) - (published.test_score or 0.0))
            total, same, off = total + 1, same + (not differing), off + (gap > asked.within)
            labels = " · ".join(map(label_text, cell.factors.values()))
            told = "same" if not differing else f"test score {gap:.2g} off; differs in {', '.join(differing)}"
            print(f"{results.name}  {labels}: {told} ({time.perf_counter() - began:.0f} s)", flush=True)
    print(f"{same} of {total} recipes are the same to the last bit")
    return 1 if off else 0


def sampled(results: Results, count: int) -> Iterator[tuple[Cell, Replicate]]:
    """Cells of a board, the same for the same board, each at its published rate, with its published first replicate."""
    benchmark = next(b for file in shipped_specs().values() for b in read_benchmarks(file) if b.name == results.name)
    cells = [cell for cell in expand(benchmark) if cell.fingerprint in results.ran]
    order = np.random.default_rng(zlib.crc32(results.name.encode())).permutation(len(cells))
    for place in order[:count].tolist():
        cell = cells[place]
        ran = results.ran[cell.fingerprint]
        recipe = {**cell.recipe, "learning_rate": ran.learning_rate}
        budget = dataclasses.replace(cell.budget, trials=0, replicates=1)
        yield dataclasses.replace(cell, recipe=recipe, budget=budget), ran.replicates[0]


def trained_again(cell: Cell) -> Replicate:
    """The first replicate of a cell whose learning rate is given."""
    from suite.training.experiment import run_cell

    return run_cell(cell).replicates[0]


def differences(published: Replicate, again: Replicate) -> list[str]:
    """Names of what is not the same to the last bit."""
    pairs = {name: (getattr(published, name), getattr(again, name)) for name in COMPARED}
    pairs |= {key: (value, again.statistics.get(key)) for key, value in published.statistics.items()}
    return [name for name, (before, now) in pairs.items() if before != now]


if __name__ == "__main__":
    sys.exit(main())
