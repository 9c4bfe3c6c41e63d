"""The problems of one file, as they are found."""

from __future__ import annotations

from suite.spec.problems import Problem
from suite.spec.yaml_reader import Node


class Findings:
    """Collects the problems of one file.

    Args:
        file: Path of the file, as the user named it.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, node: Node, message: str, key: str | None = None) -> None:
        """Notes a problem of a value or key; `key` where it is not of that one, but of what should be in it."""
        self.problems.append(Problem(self.file, node.line, node.column, node.path if key is None else key, message))
