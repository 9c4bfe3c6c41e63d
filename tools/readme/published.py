"""A published folder as the README asks it: scores of recipes, effects, and the records that a terminal ranks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from leaderboard.boards import Board, Row, board
from leaderboard.findings import BoardFindings
from suite.protocol.effects import Effect
from suite.protocol.labels import label_text
from suite.protocol.records import Provenance, Record
from suite.records import Stored
from suite.results import reader
from suite.run.gather import Gathered
from suite.spec import expand, find_spec, read_benchmarks

RESULTS = Path(__file__).parents[2] / "leaderboard" / "results"


class Published:
    """One published benchmark.

    Args:
        folder: As exported.

    Raises:
        ResultsError: It cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.board: Board = board(reader.read(folder))
        self.findings = BoardFindings(self.board)

    def rows(self, **levels: str) -> list[Row]:
        """The cells with these levels, the best first.

        Raises:
            LookupError: There is none.
        """
        place = {factor: index for index, factor in enumerate(self.board.factors)}
        found = [
            row
            for row in self.board.recorded
            if all(row.labels[place[factor]] == level for factor, level in levels.items())
        ]
        if not found:
            raise LookupError(f"{self.board.results.name} has no cell of {levels}")
        return found

    def scores(self, **levels: str) -> list[float]:
        """Their test scores, the best first."""
        return [row["test_score"] for row in self.rows(**levels)]

    def score(self, **levels: str) -> float:
        """The mean of their test scores."""
        return float(np.mean(self.scores(**levels)))

    def trained(self, **levels: str) -> int:
        """How many of their runs trained."""
        return sum(row["trained"] for row in self.rows(**levels))

    def runs(self, **levels: str) -> int:
        """How many there were."""
        return sum(row["replicates"] for row in self.rows(**levels))

    def effect(self, factor: str, level: str, other: str) -> Effect:
        """The difference between two levels, with the interval of one that is picked from all."""
        return _oriented(self.findings.pairs, factor, level, other)

    def within(self, factor: str, level: str, other: str, **given: str) -> Effect:
        """The same within one level of a second factor, with an interval that holds by itself."""
        ((second, at),) = given.items()
        return _oriented([e for e in self.findings.interactions if e.given == (second, at)], factor, level, other)

    @cached_property
    def gathered(self) -> Gathered:
        """What the command that ran it had to rank; cells are known by their labels."""
        results, manifest = self.board.results, self.board.manifest
        benchmark = next(b for b in read_benchmarks(find_spec(results.name)) if b.name == results.name)
        provenance = Provenance("", "", {}, None, {})
        cells, stored = expand(benchmark), {}
        by_labels = {row.labels: results.ran[row.cell] for row in self.board.recorded}
        for cell in cells:
            ran = by_labels.get(tuple(map(label_text, cell.factors.values())))
            if ran is not None:
                given = {field.name: getattr(ran, field.name) for field in dataclasses.fields(ran)}
                rest = {"compile_seconds": 0.0, "thresholds": manifest.thresholds, "layers": self._layers}
                given |= {"parameters": ran.parameters or 0}
                stored[cell.fingerprint] = Stored(Record(cell=cell, **given, **rest), provenance, 0)
        return Gathered(benchmark, cells, stored, {})

    @cached_property
    def _layers(self) -> tuple[str, ...]:
        """Names that stand for the probed layers: the terminal only asks whether there are several."""
        return tuple(label_text(position) for position in range(1, self.board.results.gradients.positions + 1))


def _oriented(effects: Sequence[Effect], factor: str, level: str, other: str) -> Effect:
    for effect in effects:
        if effect.factor == factor and {effect.level, effect.other} == {level, other}:
            return effect if effect.level == level else effect.turned()
    raise LookupError(f"{level} and {other} of {factor} are not compared")
