"""A value of a spec to its canonical level, checked against what the catalog says it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import KINDS, Entry, Parameter, find, is_own_component
from suite.spec.benchmark import Label, Level
from suite.spec.own_components import OWN_KINDS, fault_of
from suite.spec.problems import Findings, nearest, not_found, one_of, quote
from suite.spec.sources import find_file
from suite.spec.wording import Wanted, got, mismatch
from suite.spec.yaml_reader import Node

_WANTED: Mapping[str, Wanted] = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "choice": "text",
    "path": "text",
    "component": "text",
}
_LONGEST_LABEL = 40


class LevelReader:
    """Reads levels and arguments.

    Args:
        findings: Gets every problem.
        folders: Where a user's own components are looked for first.
    """

    def __init__(self, findings: Findings, folders: Sequence[str]) -> None:
        self._findings = findings
        self._folders = folders

    def level(self, node: Node, parameter: Parameter, key: str) -> Level | None:
        """The level that a value means, or None after noting what is wrong with it.

        Args:
            node: The value.
            parameter: What it is a value of.
            key: Dotted path, for the message.
        """
        if parameter.type == "component":
            return self._component(node, parameter, key)
        expected, wanted = parameter.expects(), _WANTED[parameter.type]
        if isinstance(node.value, (dict, tuple)) or not parameter.accepts(node.value):
            if parameter.type == "choice" and isinstance(node.value, str):
                self._findings.add(node.place, key, not_found(node.value, parameter.choices))
            else:
                self._findings.add(node.place, key, mismatch(node, expected, wanted))
            return None
        if parameter.type == "path" and node.value is not None and find_file(node.value, self._folders) is None:
            self._findings.add(node.place, key, self._no_file(node.value))
            return None
        value = float(node.value) if parameter.type == "number" and node.value is not None else node.value
        return Level("none" if value is None else value, value)

    def arguments(self, node: Node, entry: Entry, key: str, *, reserved: Sequence[str] = ("name",)) -> dict[str, Any]:
        """The arguments of a mapping, canonical, for those that are right; what is wrong with the others is noted.

        Args:
            node: The mapping.
            entry: What takes them.
            key: Dotted path, for the message.
            reserved: Keys that are no arguments.
        """
        read: dict[str, Any] = {}
        for name, argument in node.value.items():
            if name in reserved:
                continue
            within, parameter = f"{key}.{quote(name)}", entry.parameter(name)
            if parameter is None:
                known = [p.name for p in entry.parameters]
                takes = not_found(name, known) if known else f"got {quote(name)}; {entry.name} takes no arguments"
                self._findings.add(node.keys[name], within, f"unknown argument of {entry.name}: {takes}")
            elif (level := self.level(argument, parameter, within)) is not None:
                read[name] = level.value
        return read

    def complete(self, entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every argument of an entry, in its order: as given, or its default in canonical form."""
        return {p.name: given[p.name] if p.name in given else default_of(p) for p in entry.parameters}

    def require(self, node: Node, entry: Entry, key: str) -> None:
        """Notes every argument that has no default and is not given by a mapping (or is not one)."""
        given = node.value if isinstance(node.value, dict) else {}
        for parameter in entry.parameters:
            if parameter.required and parameter.name not in given:
                self._findings.add(node.place, f"{key}.{parameter.name}", wants(entry, parameter))

    def _component(self, node: Node, parameter: Parameter, key: str) -> Level | None:
        noted, kind = len(self._findings.problems), parameter.catalog or ""
        mapping = isinstance(node.value, dict)
        name, key_of_name = (node.value.get("name"), f"{key}.name") if mapping else (node, key)
        if name is None:
            self._findings.add(node.place, key_of_name, f"is missing, expected {one_of(list(KINDS[kind]))}")
            return None
        label = self._label(node, key) if mapping and "label" in node.value else None
        if not isinstance(name.value, str):
            meant = find(KINDS[kind], name.text)
            message = mismatch(name, one_of(list(KINDS[kind])), "text" if meant else None)
            self._findings.add(name.place, key_of_name, message)
            return None
        read = self._own if is_own_component(name.value) else self._ours
        value = read(node, name, kind, key)
        if value is None or len(self._findings.problems) > noted:
            return None
        return Level(_label_of(node, value["name"]) if label is None else label, value)

    def _ours(self, node: Node, name: Node, kind: str, key: str) -> dict[str, Any] | None:
        entry = find(KINDS[kind], name.value)
        if entry is None:
            own = ", or your own package.module:attribute" if kind in OWN_KINDS else ""
            known = [other for e in KINDS[kind].values() for other in (e.name, *e.aliases)]
            message = not_found(name.value, known, one_of(list(KINDS[kind])) + own)
            self._findings.add(name.place, key, message)
            return None
        given = self.arguments(node, entry, key, reserved=("name", "label")) if isinstance(node.value, dict) else {}
        self.require(node, entry, key)
        return {"name": entry.name, **self.complete(entry, given)}

    def _own(self, node: Node, name: Node, kind: str, key: str) -> dict[str, Any] | None:
        if kind not in OWN_KINDS:
            message = f"{got(name)}, but {kind} cannot be your own, expected {one_of(list(KINDS[kind]))}"
            self._findings.add(name.place, key, message)
            return None
        fault = fault_of(name.value, self._folders)
        if fault is not None:
            self._findings.add(name.place, key, fault)
        arguments = {}
        for argument, value in node.value.items() if isinstance(node.value, dict) else ():
            if argument in ("name", "label"):
                continue
            infinite = isinstance(value.value, float) and not math.isfinite(value.value)
            if infinite or isinstance(value.value, (dict, tuple)):
                message = mismatch(value, "a finite number, text, true or false")
                self._findings.add(value.place, f"{key}.{quote(argument)}", message)
            arguments[argument] = value.value
        return {"name": name.value, **arguments}

    def _no_file(self, path: str) -> str:
        beside = [file.name for folder in self._folders for file in sorted(Path(folder).iterdir()) if file.is_file()]
        found = nearest(path, beside)
        hint = f"; did you mean {found}?" if found else ""
        return f"got {quote(path)}, expected a file, its path relative to the spec's folder{hint}"

    def _label(self, node: Node, key: str) -> Label | None:
        label: Node = node.value["label"]
        text = label.text.strip()
        usable = text and len(text) <= _LONGEST_LABEL and "," not in text and text.isprintable()
        if isinstance(label.value, (dict, tuple, bool)) or label.value is None or not usable:
            expected = f"text of at most {_LONGEST_LABEL} characters without commas"
            self._findings.add(label.place, f"{key}.label", mismatch(label, expected, "text"))
            return None
        return label.value if isinstance(label.value, (int, float)) else text


def wants(entry: Entry, parameter: Parameter) -> str:
    """The message where an argument without a default is missing."""
    return f"is missing: {entry.name} wants {parameter.name}, {parameter.summary}, expected {parameter.expects()}"


def default_of(parameter: Parameter) -> Any:
    """A parameter's default in canonical form."""
    if parameter.type == "component" and parameter.default is not None:
        entry = find(KINDS[parameter.catalog or ""], parameter.default)
        assert entry is not None, parameter
        return {"name": entry.name, **{p.name: default_of(p) for p in entry.parameters}}
    if parameter.type == "number" and parameter.default is not None:
        return float(parameter.default)
    return parameter.default


def _label_of(node: Node, name: str) -> str:
    """A component's label where the spec gives none: its name, and the arguments as they were written."""
    if not isinstance(node.value, dict):
        return name
    written = " ".join([name, *(f"{key}={value.text}" for key, value in node.value.items() if key != "name")])
    return quote(written).replace(",", ";")
