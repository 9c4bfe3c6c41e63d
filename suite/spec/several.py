"""Reads several specs, each a path or the name of an included benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from suite.spec.benchmark import Benchmark
from suite.spec.benchmark_reader import read_benchmarks
from suite.spec.problems import Problem, SpecError
from suite.spec.shipped import find_spec


def read_specs(specs: Sequence[str]) -> list[Benchmark]:
    """All benchmarks of the specs, each once.

    Raises:
        SpecError: With the problems of all specs.
    """
    benchmarks, problems = readable_specs(specs)
    if not benchmarks and not problems:
        message = f"contains claims and no benchmark: judge them with `suite claims {specs[0]}`"
        problems = [Problem(specs[0], None, None, "", message)]
    if problems:
        raise SpecError(problems)
    return benchmarks


def readable_specs(specs: Sequence[str]) -> tuple[list[Benchmark], list[Problem]]:
    """The benchmarks of all valid specs, and the problems of the others."""
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
                    message = f"got {benchmark.name}, which is used in {first.file} too; expected a unique name"
                    problems.append(Problem(spec, None, None, "name", message))
        except SpecError as error:
            problems += error.problems
    return list(benchmarks.values()), problems
