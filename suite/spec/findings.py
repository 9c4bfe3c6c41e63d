"""Collects the problems of one file."""

from __future__ import annotations

from suite.spec.problems import Problem
from suite.spec.yaml_reader import Node


class Findings:
    """Problems of one file.

    Args:
        file: Path of the file as the user gave it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, node: Node, message: str, key: str | None = None) -> None:
        """Adds a problem at a node, or at its (missing) key `key`."""
        self.problems.append(Problem(self.file, node.line, node.column, node.path if key is None else key, message))
