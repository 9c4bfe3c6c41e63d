"""The dense table as arrays: what training at a rate with a seed would have given, without training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from tools.studies.tuner.trials import Seen


@dataclass(frozen=True)
class Table:
    """One cell under one benchmark seed: R rates, S seeds, higher is better.

    Attributes:
        cell: Its name.
        family: Of models.
        benchmark_seed: Under which it was trained.
        log_rates: log10 of the rates, shape (R,).
        validation: Score less that of the best constant, shape (R, S); NaN where a run was not done or not finite.
        loss: Validation loss over that of the best constant, likewise.
        test: Test score less that of the best constant; 0 where a run was not finite, NaN where it was not done.
        full: Seeds, as columns, that were trained at every rate.
    """

    cell: str
    family: str
    benchmark_seed: int
    log_rates: np.ndarray
    validation: np.ndarray
    loss: np.ndarray
    test: np.ndarray
    full: tuple[int, ...] = field(default=())

    def nearest(self, rate: float) -> int:
        """The trained rate that is nearest in log."""
        return int(np.argmin(np.abs(self.log_rates - np.log10(rate))))

    def look(self, rate: float, column: int, repeat: int) -> Seen:
        """What a trial at a rate would have seen, had it used the seed of this column."""
        row = self.nearest(rate)
        score, loss = self.validation[row, column], self.loss[row, column]
        if np.isnan(score):
            return Seen(rate, repeat, None, None)
        return Seen(rate, repeat, float(score), float(loss))


def load(path: Path) -> list[Table]:
    """All cells of a table that `collect.py` wrote.

    Accuracies are taken as they are; of a squared error, the share of the target's variance that is explained, so that
    both are numbers up to 1 and a regret means alike in all families.
    """
    rows = pd.read_parquet(path)
    return [_table(part) for _, part in rows.groupby(["benchmark_seed", "cell"], sort=False)]


def _table(part: pd.DataFrame) -> Table:
    first = part.iloc[0]
    seeds = sorted(set(zip(part["role"] == "replicate", part["index"], strict=True)))
    column = {seed: number for number, seed in enumerate(seeds)}
    shape = int(part["rate"].max()) + 1, len(seeds)
    place = part["rate"].to_numpy(), [column[s] for s in zip(part["role"] == "replicate", part["index"], strict=True)]

    def spread(values: pd.Series) -> np.ndarray:
        array = np.full(shape, np.nan)
        array[place] = values.to_numpy(float)
        return array

    chance = float(first["chance"])
    baseline = -np.log(chance) if first["higher_is_better"] else chance  # of balanced classes, of a squared error
    test = spread(_gain(part["test_score"], bool(first["higher_is_better"]), chance).fillna(0.0))
    return Table(
        cell=str(first["cell"]),
        family=str(first["family"]),
        benchmark_seed=int(first["benchmark_seed"]),
        log_rates=np.log10(part.groupby("rate")["learning_rate"].first().to_numpy()),
        validation=spread(_gain(part["validation_score"], bool(first["higher_is_better"]), float(first["chance"]))),
        loss=spread(part["validation_loss"] / baseline),
        test=test,
        full=tuple(int(i) for i in np.flatnonzero(~np.isnan(test).any(axis=0))),
    )


def _gain(scores: pd.Series, higher_is_better: bool, chance: float) -> pd.Series:
    """What a score is above the best constant's; an error that is worse than the constant's counts as that."""
    return scores - chance if higher_is_better else (1 - scores / chance).clip(lower=0.0)


def halves(tables: Sequence[Table]) -> Iterator[tuple[Table, bool]]:
    """Each table, and whether its cell belongs to the half that the tuner is chosen on: family by family, by lot.

    The lot is a digest of the cell's name.
    """
    chosen: set[str] = set()
    for family in sorted({table.family for table in tables}):
        cells = {table.cell for table in tables if table.family == family}
        drawn = sorted(cells, key=lambda cell: sha256(cell.encode()).hexdigest())
        chosen |= set(drawn[: len(drawn) // 2])
    for table in tables:
        yield table, table.cell in chosen
