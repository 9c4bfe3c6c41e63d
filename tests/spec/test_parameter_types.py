"""Types made of the catalog: every parameter, and the editor's schema of it, of one mind on what a value may be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from suite.catalog import KINDS, Entry, Parameter
from suite.models import MODELS
from suite.spec.levels import default_of
from suite.spec.parameter_types import accepts, schema_of
from suite.tasks import TASKS

ENTRIES = [
    pytest.param(entry, id=f"{kind}.{entry.name}")
    for kind, table in {**KINDS, "models": MODELS, "tasks": TASKS}.items()
    for entry in table.values()
]
PARAMETERS = [
    pytest.param(parameter, id=f"{kind}.{entry.name}.{parameter.name}")
    for kind, table in {**KINDS, "models": MODELS, "tasks": TASKS}.items()
    for entry in table.values()
    for parameter in entry.parameters
    if parameter.type != "component"
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_component_that_is_a_default_is_in_the_catalog(entry: Entry) -> None:
    for parameter in entry.parameters:
        if parameter.type == "component" and not parameter.required:
            assert default_of(parameter)["name"] in KINDS[parameter.catalog or ""]


def values_around(parameter: Parameter) -> Iterator[Any]:
    """Values of every type, the bounds of a number, and what lies just beside them."""
    yield from (None, True, False, "", "none", "relu", 0, 1, -1, 0.5, 1.0, -0.5, 10**9, 10**30, "1", *parameter.choices)
    for bound in (parameter.low, parameter.high):
        if bound is not None:
            yield from (bound, bound - 1, bound + 1, math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf))


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_value_that_validates_meets_the_schema_and_no_other(parameter: Parameter) -> None:
    validator = Draft202012Validator(schema_of(parameter))
    for value in values_around(parameter):
        whole = parameter.type == "integer" and isinstance(value, float) and value.is_integer()  # 1.0 in JSON Schema
        assert accepts(parameter, value) == validator.is_valid(value) or whole, value


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_limits_are_kept_and_the_default_lies_within(parameter: Parameter) -> None:
    assert parameter.required or accepts(parameter, parameter.default)
    assert not accepts(parameter, math.nan)
    assert not accepts(parameter, [1])
    for bound, is_open, beyond in ((parameter.low, parameter.low_open, -1), (parameter.high, parameter.high_open, 1)):
        if bound is not None:
            assert accepts(parameter, bound) is not is_open
            assert not accepts(parameter, bound + beyond)
            assert f"{bound:g}" in parameter.expects()
