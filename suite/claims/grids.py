"""Finds the benchmarks that claims name; only the file that contains one is read completely."""

from __future__ import annotations

from pathlib import Path

from suite.spec.benchmark import Benchmark
from suite.spec.benchmark_reader import names_in, read_benchmarks
from suite.spec.problems import SpecError, not_found, quote
from suite.spec.shipped import shipped_specs


class Grids:
    """Finds benchmarks in a file, in its folder, in the parent folder and among those that ship.

    Args:
        file: File with the claims.
    """

    def __init__(self, file: Path) -> None:
        folder = file.resolve().parent
        beside = [path for where in (folder, folder.parent) for path in sorted(where.glob("*.y*ml"))]
        self._files = list(dict.fromkeys([file.resolve(), *beside, *(p.resolve() for p in shipped_specs().values())]))
        self._where: dict[str, Path] = {}
        self._found: dict[str, Benchmark | str] = {}

    def find(self, name: str) -> Benchmark | str:
        """The benchmark, or an error message."""
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> Benchmark | str:
        file = self._file(name)
        if file is None:
            return not_found(name, sorted(self._where), f"a benchmark: {', '.join(sorted(self._where))}")
        try:
            return next(benchmark for benchmark in read_benchmarks(file) if benchmark.name == name)
        except SpecError as error:
            return f"got {quote(name)}, whose file has errors, the first: {error.problems[0]}"

    def _file(self, name: str) -> Path | None:
        """The first file that contains it; other names found are kept for the hint."""
        while name not in self._where and self._files:
            file = self._files.pop(0)
            for found in names_in(file):
                self._where.setdefault(found, file)
        return self._where.get(name)
