"""The shape of a benchmark's document, as pydantic models, and their errors told with line and column."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from suite.spec.problems import Findings, nearest, one_of, quote
from suite.spec.wording import Wanted, mismatch
from suite.spec.yaml_reader import Node

_Count = Annotated[int, Field(ge=1, le=10_000)]
_Rate = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
_Score = Annotated[float, Field(allow_inf_nan=False)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RangeDocument(_Document):
    """The learning rates that are tried, low to high."""

    low: _Rate = Field(description="the lowest rate, above 0")
    high: _Rate = Field(description="the highest rate, above low")


class BudgetDocument(_Document):
    """What every cell may spend: the same for all."""

    steps: int = Field(ge=2, le=100_000_000, description="optimizer steps of one run")
    trials: _Count = Field(description="learning rates tried for each cell")
    replicates: _Count = Field(description="trainings of each tuned cell, under fresh seeds")
    evaluations: int = Field(
        20, ge=2, le=10_000, description="steps of a run that are probed and validated, first and last included"
    )
    learning_rate: RangeDocument = Field(description="the range of learning rates, as {low: 1e-4, high: 1.0}")


class BenchmarkDocument(_Document):
    """One benchmark: a task, a model, a grid and a budget."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64, description="lower-case letters, digits, - and _, at most 64"
    )
    title: str = Field("", max_length=200, description="the question it answers, in one line")
    description: str = Field("", description="free text")
    seed: int = Field(0, ge=0, lt=2**63, description="the number from which all random numbers are drawn")
    task: Any = Field(description="the name of a task, or a mapping with its name and arguments")
    model: str = Field(description="the name of a model family")
    target: _Score = Field(description="the validation metric at which a run counts as trained")
    reference: _Score | None = Field(
        None, description="a score that stands for 1 when tasks are compared; chance stands for 0"
    )
    fixed: dict[str, Any] = Field({}, description="factors held constant; those named nowhere take their defaults")
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        min_length=1, description="factors that vary, each with a list of levels"
    )
    exclude: list[Annotated[dict[str, Any], Field(min_length=1)]] = Field(
        [], description="combinations taken out: a level or a list of levels for each factor named"
    )
    budget: BudgetDocument = Field(description="what every cell may spend: steps, trials, replicates, learning rates")


_EXPECTED: dict[str, tuple[str, Wanted]] = {
    "string_type": ("text", "text"),
    "int_type": ("a whole number", "number"),
    "int_from_float": ("a whole number", "number"),
    "float_type": ("a number", "number"),
    "finite_number": ("a finite number", "number"),
    "list_type": ("a list", "collection"),
    "dict_type": ("a mapping", "collection"),
    "model_type": ("a mapping", "collection"),
    "model_attributes_type": ("a mapping", "collection"),
}
_BOUNDS = {
    "greater_than": "a number above {gt:,.12g}",
    "greater_than_equal": "a number of at least {ge:,.12g}",
    "less_than": "a number below {lt:,.12g}",
    "less_than_equal": "a number of at most {le:,.12g}",
}


def check_shape(document: Node, findings: Findings) -> BenchmarkDocument | None:
    """Validates a document's keys and types, apart from what the catalog has to say.

    Args:
        document: The document, a mapping.
        findings: Gets every problem.

    Returns:
        The document, or None where it has problems.
    """
    try:
        return BenchmarkDocument.model_validate(document.plain())
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _tell(document, fault, findings)
        return None


def _tell(document: Node, fault: Any, findings: Findings) -> None:
    """One of pydantic's errors as a problem."""
    location, kind, context = fault["loc"], fault["type"], fault.get("ctx", {})
    parent, node = document, document
    for part in location:
        parent, node = node, _child(node, part)
    name = str(location[-1])
    key = ".".join(quote(part) for part in location if isinstance(part, str))
    if kind == "extra_forbidden":
        known = list(_model_at(location[:-1]).model_fields)
        found = nearest(name, known)
        hint = f"; did you mean {found}?" if found else ""
        findings.add(parent.keys[name], key, f"unknown key, expected {one_of(known)}{hint}")
    elif kind == "missing":
        field = _model_at(location[:-1]).model_fields[name]
        findings.add(parent.place, key, f"is missing, expected {field.description}")
    elif kind == "string_pattern_mismatch":
        expected = "lower-case letters, digits, - and _, beginning with a letter or digit"
        findings.add(node.place, key, mismatch(node, expected))
    elif kind == "string_too_long":
        findings.add(node.place, key, f"got {len(node.text)} characters, expected at most {context['max_length']}")
    elif kind == "too_short":
        expected = "at least one factor" if key in ("grid", "exclude") else "at least one level"
        findings.add(node.place, key, mismatch(node, expected))
    elif key == "budget.learning_rate" and kind in ("model_type", "model_attributes_type", "dict_type"):
        findings.add(node.place, key, mismatch(node, "a mapping, as {low: 1e-4, high: 1.0}", "collection"))
    elif kind in _BOUNDS:
        findings.add(node.place, key, mismatch(node, _BOUNDS[kind].format(**context), "number"))
    else:
        expected, wanted = _EXPECTED.get(kind, (fault["msg"].removeprefix("Input should be "), None))
        if kind == "list_type" and not isinstance(node.value, dict):
            expected += f", as [{node.shown()}]" if node.text else ""
        findings.add(node.place, key, mismatch(node, expected, wanted))


def _child(node: Node, part: str | int) -> Node:
    """One step of pydantic's location; stays where the document has no such value."""
    if isinstance(part, int):
        return node.value[part]
    return node.value.get(part, node) if isinstance(node.value, dict) else node


def _model_at(location: tuple[str | int, ...]) -> type[_Document]:
    if location[:1] != ("budget",):
        return BenchmarkDocument
    return RangeDocument if "learning_rate" in location else BudgetDocument
