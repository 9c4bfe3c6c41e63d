"""The factorial design of a document: which factors are held constant, which vary, and what is taken out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from suite.catalog import Parameter
from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.spec.benchmark import Label, Level, matching
from suite.spec.levels import LevelReader
from suite.spec.problems import Findings, not_found, one_of, quote
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node
from suite.tasks import TASKS

MAX_CELLS = 100_000
"""Combinations of one grid, before any is taken out."""

Rule = Mapping[str, tuple[Label, ...]]


class DesignReader:
    """Reads `fixed`, `grid` and `exclude`; what is wrong with them is noted, what is right is returned.

    Args:
        document: The document, a mapping.
        parameters: What may be fixed or varied.
        findings: Gets every problem.
        levels: Reads single values.
    """

    def __init__(
        self, document: Node, parameters: Mapping[str, Parameter], findings: Findings, levels: LevelReader
    ) -> None:
        self._document, self._parameters, self._findings, self._levels = document, parameters, findings, levels

    def fixed(self) -> dict[str, Any]:
        """The factors held constant, canonical."""
        read = {}
        for factor, node in section(self._document, "fixed").items():
            key = f"fixed.{quote(factor)}"
            parameter = self._parameter("fixed", factor)
            level = self._levels.level(node, parameter, key) if parameter else None
            if level is not None:
                read[factor] = level.value
        return read

    def grid(self) -> dict[str, tuple[Level, ...]]:
        """The factors that vary, with their levels."""
        read = {}
        for factor, node in section(self._document, "grid").items():
            parameter = self._parameter("grid", factor)
            if parameter is not None and isinstance(node.value, tuple):
                read[factor] = self._axis(node.value, parameter, f"grid.{quote(factor)}")
        size = math.prod(map(len, read.values()))
        if size > MAX_CELLS:
            message = f"got {size:,} combinations, expected at most {MAX_CELLS:,}"
            self._findings.add(self._document.keys["grid"], "grid", message)
        return read

    def _axis(self, nodes: Sequence[Node], parameter: Parameter, key: str) -> tuple[Level, ...]:
        """The levels of one factor, each different from the others in value and label."""
        levels: list[Level] = []
        values: set[str] = set()
        labels: dict[str, str] = {}
        for node in nodes:
            if node.value is None and parameter.type != "component":
                self._findings.add(node.place, key, mismatch(node, parameter.expects()))
                continue
            level = self._levels.level(node, parameter, key)
            if level is None:
                continue
            value, label = json.dumps(level.value, sort_keys=True), label_text(level.label)
            if value in values:
                self._findings.add(node.place, key, f"got {_name(level)} twice, expected different levels")
            elif label in labels:
                twice = (
                    "twice" if labels[label] == str(level.label) else f"and {quote(labels[label])}, which are the same"
                )
                message = f"got the label {quote(str(level.label))} {twice}, expected a label of its own for each level"
                self._findings.add(node.place, key, message)
            else:
                levels.append(level)
                values.add(value)
                labels[label] = str(level.label)
        return tuple(levels)

    def _parameter(self, where: str, factor: str) -> Parameter | None:
        if factor in self._parameters:
            return self._parameters[factor]
        place = self._document.value[where].keys[factor]
        families = [name for name, entry in MODELS.items() if entry.parameter(factor)]
        families += [f"the task {name}" for name, entry in TASKS.items() if entry.parameter(factor)]
        elsewhere = f" (it belongs to {', '.join(families)})" if families else ""
        message = f"unknown factor{elsewhere}: {not_found(factor, list(self._parameters))}"
        self._findings.add(place, f"{where}.{quote(factor)}", message)
        return None

    def check_twice(self, task: Mapping[str, Node]) -> None:
        """A factor is held constant, or varied, or an argument of the task: one of them."""
        for factor in section(self._document, "grid"):
            if factor in section(self._document, "fixed"):
                place = self._document.value["grid"].keys[factor]
                line = self._document.value["fixed"].keys[factor][0]
                message = f"is in the grid and fixed on line {line}, expected one of them"
                self._findings.add(place, f"grid.{quote(factor)}", message)
        for where in ("fixed", "grid"):
            for factor in section(self._document, where):
                if factor in task and factor != "name":
                    place = self._document.value[where].keys[factor]
                    message = f"is an argument of the task too, on line {task[factor].line}, expected one of them"
                    self._findings.add(place, f"{where}.{quote(factor)}", message)

    def exclude(self, grid: Mapping[str, tuple[Level, ...]]) -> tuple[Rule, ...]:
        """For each combination taken out, the labels of each factor that it names.

        Args:
            grid: As read.
        """
        node = self._document.value.get("exclude")
        rules = []
        for rule in node.value if node is not None and isinstance(node.value, tuple) else ():
            if isinstance(rule.value, dict):
                rules.append(self._rule(rule, grid))
        return tuple(rules)

    def _rule(self, rule: Node, grid: Mapping[str, tuple[Level, ...]]) -> Rule:
        labels = {}
        for factor, wanted in rule.value.items():
            key, known = f"exclude.{quote(factor)}", list(section(self._document, "grid"))
            if factor in grid:
                labels[factor] = self._excluded(wanted, grid[factor], factor, key)
            elif factor not in known:
                fixed = factor in section(self._document, "fixed")
                reason = "is fixed, not varied" if fixed else "unknown factor of the grid"
                self._findings.add(rule.keys[factor], key, f"{reason}: {not_found(factor, known)}")
        return labels

    def _excluded(self, node: Node, levels: Sequence[Level], factor: str, key: str) -> tuple[Label, ...]:
        labels: list[Label] = []
        wanted = node.value if isinstance(node.value, tuple) else (node,)
        if not wanted:
            self._findings.add(node.place, key, mismatch(node, "a level or a list of levels"))
        for one in wanted:
            scalar = isinstance(one.value, (str, int, float))
            found = matching(levels, one.value, self._parameters[factor]) if scalar else []
            labels += [level.label for level in found if level.label not in labels]
            if not found and not self._told(factor, one):
                known = [str(level.label) for level in levels]
                message = not_found(one.value, known) if isinstance(one.value, str) else mismatch(one, one_of(known))
                self._findings.add(one.place, key, message)
        return tuple(labels)

    def _told(self, factor: str, wanted: Node) -> bool:
        """Whether a level is in the grid as it was written: then what is wrong with it was told there."""
        for node in section(self._document, "grid")[factor].value:
            name = node.value.get("name", node) if isinstance(node.value, dict) else node
            if name.text == wanted.text and not isinstance(wanted.value, tuple):
                return True
        return False


def section(document: Node, key: str) -> dict[str, Node]:
    """The values of a mapping in a document, or none where it is not there or no mapping."""
    node = document.value.get(key)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _name(level: Level) -> str:
    return quote(str(level.value["name"] if isinstance(level.value, dict) else level.value))
