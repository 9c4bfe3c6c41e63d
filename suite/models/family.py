"""What a model family says of itself, so that nobody else need know its name: what it reads, costs and cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from suite.catalog.entries import Entry
from suite.catalog.normalizations import normalization_of
from suite.tasks.task import Form

Conflict = tuple[str, str]
"""A factor that cannot work (or an argument of the task, or `model`), and why."""


@dataclass(frozen=True)
class Start:
    """What `suite new` begins with: a size that trains in seconds, and a factor with two levels to compare.

    Attributes:
        fixed: Factors held constant, as YAML has them.
        factor: Name of the factor.
        levels: Names of its levels; the claim to start from says that the first is better.
    """

    fixed: str
    factor: str = "activation"
    levels: tuple[str, str] = ("relu", "tanh")


@dataclass(frozen=True)
class Family(Entry):
    """A model family; its `target` takes a recipe and the shapes of inputs and outputs, and returns a `Network`.

    Attributes:
        reads: The only examples that it can read, if not all.
        every_step: Whether it can answer at every time step.
        conflicts: From the form of a task and a recipe to what cannot work, beyond what `suite.spec.rules` knows.
        step_seconds: From the form of a task and a recipe to about what a step takes on one core of a server.
        fast: Whether it trains fast enough for the larger quick slice.
        start: What a new spec of it begins with.
    """

    reads: Literal["image", "sequence"] | None = None
    every_step: bool = False
    conflicts: Callable[[Form, Mapping[str, Any]], Iterator[Conflict]] = lambda form, recipe: iter(())
    step_seconds: Callable[[Form, Mapping[str, Any]], float] = field(kw_only=True)
    fast: bool = False
    start: Start = field(kw_only=True)


def group_conflicts(recipe: Mapping[str, Any], size: str, units: str, positions: int | None = 0) -> Iterator[Conflict]:
    """Of a normalization over groups of the units of one example.

    Args:
        recipe: Of the cell.
        size: The factor that is the number of units of a layer.
        units: What they are called.
        positions: How many each of them has: none in a dense layer; None where that is not known.
    """
    level, width = recipe["normalization"], recipe[size]
    groups = normalization_of(level).groups(level, width, positions)
    if groups == width and positions in (0, 1):
        yield (
            "normalization",
            f"{level['name']} normalization would be over one number here, which leaves nothing but the shift",
        )
    elif groups is not None and width % groups:
        yield "normalization", f"groups {groups} does not divide the {width} {units}"


def skip_conflicts(residual: Mapping[str, Any], layers: int) -> Iterator[Conflict]:
    """Of residual blocks that begin behind the first of so many layers."""
    if residual["name"] != "none" and residual["every"] >= layers:
        yield "residual", f"a block of {residual['every']} layers does not fit behind the first of {layers}"
