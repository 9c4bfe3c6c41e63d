"""Reads the factorial design of a document: constant factors, varied factors and excluded combinations."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from suite.catalog import Parameter, is_own_component
from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.spec.benchmark import Label, Level, matching
from suite.spec.findings import Findings
from suite.spec.levels import LevelReader
from suite.spec.problems import not_found, one_of, quote
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node
from suite.tasks import TASKS

MAX_CELLS = 100_000
"""Largest number of combinations of a grid, including excluded ones."""

Rule = Mapping[str, tuple[Label, ...]]


class DesignReader:
    """Reads `fixed`, `grid` and `exclude`; returns the valid parts and adds problems for the others.

    Args:
        document: YAML mapping of the document.
        parameters: Factors that can be fixed or varied, by name.
        findings: Collects the problems.
        levels: Reader of single values.
    """

    def __init__(
        self, document: Node, parameters: Mapping[str, Parameter], findings: Findings, levels: LevelReader
    ) -> None:
        self._document, self._parameters, self._findings, self._levels = document, parameters, findings, levels
        self._fixed, self._grid = document.section("fixed"), document.section("grid")

    def fixed(self) -> dict[str, Any]:
        """The canonical values of the constant factors."""
        read = {}
        for factor, node in self._fixed.items():
            parameter = self._parameter("fixed", factor)
            level = self._levels.level(node, parameter) if parameter else None
            if level is not None:
                read[factor] = level.value
        return read

    def grid(self) -> dict[str, tuple[Level, ...]]:
        """The levels of the factors that vary."""
        read = {}
        for factor, node in self._grid.items():
            parameter = self._parameter("grid", factor)
            if parameter is not None and isinstance(node.value, tuple):
                read[factor] = self._axis(node.value, parameter)
        size = math.prod(map(len, read.values()))
        if size > MAX_CELLS:
            message = f"got {size:,} combinations, expected at most {MAX_CELLS:,}"
            self._findings.add(self._document.keys["grid"], message)
        return read

    def _axis(self, nodes: Sequence[Node], parameter: Parameter) -> tuple[Level, ...]:
        """The levels of one factor, with distinct values and labels."""
        read: list[tuple[Node, Level]] = []
        for node in nodes:
            if node.value is None and parameter.type != "component":
                self._findings.add(node, mismatch(node, parameter.expects()))
            elif (level := self._levels.level(node, parameter)) is not None:
                read.append((node, level))
        levels: dict[str, Level] = {}
        labels: dict[str, str] = {}
        for node, level in _with_distinct_labels(read):
            value, label = json.dumps(level.value, sort_keys=True), label_text(level.label)
            name = level.value["name"] if isinstance(level.value, dict) else level.label
            if value in levels:
                self._findings.add(node, f"got {quote(str(name))} twice, expected different levels")
            elif label in labels:
                same = labels[label] == str(level.label)
                twice = "twice" if same else f"and {quote(labels[label])}, which are the same"
                message = f"got the label {quote(str(level.label))} {twice}, expected different labels"
                self._findings.add(node, message)
            else:
                levels[value] = level
                labels[label] = str(level.label)
        return tuple(levels.values())

    def _parameter(self, where: str, factor: str) -> Parameter | None:
        if factor in self._parameters:
            return self._parameters[factor]
        families = [name for name, entry in MODELS.items() if entry.parameter(factor)]
        families += [f"the task {name}" for name, entry in TASKS.items() if entry.parameter(factor)]
        elsewhere = f" (it belongs to {', '.join(families)})" if families else ""
        message = f"unknown factor{elsewhere}: {not_found(factor, list(self._parameters))}"
        self._findings.add(self._document.value[where].keys[factor], message)
        return None

    def check_twice(self) -> None:
        """Checks that no factor is given twice: fixed, varied or as an argument of the task."""
        fixed, task = self._document.value.get("fixed"), self._document.section("task")
        for factor in self._grid:
            if fixed is not None and factor in self._fixed:
                message = f"is in the grid and fixed on line {fixed.keys[factor].line}, expected one of them"
                self._findings.add(self._document.value["grid"].keys[factor], message)
        for where in ("fixed", "grid"):
            for factor in self._document.section(where):
                if factor in task and factor != "name":
                    message = f"is an argument of the task too, on line {task[factor].line}, expected one of them"
                    self._findings.add(self._document.value[where].keys[factor], message)

    def exclude(self, grid: Mapping[str, tuple[Level, ...]]) -> tuple[Rule, ...]:
        """The excluded combinations: labels by factor.

        Args:
            grid: Levels of the factors that vary, from `grid()`.
        """
        node = self._document.value.get("exclude")
        rules = node.value if node is not None and isinstance(node.value, tuple) else ()
        return tuple(self._rule(rule, grid) for rule in rules if isinstance(rule.value, dict))

    def _rule(self, rule: Node, grid: Mapping[str, tuple[Level, ...]]) -> Rule:
        labels = {}
        for factor, wanted in rule.value.items():
            if factor in grid:
                labels[factor] = self._excluded(wanted, grid[factor], factor)
            elif factor not in self._grid:
                reason = "is fixed, not varied" if factor in self._fixed else "unknown factor of the grid"
                self._findings.add(rule.keys[factor], f"{reason}: {not_found(factor, list(self._grid))}")
        return labels

    def _excluded(self, node: Node, levels: Sequence[Level], factor: str) -> tuple[Label, ...]:
        labels: list[Label] = []
        wanted = node.value if isinstance(node.value, tuple) else (node,)
        if not wanted:
            self._findings.add(node, mismatch(node, "a level or a list of levels"))
        for one in wanted:
            scalar = isinstance(one.value, (str, int, float))
            found = matching(levels, one.value, self._parameters[factor]) if scalar else []
            labels += [level.label for level in found if level.label not in labels]
            if not found and not self._told(factor, one):
                known = [str(level.label) for level in levels]
                message = not_found(one.value, known) if isinstance(one.value, str) else mismatch(one, one_of(known))
                self._findings.add(one, message)
        return tuple(labels)

    def _told(self, factor: str, wanted: Node) -> bool:
        """Whether a level is in the grid as written, so that its error was reported there."""
        written = self._grid[factor].value if isinstance(self._grid[factor].value, tuple) else ()
        names = (node.value.get("name", node) if isinstance(node.value, dict) else node for node in written)
        return not isinstance(wanted.value, tuple) and any(name.text == wanted.text for name in names)


def _with_distinct_labels(read: Sequence[tuple[Node, Level]]) -> list[tuple[Node, Level]]:
    """Adds the module to the labels of custom components that have the same attribute name."""
    counts = Counter(str(level.label) for _, level in read)

    def apart(node: Node, level: Level) -> Level:
        name = level.value["name"] if isinstance(level.value, dict) else ""
        labelled = isinstance(node.value, dict) and "label" in node.value
        shared = is_own_component(name) and not labelled and counts[str(level.label)] > 1
        return dataclasses.replace(level, label=f"{name.partition(':')[0]}:{level.label}") if shared else level

    return [(node, apart(node, level)) for node, level in read]
