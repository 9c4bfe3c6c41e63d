"""The shape of a claim and of a file of claims, as pydantic models, and the JSON Schema of a spec for editors."""

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
    """One claim: a sentence of advice as a comparison that a machine makes."""

    benchmark: Annotated[Any, _NAMES] = Field(
        None, description="the name of the benchmark that answers it, or a list of them"
    )
    measure: str = Field(
        "test_score", description="a column of the exported tables, or an expression, as train_score - test_score"
    )
    by: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="the least difference of the measure that counts"
    )
    first: Literal["higher", "lower"] | None = Field(
        None, description="which way the first side differs, where the measure does not say what is better"
    )
    where: dict[str, Annotated[Any, WithJsonSchema(LEVELS)]] = Field(
        {}, description="the part of the grid it is about: a level, or a list of them, for each factor"
    )
    holds: Literal["everywhere", "on average"] = Field(
        "everywhere", description="in every context, or in the mean over them"
    )
    test: str = Field("", max_length=400, description="how it would be tested, where it cannot be yet")
    needs: str = Field("", max_length=400, description="what must be there before it can be judged")
    untestable: str = Field("", max_length=400, description="why it will not be judged here")


ClaimDocument = create_model(  # type: ignore[call-overload]
    "ClaimDocument", __base__=_Words, **{key: form.field for key, form in FORMS.items()}
)
"""One claim, with the key of every form."""


class ClaimsDocument(Document):
    """A document of claims."""

    claims: Annotated[list[Any], Field(min_length=1)] = Field(description="the claims")
    topic: str = Field("", max_length=60, description="what those without a topic of their own are listed under")
    source: str = Field("", max_length=300, description="of those without one of their own")
    sources: dict[str, str] = Field(
        {}, description="short names that source may use, with commas between, each with what it stands for"
    )


_CLAIM = {"$ref": "#/$defs/ClaimDocument"}


def json_schema() -> dict[str, Any]:
    """The schema of one document; draft 2020-12."""
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
    """The schema as `suite schema` writes it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
