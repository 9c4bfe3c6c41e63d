"""Specs that are named together: each a path or a benchmark that ships, their benchmarks each once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from suite.spec.benchmark import Benchmark
from suite.spec.benchmark_reader import read_benchmarks
from suite.spec.problems import Problem, SpecError
from suite.spec.shipped import find_spec


def read_specs(specs: Sequence[str]) -> list[Benchmark]:
    """Every benchmark of the specs, each a path or the name of one that ships.

    Raises:
        SpecError: With all problems of all of them.
    """
    benchmarks, problems = readable_specs(specs)
    if not benchmarks and not problems:
        message = f"has claims and no benchmark: `suite claims {specs[0]}` runs what they need and judges them"
        problems = [Problem(specs[0], None, None, "", message)]
    if problems:
        raise SpecError(problems)
    return benchmarks


def readable_specs(specs: Sequence[str]) -> tuple[list[Benchmark], list[Problem]]:
    """The benchmarks of those specs that have no problems, and the problems of the others."""
    benchmarks: dict[str, Benchmark] = {}
    problems: list[Problem] = []
    seen: set[Path] = set()
    for spec in specs:
        try:
            file = find_spec(spec)
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            for benchmark in read_benchmarks(file):
                first = benchmarks.setdefault(benchmark.name, benchmark)
                if first is not benchmark:
                    message = f"got {benchmark.name}, which {first.file} has too; expected another name"
                    problems.append(Problem(spec, None, None, "name", message))
        except SpecError as error:
            problems += error.problems
    return list(benchmarks.values()), problems
