"""The shape of a claim and of a file of claims, as pydantic models; the forms bring their own keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, create_model

from suite.claims.forms import FORMS
from suite.claims.forms.compare import LEVELS
from suite.spec.document import Document

_NAMES = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]})


class _Words(Document):
    """One claim: a sentence of advice as a comparison that a machine makes."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=40,
        description="lower-case letters, digits and -, at most 40: what the claim is quoted by",
    )
    says: str = Field(max_length=300, description="the claim in a sentence")
    source: str = Field("", max_length=300, description="who says it")
    topic: str = Field("", max_length=60, description="what it is listed under")
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
    dissent: str = Field("", max_length=400, description="published evidence that disagrees")
    note: str = Field("", max_length=400, description="what to keep in mind with the verdict")
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
