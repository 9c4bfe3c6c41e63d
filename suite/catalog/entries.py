"""What an entry of the catalog is: a name a spec may use, what it takes, and where its code is found.

Entries name their code as `module:attribute` and import it only when it is built, so that reading,
checking and listing specs never loads TensorFlow.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

ParameterType = Literal["integer", "number", "boolean", "choice", "path", "component"]


@dataclass(frozen=True)
class Parameter:
    """One thing that may be set: an argument of a component or task, or a factor of a model family.

    Attributes:
        name: The key in the spec.
        summary: One line of what it is.
        type: What a value must be. A `component` is the name of an entry of `catalog`, or a mapping with
            its `name`, its arguments and an optional `label`.
        default: The value where a spec says nothing. `None` together with `required` means there is none;
            `None` alone means "not set".
        low: Least allowed number, itself allowed unless `low_open`.
        high: Greatest allowed number, itself allowed unless `high_open`.
        choices: The allowed names of a `choice`.
        catalog: The kind of entry a `component` names, a key of `suite.catalog.KINDS`.
        none: What the word `none` stands for, where "not set" may be a level of its own.
    """

    name: str
    summary: str
    type: ParameterType
    default: Any = None
    required: bool = False
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()
    catalog: str | None = None
    none: str = ""

    def expects(self) -> str:
        """The constraint in words, ready for an error message: "a number above 0 and at most 1"."""
        if self.type == "boolean":
            return "true or false"
        if self.type == "choice":
            return "one of " + ", ".join(self.choices)
        if self.type == "path":
            return "a path"
        if self.type == "component":
            return f"the name of one of the {self.catalog}, or a mapping with its name and arguments"
        noun = "a whole number" if self.type == "integer" else "a number"
        bounds = []
        if self.low is not None:
            bounds.append(f"{'above' if self.low_open else 'at least'} {self.low:g}")
        if self.high is not None:
            bounds.append(f"{'below' if self.high_open else 'at most'} {self.high:g}")
        wanted = " ".join([noun, " and ".join(bounds)]).strip()
        return f"{wanted}, or none, {self.none}" if self.none else wanted

    def accepts(self, value: Any) -> bool:
        """Whether a plain value meets the constraint. Components are checked against their own entry instead."""
        if value is None:
            return self.default is None and not self.required
        if self.type == "boolean":
            return isinstance(value, bool)
        if self.type == "choice":
            return value in self.choices
        if self.type in ("path", "component"):
            return isinstance(value, str)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if self.type == "integer" and not isinstance(value, int):
            return False
        if not (float("-inf") < value < float("inf")):
            return False
        above = self.low is None or (value > self.low if self.low_open else value >= self.low)
        below = self.high is None or (value < self.high if self.high_open else value <= self.high)
        return above and below


@dataclass(frozen=True)
class Entry:
    """A name that a spec may use.

    Attributes:
        name: The canonical name.
        summary: One line of what it is, for `suite list`.
        target: Where its code is, as `module:attribute`; empty where the name itself says it all ("none").
        parameters: What it takes.
        aliases: Other names of the same thing; they become the canonical one when a spec is read.
        revision: Raised by one when what it computes changes, a default of its parameters included: its cells are
            trained again then. `tests/golden` holds what each revision computes.
    """

    name: str
    summary: str
    target: str = ""
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    revision: int = 1

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, if it takes one."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    def defaults(self) -> dict[str, Any]:
        """Every parameter that has a default, with it."""
        return {p.name: p.default for p in self.parameters if not p.required}

    def load(self) -> Any:
        """Imports and returns the entry's code."""
        return load_target(self.target)


E = TypeVar("E", bound=Entry)


def load_target(target: str) -> Any:
    """Imports `module:attribute`.

    Raises:
        ImportError: There is no such module or attribute.
    """
    module_name, _, attribute = target.partition(":")
    found: Any = importlib.import_module(module_name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ImportError(f"module {module_name!r} has no attribute {attribute!r}")
        found = getattr(found, part)
    return found


def catalog_of(entries: Iterable[E]) -> Mapping[str, E]:
    """Entries by canonical name, in order; a name or alias that is used twice is a mistake of ours."""
    table: dict[str, E] = {}
    taken: set[str] = set()
    for entry in entries:
        for name in (entry.name, *entry.aliases):
            if name in taken:
                raise ValueError(f"the catalog names {name!r} twice")
            taken.add(name)
        table[entry.name] = entry
    return table


def find(table: Mapping[str, E], name: str) -> E | None:
    """The entry of that name or alias."""
    if name in table:
        return table[name]
    return next((entry for entry in table.values() if name in entry.aliases), None)


def component_of(table: Mapping[str, Entry], level: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The code that a canonical level names, of an entry or of a user's own `module:attribute`, and its arguments."""
    arguments = {key: value for key, value in level.items() if key != "name"}
    if is_own_component(level["name"]):
        return load_target(level["name"]), arguments
    entry = find(table, level["name"])
    assert entry is not None, level
    return entry.load(), arguments


def is_own_component(name: str) -> bool:
    """Whether a name points at a user's own code, as `package.module:attribute`."""
    return ":" in name
