"""Reads factors, levels and expressions of one claim and checks them against the grids of its benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suite.claims.expressions import Expression, ExpressionError, parse
from suite.protocol.labels import held_label, label_text
from suite.spec.benchmark import Benchmark, matching
from suite.spec.findings import Findings
from suite.spec.problems import did_you_mean, not_found, one_of, quote
from suite.spec.wording import Wanted, mismatch
from suite.spec.yaml_reader import Node


@dataclass(frozen=True)
class Given:
    """One claim as written in its file; problems are collected with their position.

    Attributes:
        node: YAML mapping of the claim.
        shape: The claim validated by `suite.claims.claim_document`.
        benchmarks: Benchmarks that must have its factors and levels; empty if unknown.
        findings: Collects the problems.
    """

    node: Node
    shape: Any
    benchmarks: Sequence[Benchmark]
    findings: Findings

    quote = staticmethod(quote)

    def note(self, node: Node, message: str, key: str | None = None) -> None:
        """Adds a problem at a node, or at its (missing) key `key`."""
        self.findings.add(node, message, None if key is None else f"{self.node.path}.{key}")

    def mismatch(self, node: Node, expected: str, wanted: Wanted | None = None) -> None:
        """Adds the problem that a value differs from what was expected."""
        self.findings.add(node, mismatch(node, expected, wanted))

    def is_varied(self, factor: str, node: Node) -> bool:
        """Whether all benchmarks vary a factor; adds a problem if one does not."""
        return all(self._is_varied(factor, node, benchmark) for benchmark in self.benchmarks)

    def labels(self, factor: str, node: Node, within: Node, *, held: bool = False) -> tuple[str, ...]:
        """The labels of a level or a list of levels; empty after adding a problem.

        Args:
            factor: Name of the factor.
            node: YAML node of the levels.
            within: Mapping that contains the node.
            held: Whether the factor may be constant at that level.
        """
        wanted = node.value if isinstance(node.value, tuple) else (node,)
        if not wanted:
            self.mismatch(node, "a level or a list of levels")
        labels = [] if self.benchmarks else [one.shown() for one in wanted]  # as written, where no grid is known
        for benchmark in self.benchmarks:
            if held and factor in {**benchmark.fixed, **benchmark.task} and factor not in benchmark.grid:
                labels += self._held(factor, wanted, benchmark)
                continue
            if not self._is_varied(factor, within.keys[factor], benchmark):
                return ()
            for one in wanted:
                scalar = isinstance(one.value, (str, int, float))
                levels, parameter = benchmark.grid[factor], benchmark.parameter(factor)
                found = matching(levels, one.value, parameter) if scalar else []
                labels += [label_text(level.label) for level in found]
                if not found:
                    known = [label_text(level.label) for level in levels]
                    told = not_found(one.value, known) if isinstance(one.value, str) else mismatch(one, one_of(known))
                    self.findings.add(one, f"{told} in {benchmark.name}" if len(self.benchmarks) > 1 else told)
                    return ()
        return tuple(dict.fromkeys(labels))

    def expression(self, key: str, within: Node) -> Expression | None:
        """The expression under a key, by default the test score; None after adding a problem."""
        node = within.value.get(key)
        try:
            return parse("test_score" if node is None else node.value)
        except ExpressionError as error:
            hint = did_you_mean(error.name, error.known) if error.name else ""
            self.findings.add(node or within, f"{error}{hint}")
            return None

    def _is_varied(self, factor: str, node: Node, benchmark: Benchmark) -> bool:
        if factor in benchmark.grid:
            return True
        reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor"
        self.findings.add(node, f"{reason} in {benchmark.name}: {not_found(factor, list(benchmark.grid))}")
        return False

    def _held(self, factor: str, wanted: Sequence[Node], benchmark: Benchmark) -> list[str]:
        label = held_label({**benchmark.fixed, **benchmark.task}[factor])
        if label not in [label_text(one.value) for one in wanted]:
            message = f"got {wanted[0].shown()}, but {factor} is always {label} in {benchmark.name}"
            self.findings.add(wanted[0], message)
        return [label]
