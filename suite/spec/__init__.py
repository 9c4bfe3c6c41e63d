"""YAML to benchmarks to cells: a spec is read strictly, every mistake told with its file, line and column."""

from __future__ import annotations

from suite.spec.benchmark import Benchmark, Level
from suite.spec.data import check_data
from suite.spec.expansion import expand
from suite.spec.json_schema import json_schema, schema_text
from suite.spec.own_components import import_components
from suite.spec.problems import Problem, SpecError
from suite.spec.reader import read_benchmarks
from suite.spec.shipped import find_spec, shipped_specs

__all__ = [
    "Benchmark",
    "Level",
    "Problem",
    "SpecError",
    "check_data",
    "expand",
    "find_spec",
    "import_components",
    "json_schema",
    "read_benchmarks",
    "schema_text",
    "shipped_specs",
]
