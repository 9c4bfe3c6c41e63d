"""Trains the dense table of a tuner's study: learning rates x seeds, for cells of every model family.

    python -m tools.studies.tuner.collect

One process, one thread, about an hour. What is in the table already is not trained again, so it may be interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.protocol.records import Cell
from suite.run.worker import ONE_THREAD
from suite.spec import expand, read_benchmarks

if TYPE_CHECKING:
    import pandas as pd

    from suite.training.program import Program

HERE = Path(__file__).parent
RATES_PER_DECADE = 8
"""A grid of nine over four decades, and one of seventeen, lie on these rates exactly."""

FULL = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Seeds, as (role, index), that train at every rate: two that tune, two of replicates."""

EXTRA = ((1, 2), (1, 3), (1, 4), (1, 5))
"""Seeds that train at the rates worth a closer look."""

WORTH = 0.7
"""A rate is worth it if one run came this share of the way from chance to the best run of the cell."""

OTHER_SEED_EVERY = 3
"""Every third cell is trained under a second benchmark seed as well."""


@dataclass(frozen=True)
class Job:
    """A cell under a benchmark seed.

    Attributes:
        name: Benchmark and levels, the cell's name in the table.
        cell: As the spec has it.
        seed: Of the benchmark, in place of the spec's.
    """

    name: str
    cell: Cell
    seed: int


def jobs(spec: Path) -> list[Job]:
    """Every cell under seed 0, every third under seed 1 too; cells that share a program stand together.

    Families take turns, and seed 1 comes last, so that a table that is not finished has some of each.
    """
    cells = [cell for benchmark in read_benchmarks(spec) for cell in expand(benchmark)]
    found = []
    for number, cell in enumerate(cells):
        name = " ".join([cell.benchmark, *map(str, cell.factors.values())])
        seeds = (0, 1) if number % OTHER_SEED_EVERY == 0 else (0,)
        found += [Job(name, cell, seed) for seed in seeds]
    return [job for seed in (0, 1) for job in _in_turns([job for job in found if job.seed == seed])]


def _in_turns(found: Sequence[Job]) -> list[Job]:
    by_program: dict[str, list[Job]] = {}
    for job in found:
        by_program.setdefault(job.cell.program, []).append(job)
    places: list[tuple[float, list[Job]]] = []
    for family in ("mlp", "cnn", "recurrent"):
        groups = [group for group in by_program.values() if group[0].cell.model == family]
        places += [((number + 0.5) / len(groups), group) for number, group in enumerate(groups)]
    return [job for _, group in sorted(places, key=lambda place: place[0]) for job in group]


def rates(cell: Cell) -> list[float]:
    """Evenly spaced in log10 over the cell's range, both ends included."""
    import numpy as np

    low, high = cell.budget.learning_rate_low, cell.budget.learning_rate_high
    count = round(RATES_PER_DECADE * float(np.log10(high / low))) + 1
    return [float(rate) for rate in np.geomspace(low, high, count)]


def train(job: Job, program: Program) -> Iterator[dict[str, Any]]:
    """The rows of a job: every rate with `FULL`, then those that are worth it with `EXTRA`."""
    from suite.tasks import form_of
    from suite.training.experiment import run_seed, train_once

    task = program.task
    tried = rates(job.cell)
    chance = form_of(job.cell.task).chance or 0.0
    sign = 1.0 if task.higher_is_better else -1.0

    def row(number: int, role: int, index: int) -> dict[str, Any]:
        seed = run_seed(job.seed, role, index)
        run = train_once(job.cell, task, program, seed, tried[number])
        test_score = program.evaluate("test")[1] if run.train_loss is not None else None
        return {
            "family": job.cell.model,
            "cell": job.name,
            "benchmark_seed": job.seed,
            "role": ("tuning", "replicate")[role],
            "index": index,
            "rate": number,
            "learning_rate": tried[number],
            "validation_score": run.validation_score,
            "validation_loss": run.validation_loss,
            "test_score": test_score,
            "outcome": str(run.outcome),
            "higher_is_better": task.higher_is_better,
            "chance": chance,
        }

    full = [row(number, *seed) for number in range(len(tried)) for seed in FULL]
    yield from full
    gains = {number: max(_gain(found, chance, sign) for found in full if found["rate"] == number)
             for number in range(len(tried))}  # fmt: skip
    best = max(gains.values())
    for number in (number for number, gain in gains.items() if best > 0 and gain >= WORTH * best):
        yield from (row(number, *seed) for seed in EXTRA)


def _gain(row: dict[str, Any], chance: float, sign: float) -> float:
    score = row["test_score"]
    return 0.0 if score is None or score != score else sign * (score - chance)


def collect(todo: Iterable[Job], table: Path) -> None:
    """Trains what the table lacks; writes it anew after every job."""
    import pandas as pd

    from suite.training.experiment import task_of
    from suite.training.program import Program

    rows: pd.DataFrame | None = pd.read_parquet(table) if table.exists() else None
    done = set() if rows is None else set(zip(rows["cell"], rows["benchmark_seed"], strict=True))
    missing = [job for job in todo if (job.name, job.seed) not in done]
    left = len(missing)
    for _, group in groupby(missing, key=lambda job: job.cell.program):
        sharing = list(group)
        first = sharing[0].cell
        # Probes cost time and change no number that is kept here.
        program = Program(
            first.recipe, first.model, task_of(first), first.budget.steps, first.budget.evaluations, probes=False
        )
        for job in sharing:
            started = time.perf_counter(), time.process_time()
            found = list(train(job, program))
            new = pd.DataFrame(found).astype({"validation_score": "float32", "test_score": "float32"})
            rows = new if rows is None else pd.concat([rows, new], ignore_index=True)
            _write(rows, table)
            left -= 1
            wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
            print(f"{job.name}, seed {job.seed}: {len(found)} runs, {wall:.0f} s ({cpu:.0f} s of CPU), {left} to go")


def _write(rows: pd.DataFrame, table: Path) -> None:
    aside = table.with_suffix(".part")
    rows.to_parquet(aside, index=False, compression="zstd")
    aside.replace(table)


def main() -> None:
    """Reads the arguments and collects."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spec", type=Path, default=HERE / "cells.yml")
    parser.add_argument("--table", type=Path, default=HERE / "table.parquet")
    arguments = parser.parse_args()
    os.environ.update(ONE_THREAD)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    collect(jobs(arguments.spec), arguments.table)


if __name__ == "__main__":
    main()
