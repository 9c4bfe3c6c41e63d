"""Reads values of a spec as canonical levels, checked by the catalog."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import KINDS, Catalog, Entry, Parameter, is_own_component
from suite.spec.benchmark import Label, Level
from suite.spec.findings import Findings
from suite.spec.own_components import OWN_KINDS, fault_of
from suite.spec.parameter_types import accepts
from suite.spec.problems import did_you_mean, nearest, not_found, one_of, quote
from suite.spec.sources import find_file
from suite.spec.wording import Wanted, got, mismatch
from suite.spec.yaml_reader import Node

_WANTED: Mapping[str, Wanted] = {
    "integer": "number", "number": "number", "boolean": "boolean", "choice": "text", "path": "text",
}  # fmt: skip
_LONGEST_LABEL = 40


class LevelReader:
    """Reads levels, names and arguments, and collects problems.

    Args:
        findings: Collects the problems.
        folders: Folders to search first for custom components.
    """

    def __init__(self, findings: Findings, folders: Sequence[str]) -> None:
        self._findings, self._folders = findings, folders

    def level(self, node: Node, parameter: Parameter) -> Level | None:
        """The level of a parameter; None after adding a problem."""
        if parameter.type == "component":
            return self._component(node, parameter.catalog or "")
        value = node.value
        if parameter.none and value == "none":
            return Level("none", None, node.place)
        if isinstance(value, (dict, tuple)) or not accepts(parameter, value):
            if parameter.type == "choice" and isinstance(value, str):
                self._findings.add(node, not_found(value, parameter.choices))
            else:
                self._findings.add(node, mismatch(node, parameter.expects(), _WANTED[parameter.type]))
            return None
        if parameter.type == "path" and value is not None and find_file(value, self._folders) is None:
            files = [file.name for folder in self._folders for file in sorted(Path(folder).iterdir()) if file.is_file()]
            expected = "an existing file, relative to the spec's folder"
            self._findings.add(node, f"got {quote(value)}, expected {expected}{did_you_mean(value, files)}")
            return None
        if parameter.type == "number" and value is not None:
            value = float(value)
        return Level("none" if value is None else value, value, node.place)

    def entry(self, node: Node, table: Catalog[Any], own: str = "") -> Entry | None:
        """The catalog entry of a name, or of a mapping with a name; None after adding a problem.

        Args:
            node: Name or mapping.
            table: Catalog of the entries.
            own: Further expected values, for the message.
        """
        name = self._name(node, table)
        entry = table.find(name.value) if name else None
        if name and entry is None:
            known = [other for e in table.values() for other in (e.name, *e.aliases)]
            self._findings.add(name, not_found(name.value, known, one_of(list(table)) + own))
        return entry

    def arguments(self, node: Node, entry: Entry, reserved: Sequence[str] = ("name",)) -> dict[str, Any]:
        """The canonical values of the valid arguments in a mapping.

        Args:
            node: Mapping, or a name without arguments.
            entry: Catalog entry with the parameters.
            reserved: Keys that are not arguments.
        """
        read: dict[str, Any] = {}
        for name, argument in _items(node, reserved):
            parameter = entry.parameter(name)
            if parameter is None:
                known = [p.name for p in entry.parameters]
                takes = not_found(name, known) if known else f"got {quote(name)}; {entry.name} takes no arguments"
                self._findings.add(node.keys[name], f"unknown argument of {entry.name}: {takes}")
            elif (level := self.level(argument, parameter)) is not None:
                read[name] = level.value
        return read

    def require(self, node: Node, entry: Entry, given: Collection[str]) -> None:
        """Adds a problem for every required argument or factor of an entry that is not given."""
        for p in entry.parameters:
            if p.required and p.name not in given:
                message = f"is missing: {entry.name} needs {p.name} ({p.summary}), expected {p.expects()}"
                self._findings.add(node, message, f"{node.path}.{p.name}")

    def _name(self, node: Node, table: Catalog[Any]) -> Node | None:
        name: Node | None = node.value.get("name") if isinstance(node.value, dict) else node
        if name is None:
            meant = nearest("name", node.value)
            alike = f"; did you mean name instead of {quote(meant)}?" if meant else ""
            self._findings.add(node, f"is missing, expected {one_of(list(table))}{alike}", f"{node.path}.name")
        elif not isinstance(name.value, str):
            wanted: Wanted | None = "text" if table.find(name.text) else None
            self._findings.add(name, mismatch(name, one_of(list(table)), wanted))
            return None
        return name

    def _component(self, node: Node, kind: str) -> Level | None:
        noted = len(self._findings.problems)
        label = self._label(node.value["label"]) if isinstance(node.value, dict) and "label" in node.value else None
        name = self._name(node, KINDS[kind])
        if name is None:
            return None
        own = is_own_component(name.value)
        value = self._own(node, name, kind) if own else self._ours(node, kind)
        if value is None or len(self._findings.problems) > noted:
            return None
        return Level(_label_of(node, value["name"], kind) if label is None else label, value, node.place)

    def _ours(self, node: Node, kind: str) -> dict[str, Any] | None:
        own = ", or your own package.module:attribute" if kind in OWN_KINDS else ""
        entry = self.entry(node, KINDS[kind], own)
        if entry is None:
            return None
        given = self.arguments(node, entry, ("name", "label"))
        self.require(node, entry, node.value if isinstance(node.value, dict) else ())
        return {"name": entry.name, **complete(entry, given)}

    def _own(self, node: Node, name: Node, kind: str) -> dict[str, Any] | None:
        if kind not in OWN_KINDS:
            expected = one_of(list(KINDS[kind]))
            self._findings.add(name, f"{got(name)}, but {kind} cannot be custom, expected {expected}")
            return None
        fault = fault_of(name.value, self._folders)
        if fault is not None:
            self._findings.add(name, fault)
        arguments = dict(_items(node, ("name", "label")))
        for argument in arguments.values():
            value = argument.value
            if isinstance(value, (dict, tuple)) or (isinstance(value, float) and not math.isfinite(value)):
                self._findings.add(argument, mismatch(argument, "a finite number, text, true or false"))
        return {"name": name.value} | {key: argument.value for key, argument in arguments.items()}

    def _label(self, label: Node) -> Label | None:
        text = label.text.strip()
        unseen = sorted({f"U+{ord(c):04X}" for c in text if not c.isprintable()})
        usable = text and len(text) <= _LONGEST_LABEL and "," not in text and not unseen
        if isinstance(label.value, (dict, tuple, bool)) or label.value is None or not usable:
            expected = f"text of at most {_LONGEST_LABEL} characters without commas"
            expected += f", and without the invisible {', '.join(unseen)}" if unseen else ""
            self._findings.add(label, mismatch(label, expected, "text"))
            return None
        return label.value if isinstance(label.value, (int, float)) else text


def complete(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of an entry in order, with defaults for those not given."""
    return {p.name: given[p.name] if p.name in given else default_of(p) for p in entry.parameters}


def default_of(parameter: Parameter) -> Any:
    """The canonical default of a parameter."""
    if parameter.type == "component" and parameter.default is not None:
        entry = KINDS[parameter.catalog or ""].find(parameter.default)
        assert entry is not None, parameter
        return {"name": entry.name, **complete(entry, {})}
    if parameter.type == "number" and parameter.default is not None:
        return float(parameter.default)
    return parameter.default


def _items(node: Node, reserved: Sequence[str]) -> list[tuple[str, Node]]:
    """Items of a mapping without the reserved keys; empty for a scalar."""
    return [item for item in node.value.items() if item[0] not in reserved] if isinstance(node.value, dict) else []


def _label_of(node: Node, name: str, kind: str) -> str:
    """The default label of a component: its name, and its arguments as written.

    A custom component is labelled by its attribute, unless a catalog entry has the same name.
    """
    attribute = name.rpartition(":")[2]
    if is_own_component(name) and KINDS[kind].find(attribute) is None:
        name = attribute
    written = " ".join([name, *(f"{key}={value.text}" for key, value in _items(node, ("name",)))])
    return quote(written).replace(",", ";")
