"""Pydantic types of the catalog's parameters, for validation and for the JSON Schema."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from suite.catalog import Parameter


@functools.cache
def adapter_of(parameter: Parameter, *, null: bool = True) -> TypeAdapter[Any]:
    """The validator of the plain values of a parameter.

    Args:
        parameter: Any parameter that is not a component.
        null: Whether null is allowed if it is the default.
    """
    low, high = parameter.low, parameter.high
    above, least = (low, None) if parameter.low_open else (None, low)
    below, most = (high, None) if parameter.high_open else (None, high)
    bounds = Field(gt=above, ge=least, lt=below, le=most)
    kinds: dict[str, Any] = {
        "integer": Annotated[int, bounds],
        "number": Annotated[float, bounds, Field(allow_inf_nan=False)],
        "boolean": bool,
        "choice": Literal[parameter.choices or ("",)],
        "path": str,
    }
    kind = kinds[parameter.type]
    if parameter.none:
        kind = kind | Literal["none"]
    if null and parameter.default is None and not parameter.required:
        kind = kind | None
    return TypeAdapter(kind, config=ConfigDict(strict=True))


def accepts(parameter: Parameter, value: Any) -> bool:
    """Whether a plain value is valid for a parameter."""
    try:
        adapter_of(parameter).validate_python(value)
    except ValidationError:
        return False
    return True


def schema_of(parameter: Parameter, *, null: bool = True) -> dict[str, Any]:
    """The JSON Schema of the values of a parameter."""
    about = {"description": parameter.summary}
    if parameter.default is not None:
        about["default"] = parameter.default
    return about | adapter_of(parameter, null=null).json_schema()
