"""Reads specs: YAML to benchmarks to cells. Every error is reported with its file, line and column."""

from __future__ import annotations

from suite.spec.benchmark import Benchmark, Level
from suite.spec.benchmark_reader import read_benchmarks
from suite.spec.data import check_data
from suite.spec.expansion import expand
from suite.spec.problems import Problem, SpecError
from suite.spec.selection import Part
from suite.spec.several import read_specs, readable_specs
from suite.spec.shipped import find_spec, shipped_specs
from suite.spec.trial import try_components

__all__ = [
    "Benchmark",
    "Level",
    "Part",
    "Problem",
    "SpecError",
    "check_data",
    "expand",
    "find_spec",
    "read_benchmarks",
    "read_specs",
    "readable_specs",
    "shipped_specs",
    "try_components",
]
