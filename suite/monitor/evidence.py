"""What the published benchmarks know of a cause: how recipes that showed it ended, and what one change did to them.

The counts are in `measured.csv`, which `python -m tools.remedies` makes of the published tables.
"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suite.protocol.statistics import wilson

MEASURED = Path(__file__).parent / "measured.csv"
LEAST = 5
"""Fewer recipes than this say nothing."""

NO_FAULT = "none"
"""Stands for the cause of a look that shows none."""

_SQUASHING = ("sigmoid", "hard_sigmoid")
_SCALED = ("glorot_", "he_", "lecun_")


def is_scaled(initializer: str) -> bool:
    """Whether an initializer scales the weights to the layer's size as it is, by the name that the catalog has for it."""
    return initializer.startswith(_SCALED)


@dataclass(frozen=True)
class Kind:
    """What recipes must have in common for one to say something of another; all of it can be seen in a Keras model.

    Attributes:
        model: Family; empty if it is none of the suite's.
        unit: Activation, or the cell type of a recurrent network; empty if layers differ.
        scaled: Whether the initializer scales the weights to the layer's size.
        normalized: Whether hidden layers are normalized.
        skips: Whether there are skip connections.
    """

    model: str = ""
    unit: str = ""
    scaled: bool = False
    normalized: bool = False
    skips: bool = False

    def __str__(self) -> str:
        """For people: "mlp, sigmoid, scaled initializer, not normalized, no skips"."""
        parts = (
            self.model,
            self.unit or "not sigmoid",
            f"{'' if self.scaled else 'un'}scaled initializer",
            f"{'' if self.normalized else 'not '}normalized",
            f"{'' if self.skips else 'no '}skips",
        )
        return ", ".join(parts)


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        kind: Of the recipes counted.
        cause: What they showed; `none` for a first look without a fault.
        factor: What was changed in recipes that showed the cause and did not train; empty for a first look, of which
            recipes that trained as they were are counted.
        level: What it was changed to; `less` for the next smaller number.
        benchmark: Where.
        recipes: How many there are.
        trained: How many of them trained (so changed), in most of their runs.
    """

    kind: Kind
    cause: str
    factor: str
    level: str
    benchmark: str
    recipes: int
    trained: int


@dataclass(frozen=True)
class Count:
    """So many of so many recipes trained.

    Attributes:
        recipes: All of them.
        trained: Those that trained.
        benchmarks: Where they were trained.
    """

    recipes: int
    trained: int
    benchmarks: tuple[str, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, of the share that trains."""
        return wilson(self.trained, self.recipes)

    def __str__(self) -> str:
        """For people, with its interval: "15 of 21 (50% to 86%)"."""
        low, high = self.interval
        return f"{self.trained} of {self.recipes} ({low:.0%} to {high:.0%})"


@cache
def measured(path: Path = MEASURED) -> Sequence[Row]:
    """A table of evidence; by default the one that the package brings."""
    with path.open(newline="", encoding="utf-8") as file:
        return [_from_text(row) for row in csv.DictReader(file)]


def write(rows: Iterable[Row], path: Path = MEASURED) -> None:
    """Writes a table, as `measured` reads it."""
    names = [
        *(f.name for f in dataclasses.fields(Kind)),
        *(f.name for f in dataclasses.fields(Row) if f.name != "kind"),
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            flat = {**dataclasses.asdict(row.kind), **dataclasses.asdict(row)}
            writer.writerow({name: int(value) if isinstance(value := flat[name], bool) else value for name in names})


def first_looks(cause: str, kind: Kind, rows: Sequence[Row]) -> tuple[Kind, Count] | None:
    """How recipes ended whose first look showed a cause.

    Recipes with the same activation are asked first; where too few of them showed it, all but sigmoid ones together,
    since what ails and helps a sigmoid is something else.

    Args:
        cause: Or `NO_FAULT`.
        kind: Of the recipes.
        rows: Of the table.

    Returns:
        Whom it is known of (without a unit: of all activations but sigmoid), and how many of them trained; None where
        fewer than `LEAST` had such a look.
    """
    for matched, counts in _counts(cause, kind, [row for row in rows if not row.factor]):
        return matched, counts["", ""]
    return None


def changes(cause: str, kind: Kind, rows: Sequence[Row]) -> Sequence[tuple[Kind, Mapping[tuple[str, str], Count]]]:
    """What one change did to recipes that showed a cause and did not train.

    Args:
        cause: Of the protocol, or `nonfinite`.
        kind: Of the recipes, found as for `first_looks`.
        rows: Of the table.

    Returns:
        Whom it is known of, and by factor and level how many of them trained: first what recipes with the same
        activation say, then of other changes what all but sigmoid ones together do. Changes of fewer than `LEAST`
        recipes are left out.
    """
    told: set[tuple[str, str]] = set()
    groups = []
    for matched, counts in _counts(cause, kind, [row for row in rows if row.factor]):
        if new := {change: count for change, count in counts.items() if change not in told}:
            groups.append((matched, new))
        told |= counts.keys()
    return groups


def _counts(cause: str, kind: Kind, rows: Sequence[Row]) -> Iterator[tuple[Kind, Mapping[tuple[str, str], Count]]]:
    """By change, of the kind itself and then of all activations but sigmoid; what is too few is left out."""
    alike = [row for row in rows if row.cause == cause and _without_unit(row.kind) == _without_unit(kind)]
    groups = [(kind, [row for row in alike if row.kind.unit == kind.unit])] if kind.unit else []
    if kind.unit not in _SQUASHING and kind.model != "recurrent":
        groups.append((_without_unit(kind), [row for row in alike if row.kind.unit not in _SQUASHING]))
    for matched, group in groups:
        found = {key: _count(group, *key) for key in dict.fromkeys((row.factor, row.level) for row in group)}
        if enough := {key: count for key, count in found.items() if count.recipes >= LEAST}:
            yield matched, enough


def _without_unit(kind: Kind) -> Kind:
    return dataclasses.replace(kind, unit="")


def _count(rows: Sequence[Row], factor: str, level: str) -> Count:
    found = [row for row in rows if (row.factor, row.level) == (factor, level)]
    return Count(
        sum(row.recipes for row in found),
        sum(row.trained for row in found),
        tuple(sorted({row.benchmark for row in found})),
    )


def _from_text(row: dict[str, str]) -> Row:
    kind = Kind(row["model"], row["unit"], *(row[name] == "1" for name in ("scaled", "normalized", "skips")))
    cause, factor, level, benchmark = (row[name] for name in ("cause", "factor", "level", "benchmark"))
    return Row(kind, cause, factor, level, benchmark, int(row["recipes"]), int(row["trained"]))
