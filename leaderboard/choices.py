"""What to use: of recipes in one situation, how many train with each level of a choice. Counts, with no model between."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from leaderboard.boards import Board, Row
from leaderboard.factor_names import is_condition, phrase
from suite.protocol.columns import factor_column

FEWEST = 10
"""Recipes of a line; fewer are no odds."""

_TRAINED = 0.5
"""Share of its runs that train in a recipe that counts as training."""

_NORMALIZATION = "normalization"


@dataclass(frozen=True)
class Line:
    """One level of a choice, in one situation.

    Attributes:
        level: Its label.
        recipes: Number of recipes with it that have a result.
        trained: Number of those of whose runs at least half train.
        cells: Their fingerprints.
        href: Address of these recipes on their board.
    """

    level: str
    recipes: int
    trained: int
    cells: tuple[str, ...]
    href: str

    @property
    def share(self) -> float:
        return self.trained / self.recipes


@dataclass(frozen=True)
class Situation:
    """What is given on one board, and the choices that are left.

    Attributes:
        board: The board.
        given: Label of each factor that is given, such as depth and normalization.
        choices: Lines of each factor that is left, best first; factors with most to choose first.
    """

    board: Board
    given: Mapping[str, str]
    choices: Mapping[str, tuple[Line, ...]]

    @property
    def words(self) -> str:
        """What is given, in words; empty if nothing is."""
        return ", ".join(
            f"{label} {factor}" if factor == _NORMALIZATION and label != "none" else phrase(factor, label)
            for factor, label in self.given.items()
        )


def situations(boards: Sequence[Board]) -> list[Situation]:
    """The situations of all boards that have enough recipes: given is as much as leaves ten recipes to a line."""
    return [found for board in boards if not board.manifest.quick for found in _of_board(board)]


def by_board(found: Sequence[Situation]) -> list[tuple[Board, list[Situation]]]:
    """Situations by board, the board with most recipes first."""
    groups = [(board, list(own)) for board, own in itertools.groupby(found, key=lambda one: one.board)]
    return sorted(groups, key=lambda group: -len(group[0].recorded))


def _of_board(board: Board) -> list[Situation]:
    given = [name for name in board.factors if is_condition(name) or name == _NORMALIZATION]
    for count in range(len(given), -1, -1):
        for chosen in itertools.combinations(given, count):
            if found := list(_within(board, chosen)):
                return found
    return []


def _within(board: Board, given: Sequence[str]) -> Iterator[Situation]:
    left = [
        name
        for name in board.factors
        if name not in given and not is_condition(name) and name != factor_column("learning_rate")
    ]
    for labels in itertools.product(*(board.factors[name] for name in given)):
        here = dict(zip(given, labels, strict=True))
        rows = [row for row in board.recorded if all(_label(board, row, name) == here[name] for name in given)]
        choices = {name: _lines(board, rows, here, name) for name in left}
        spread = {name: lines[0].share - lines[-1].share for name, lines in choices.items() if len(lines) > 1}
        if spread:
            yield Situation(
                board, here, {name: choices[name] for name in sorted(spread, key=lambda name: -spread[name])}
            )


def _lines(board: Board, rows: Sequence[Row], given: Mapping[str, str], factor: str) -> tuple[Line, ...]:
    lines = []
    for level in board.factors[factor]:
        own = [row for row in rows if _label(board, row, factor) == level]
        if len(own) >= FEWEST:
            address = urlencode({f"f.{name}": label for name, label in {**given, factor: level}.items()})
            trained = sum(row["success_rate"] >= _TRAINED for row in own)
            cells = tuple(row.cell for row in own)
            lines.append(Line(level, len(own), trained, cells, f"{board.results.name}/index.html#{address}"))
    return tuple(sorted(lines, key=lambda line: -line.share))


def _label(board: Board, row: Row, factor: str) -> str:
    return row.labels[list(board.factors).index(factor)]


def as_json(found: Sequence[Situation]) -> str:
    """The lines as data: a list of objects, one for each level of a choice in a situation."""
    lines = [
        {
            "benchmark": one.board.results.name, "model": one.board.manifest.model, "task": one.board.manifest.task.name,
            "given": one.given, "factor": factor, "level": line.level, "recipes": line.recipes, "trained": line.trained,
            "cells": line.cells,
        }
        for one in found
        for factor, lines in one.choices.items()
        for line in lines
    ]  # fmt: skip
    return json.dumps(lines, indent=0, ensure_ascii=False) + "\n"
