"""Pydantic models of a claim and of a file of claims, and the JSON Schema of a spec for editors."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, create_model

from suite.claims.claim import ClaimWords
from suite.claims.forms import FORMS
from suite.claims.forms.compare import LEVELS
from suite.spec.benchmark_reader import BENCHMARK_KEYS
from suite.spec.document import Document
from suite.spec.json_schema import benchmark_schema, untitled

_NAMES = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]})


class _Words(Document, ClaimWords):
    """One claim: a statement as a comparison that can be judged."""

    benchmark: Annotated[Any, _NAMES] = Field(
        None, description="name of the benchmark that answers the claim, or a list of names"
    )
    measure: str = Field(
        "test_score", description="column of the exported tables, or an expression such as train_score - test_score"
    )
    by: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="smallest difference of the measure that counts"
    )
    first: Literal["higher", "lower"] | None = Field(
        None, description="direction of the first side, for a measure without a better direction"
    )
    where: dict[str, Annotated[Any, WithJsonSchema(LEVELS)]] = Field(
        {}, description="part of the grid: a level or a list of levels for each factor"
    )
    baseline: str | None = Field(
        None, description="condition that the second side must meet for a setting to count, such as outcome == diverged"
    )
    test: str = Field("", max_length=400, description="how a claim that cannot be judged yet would be tested")
    needs: str = Field("", max_length=400, description="what is missing before the claim can be judged")
    untestable: str = Field("", max_length=400, description="why the claim will not be judged")


ClaimDocument = create_model(  # type: ignore[call-overload]
    "ClaimDocument", __base__=_Words, **{key: form.field for key, form in FORMS.items()}
)
"""One claim, with the key of every form."""


class ClaimsDocument(Document):
    """A document of claims."""

    claims: Annotated[list[Any], Field(min_length=1)] = Field(description="the claims")
    topic: str = Field("", max_length=60, description="heading of claims without their own topic")
    source: str = Field("", max_length=300, description="source of claims without their own source")
    sources: dict[str, str] = Field(
        {}, description="full names of short names, which source may list separated by commas"
    )


_CLAIM = {"$ref": "#/$defs/ClaimDocument"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one document."""
    benchmark, claim = benchmark_schema(), untitled(ClaimDocument.model_json_schema())
    benchmark["properties"]["claims"] |= {"items": _CLAIM}
    claims = untitled(ClaimsDocument.model_json_schema())
    claims["properties"]["claims"] |= {"items": _CLAIM}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": benchmark.pop("$defs") | claim.pop("$defs") | {"ClaimDocument": claim},
        "if": {"required": ["claims"], "not": {"anyOf": [{"required": [key]} for key in BENCHMARK_KEYS]}},
        "then": claims,
        "else": benchmark,
    }


def schema_text() -> str:
    """The text that `suite schema` prints."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
