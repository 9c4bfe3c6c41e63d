"""Pydantic models of a benchmark document, and their errors with line and column."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from suite.spec.findings import Findings
from suite.spec.problems import did_you_mean, one_of
from suite.spec.wording import Wanted, mismatch
from suite.spec.yaml_reader import Node

_Count = Annotated[int, Field(ge=1, le=10_000)]
_Rate = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
_Score = Annotated[float, Field(allow_inf_nan=False)]


class Document(BaseModel):
    """A mapping of a spec, with strict types and no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


M = TypeVar("M", bound=Document)


class RangeDocument(Document):
    """Range of learning rates to search."""

    high: _Rate = Field(description="largest learning rate, above low")
    low: _Rate = Field(description="smallest learning rate, above 0")

    @field_validator("low")
    @classmethod
    def _is_below_high(cls, low: float, info: ValidationInfo) -> float:
        if low >= info.data.get("high", math.inf):
            raise PydanticCustomError("relation", "a number below high, which is {high}")
        return low


class BudgetDocument(Document):
    """Budget of every recipe."""

    steps: int | None = Field(
        None, ge=2, le=100_000_000, description="optimizer steps of one run; not needed if steps is a factor"
    )
    trials: _Count = Field(12, description="learning rates to try for each recipe, unless its rate is fixed")
    tunings: _Count | None = Field(
        None,
        description="number of times to tune each recipe, with different seeds and data; default: 2, or 1 for one replicate",
    )
    replicates: _Count = Field(description="runs of each tuned recipe, with different seeds and data")
    evaluations: int = Field(
        20,
        ge=2,
        le=10_000,
        description="number of probed and validated steps of a run, including the first and the last",
    )
    learning_rate: RangeDocument = Field(
        RangeDocument(high=1.0, low=1e-4),
        description="range of learning rates to search, such as {low: 1e-4, high: 1.0}",
    )

    sampler: Literal["SharedGridSampler", "TPESampler", "RandomSampler"] = Field(
        "SharedGridSampler",
        description="class that proposes learning rates: SharedGridSampler, or Optuna's TPESampler or RandomSampler",
    )
    landscape: bool = Field(
        False, description="whether to measure the loss along the gradient and the curvature of the loss"
    )

    @field_validator("evaluations")
    @classmethod
    def _is_within_steps(cls, evaluations: int, info: ValidationInfo) -> int:
        if evaluations > (info.data.get("steps") or math.inf):
            raise PydanticCustomError("relation", "at most the {steps} steps of a run")
        return evaluations

    @field_validator("replicates")
    @classmethod
    def _are_enough(cls, replicates: int, info: ValidationInfo) -> int:
        if replicates < (info.data.get("tunings") or 1):
            raise PydanticCustomError("relation", "at least one for each of the {tunings} tunings")
        return replicates


class BenchmarkDocument(Document):
    """One benchmark: a task, a model, a grid and a budget."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        max_length=64,
        description="at most 64 lower-case letters, digits, - and _, starting with a letter or digit",
    )
    title: str = Field("", max_length=200, description="question of the benchmark, in one line")
    description: str = Field("", description="free text")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of all random numbers")
    task: Any = Field(description="the name of a task, or a mapping with its name and arguments")
    model: str = Field(description="the name of a model family")
    target: _Score = Field(description="the validation metric at which a run counts as trained")
    reference: _Score | None = Field(
        None, description="score that is normalized to 1 when tasks are compared; chance is 0"
    )
    fixed: dict[str, Any] = Field({}, description="constant factors; all other factors have their defaults")
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        min_length=1, description="factors that vary, each with a list of levels"
    )
    exclude: list[Annotated[dict[str, Any], Field(min_length=1)]] = Field(
        [], description="combinations to leave out: a level or a list of levels for each factor"
    )
    budget: BudgetDocument = Field(description="budget of every recipe: steps, trials, replicates, learning rates")
    claims: list[Any] = Field(
        [], description="claims about the results, judged by `suite claims`; they do not affect training"
    )


_EXPECTED: dict[str, tuple[str, Wanted]] = {
    "string_type": ("text", "text"),
    "int_type": ("a whole number", "number"),
    "int_from_float": ("a whole number", "number"),
    "float_type": ("a number", "number"),
    "finite_number": ("a finite number", "number"),
    "bool_type": ("true or false", "boolean"),
    "list_type": ("a list", "collection"),
    "dict_type": ("a mapping", "collection"),
    "model_type": ("a mapping", "collection"),
    "greater_than": ("a number above {gt:,.12g}", "number"),
    "greater_than_equal": ("a number of at least {ge:,.12g}", "number"),
    "less_than": ("a number below {lt:,.12g}", "number"),
    "less_than_equal": ("a number of at most {le:,.12g}", "number"),
}
"""Expected value and its kind by type of pydantic error."""


def check_model(node: Node, model: type[M], findings: Findings) -> M | None:
    """Validates a mapping with a pydantic model; None after adding problems."""
    try:
        return model.model_validate(node.plain())
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _tell(node, model, fault, findings)
        return None


def _tell(document: Node, model: Any, fault: Any, findings: Findings) -> None:
    """Adds a pydantic error at its position in the document."""
    *ancestors, name = fault["loc"]
    parent = document
    for part in ancestors:
        parent, model = parent.value[part], getattr(_fields(model).get(part), "annotation", None)
    description = getattr(_fields(model).get(name), "description", "")
    if fault["type"] == "extra_forbidden":
        known = list(_fields(model))
        findings.add(parent.keys[name], f"unknown key, expected {one_of(known)}{did_you_mean(name, known)}")
    elif fault["type"] == "missing":
        findings.add(parent, f"is missing, expected {description}", ".".join(filter(None, (parent.path, name))))
    else:
        node = parent.value[name]
        if fault["type"] == "string_too_long":
            findings.add(node, f"got {len(node.text)} characters, expected at most {fault['ctx']['max_length']}")
        else:
            named = re.findall("'([^']+)'", fault["ctx"]["expected"]) if fault["type"] == "literal_error" else []
            told = mismatch(node, *_expected(node, parent, fault, description))
            findings.add(node, f"{told}{did_you_mean(node.text, named)}")


def _fields(model: Any) -> dict[str, Any]:
    """The fields of a model, optional or not; empty for other types."""
    models = [kind for kind in (model, *get_args(model)) if hasattr(kind, "model_fields")]
    return models[0].model_fields if models else {}


def _expected(node: Node, parent: Node, fault: Any, description: str) -> tuple[str, Wanted | None]:
    """The expected value in words, and its kind for `mismatch`."""
    kind = fault["type"]
    if kind == "string_pattern_mismatch":
        return description, None
    if kind == "relation":
        return fault["msg"].format(**{key: other.text for key, other in parent.value.items()}), None
    if kind == "too_short":
        return ("at least one level" if node.path.startswith("grid.") else "at least one factor"), None
    expected, wanted = _EXPECTED.get(kind, (fault["msg"].removeprefix("Input should be "), None))
    expected = expected.format(**fault.get("ctx", {}))
    if kind == "list_type" and not isinstance(node.value, dict) and node.text:
        expected += f", such as [{node.shown()}]"
    if kind == "model_type" and node.path == "budget.learning_rate":
        expected += ", such as {low: 1e-4, high: 1.0}"
    return expected, wanted
