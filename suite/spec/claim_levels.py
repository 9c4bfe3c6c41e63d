"""The factors and levels that a claim names, held against the grids of its benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

from suite.protocol.labels import held_label, label_text
from suite.spec.benchmark import Benchmark, matching
from suite.spec.findings import Findings
from suite.spec.problems import not_found, one_of
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node


class ClaimLevels:
    """Finds them; notes what is not there.

    Args:
        findings: Gets every problem.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def varied(self, factor: str, node: Node, benchmarks: Sequence[Benchmark]) -> bool:
        """Whether all benchmarks vary a factor; notes where one does not."""
        for benchmark in benchmarks:
            if factor not in benchmark.grid:
                reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor"
                message = f"{reason} in {benchmark.name}: {not_found(factor, list(benchmark.grid))}"
                self._findings.add(node, message)
                return False
        return True

    def labels(
        self, factor: str, node: Node, benchmarks: Sequence[Benchmark], within: Node, *, held: bool = False
    ) -> tuple[str, ...]:
        """The labels that a level or a list of levels means; none after noting what is wrong.

        Args:
            factor: Whose levels.
            node: What names them.
            benchmarks: In each of which they must be.
            within: The mapping that they stand in.
            held: Whether the factor may be held constant, at that level.
        """
        wanted = node.value if isinstance(node.value, tuple) else (node,)
        if not wanted:
            self._findings.add(node, mismatch(node, "a level or a list of levels"))
        labels: list[str] = [] if benchmarks else [one.shown() for one in wanted]  # as written, where no grid is known
        for benchmark in benchmarks:
            if held and factor in {**benchmark.fixed, **benchmark.task} and factor not in benchmark.grid:
                labels += self._held(factor, wanted, benchmark)
                continue
            if not self.varied(factor, within.keys[factor], [benchmark]):
                return ()
            levels = benchmark.grid[factor]
            for one in wanted:
                scalar = isinstance(one.value, (str, int, float))
                found = matching(levels, one.value, benchmark.parameter(factor)) if scalar else []
                labels += [label_text(level.label) for level in found]
                if not found:
                    known = [label_text(level.label) for level in levels]
                    told = not_found(one.value, known) if isinstance(one.value, str) else mismatch(one, one_of(known))
                    self._findings.add(one, f"{told} in {benchmark.name}" if len(benchmarks) > 1 else told)
                    return ()
        return tuple(dict.fromkeys(labels))

    def _held(self, factor: str, wanted: Sequence[Node], benchmark: Benchmark) -> list[str]:
        value = {**benchmark.fixed, **benchmark.task}[factor]
        label = held_label(value)
        if label not in [label_text(one.value) for one in wanted]:
            message = f"got {wanted[0].shown()}, but {factor} is {label} in every cell of {benchmark.name}"
            self._findings.add(wanted[0], message)
        return [label]
