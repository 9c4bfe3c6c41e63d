"""Cells that differ in plain levels alone: made and named by one of them, the text of each level written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.benchmark import Benchmark, Label, Level
from suite.spec.identity import acts_alone, compiled, compiled_recipe, identity, set_of, trained
from suite.spec.sources import canonical, digest_of_text

Texts = Mapping[str, Mapping[Label, str]]
"""What a factor's level is in the text that is digested, by factor and label."""

_OF_THE_BUDGET = ("steps", "learning_rate")
"""Factors of a model that change what a cell may spend."""


class Frames:
    """What cells of one grid have in common, by those of their levels that change more than the recipe.

    Args:
        benchmark: Whose grid it is.

    Attributes:
        framing: The factors with such levels; all others are plain.
    """

    def __init__(self, benchmark: Benchmark) -> None:
        model = MODELS[benchmark.model]
        plain = {
            factor: levels
            for factor, levels in benchmark.grid.items()
            if (parameter := model.parameter(factor)) is not None
            and factor not in _OF_THE_BUDGET
            and all(acts_alone(parameter, level.value) for level in levels)
        }
        self.framing = [factor for factor in benchmark.grid if factor not in plain]
        recipes = {f: {level.label: set_of(model, {f: level.value}) for level in plain[f]} for f in plain}
        self._trained = {f: {label: _text(r) for label, r in of.items()} for f, of in recipes.items()}
        self._compiled = {f: {label: _text(compiled_recipe(r)) for label, r in of.items()} for f, of in recipes.items()}

    def of(self, cell: Cell) -> Frame:
        """The frame of a cell of the grid."""
        found = identity(cell)
        return Frame(cell, _Digest(trained(found), self._trained), _Digest(compiled(found), self._compiled))


class Frame:
    """Makes the cells that differ from one in plain levels alone."""

    def __init__(self, cell: Cell, fingerprint: _Digest, program: _Digest) -> None:
        self._shared, self._fingerprint, self._program = vars(cell), fingerprint, program

    def cell(self, levels: Mapping[str, Level]) -> Cell:
        """The cell of a combination whose other levels are those of the frame."""
        recipe = self._shared["recipe"]
        own = {
            "factors": {factor: level.label for factor, level in levels.items()},
            "recipe": recipe | {factor: level.value for factor, level in levels.items() if factor in recipe},
            "fingerprint": self._fingerprint.of(levels),
            "program": self._program.of(levels),
        }
        return Cell(**{**self._shared, **own})


class _Digest:
    """The digest of a plain value whose recipe has other levels of plain factors.

    Args:
        value: For one cell.
        texts: Of the plain factors.
    """

    def __init__(self, value: Mapping[str, Any], texts: Texts) -> None:
        before, self._after = canonical({**value, "recipe": {}}).split('"recipe":{}')
        self._before = f'{before}"recipe":{{'
        self._rest: list[tuple[str, Mapping[Label, str], str]] = []
        constant = ""
        for factor in sorted({*value["recipe"], *texts}, reverse=True):
            if factor in texts:
                self._rest.insert(0, (factor, texts[factor], constant))
                constant = ""
            else:
                constant = _text({factor: value["recipe"][factor]}) + constant
        self._first = constant

    def of(self, levels: Mapping[str, Level]) -> str:
        """With these levels."""
        inner = self._first + "".join([texts[levels[f].label] + constant for f, texts, constant in self._rest])
        return digest_of_text(f"{self._before}{inner[:-1]}}}{self._after}")


def _text(recipe: Mapping[str, Any]) -> str:
    """The levels of a recipe as they stand in its text, each with a comma behind it."""
    return f"{canonical(recipe)[1:-1]}," if recipe else ""
