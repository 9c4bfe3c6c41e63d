"""Entries of the catalog: names that a spec can use, their parameters and their code.

Entries refer to their code as `module:attribute` and import it on use, so reading, checking and listing specs never loads
TensorFlow.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections import UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

ParameterType = Literal["integer", "number", "boolean", "choice", "path", "component"]


@dataclass(frozen=True)
class Parameter:
    """An argument of a component or task, or a factor of a model family.

    Attributes:
        name: Key in the spec.
        summary: Description in one line.
        type: Type of the value. A `component` is the name of an entry of `catalog`, or a mapping with its `name`, its
            arguments and an optional `label`.
        default: Default value; None means "not set", unless the parameter is required.
        required: Whether the parameter has no default.
        low: Smallest allowed number, excluded if `low_open`.
        high: Largest allowed number, excluded if `high_open`.
        choices: Allowed names of a `choice`.
        catalog: Kind of a `component`, a key of `suite.catalog.KINDS`.
        none: Meaning of the word `none`, if "not set" can be a level.
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
        """The constraint in words, for messages: "a number above 0 and at most 1"."""
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
        return f"{wanted}, or none ({self.none})" if self.none else wanted


@dataclass(frozen=True)
class Entry:
    """A name that a spec can use.

    Attributes:
        name: Canonical name.
        summary: Description in one line, for `suite list`.
        target: Code as `module:attribute`; empty for names such as "none".
        parameters: Parameters of the component.
        aliases: Alternative names, replaced by the canonical one when a spec is read.
        revision: Number to increase whenever its results change, so that its cells are trained again. `tests/golden` has
            the results of each revision. Plug-ins are identified by their package version until their revision exceeds 1.
        package: Name and version of the plug-in's package; empty for included entries.
    """

    name: str
    summary: str
    target: str = ""
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    revision: int = 1
    package: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name; None if there is none."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    def defaults(self) -> dict[str, Any]:
        """Defaults of all parameters that are not required, by name."""
        return {p.name: p.default for p in self.parameters if not p.required}

    @property
    def version(self) -> int | str:
        """Version of the computed results: the revision, or the package version of a plug-in."""
        if not self.package:
            return self.revision
        return f"{self.package.split()[0]} revision {self.revision}" if self.revision > 1 else self.package

    def load(self) -> Any:
        """Imports the entry's code."""
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


class Catalog(UserDict[str, E]):
    """Entries by canonical name: included ones first, then those of plug-ins, which are loaded on demand.

    Args:
        entries: Included entries.
        kind: Kind of plug-ins; empty for none.
        of: Class of the entries.

    Raises:
        ValueError: Two included entries have the same name or alias.
    """

    def __init__(self, entries: Iterable[E], kind: str = "", of: type[Entry] = Entry) -> None:
        super().__init__()
        self._kind, self._of = kind, of
        for entry in entries:
            for name in (entry.name, *entry.aliases):
                if self._ours(name) is not None:
                    raise ValueError(f"the catalog names {name!r} twice")
            self.data[entry.name] = entry

    def find(self, name: str) -> E | None:
        """The entry of this name or alias; None if there is none."""
        found = self._ours(name)
        if found is None and not is_own_component(name):
            self._plug_in()
            found = self._ours(name)
        return found

    def _ours(self, name: str) -> E | None:
        if name in self.data:
            return self.data[name]
        return next((entry for entry in self.data.values() if name in entry.aliases), None)

    def _plug_in(self) -> None:
        """Adds the entries of plug-ins, once."""
        if self._kind:
            from suite.protocol.plugins import plugged_in

            kind, self._kind = self._kind, ""
            taken = {name for entry in self.data.values() for name in (entry.name, *entry.aliases)}
            for entry, package in plugged_in(kind, self._of, taken):
                self.data.setdefault(entry.name, dataclasses.replace(entry, package=package))

    def __missing__(self, name: str) -> E:
        self._plug_in()
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        if name not in self.data:
            self._plug_in()
        return name in self.data

    def __iter__(self) -> Iterator[str]:
        self._plug_in()
        return iter(self.data)

    def __len__(self) -> int:
        self._plug_in()
        return len(self.data)


def component_of(table: Catalog[Any], level: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The code of a canonical level, of an entry or a custom `module:attribute`, and its arguments."""
    arguments = {key: value for key, value in level.items() if key != "name"}
    if is_own_component(level["name"]):
        return load_target(level["name"]), arguments
    entry = table.find(level["name"])
    if entry is None:
        raise LookupError(f"there is no {level['name']}: the package that brings it is not installed here")
    return entry.load(), arguments


def is_own_component(name: str) -> bool:
    """Whether a name refers to custom code, `package.module:attribute`."""
    return ":" in name
