"""The shape of a claim and of a file of claims, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from suite.spec.document import Document

_Number = Annotated[float, Field(allow_inf_nan=False)]


class PredictDocument(Document):
    """Of the cells for which one condition holds, another holds for at least a share."""

    when: str | None = Field(
        None, description="a condition on a cell's figures, as abs(gradient_ratio_init) > 3; all cells without one"
    )
    then: str = Field(description="what is said of those cells, as outcome != trained")
    at_least: float = Field(gt=0, le=1, description="the share of those cells for which it holds, as 0.9")


class ValueDocument(Document):
    """A published figure."""

    figure: _Number = Field(description="the published figure")
    within: float = Field(gt=0, allow_inf_nan=False, description="the tolerance to both sides")


class ClaimDocument(Document):
    """One claim: a sentence of advice as a comparison that a machine makes."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=40,
        description="lower-case letters, digits and -, at most 40: what the claim is quoted by",
    )
    says: str = Field(max_length=300, description="the claim in a sentence")
    source: str = Field("", max_length=300, description="who says it")
    topic: str = Field("", max_length=60, description="what it is listed under")
    benchmark: Any = Field(None, description="the name of the benchmark that answers it, or a list of them")
    compare: dict[str, Any] | None = Field(
        None, description="for a factor, two levels (or lists of levels): the first is said to be better"
    )
    trend: dict[str, Literal["up", "down"]] | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="which way the measure goes along a factor of numbers, as {depth: down}",
    )
    spread: str | None = Field(
        None, description="a factor: how far its levels lie apart; with compare, less on the first side"
    )
    order: dict[str, Any] | None = Field(
        None,
        description="for a factor, two levels: the second turns more pairs of recipes that the first tells apart than other seeds do, by a share of at least by",
    )
    predict: PredictDocument | None = Field(
        None,
        description="a condition on figures and what follows, as {when: dead_fraction > 0.5, then: outcome != trained, at_least: 0.9}",
    )
    value: ValueDocument | None = Field(
        None, description="a published figure and its tolerance, as {figure: 0.87, within: 0.01}"
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
    where: dict[str, Any] = Field(
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


class ClaimsDocument(Document):
    """A document of claims."""

    claims: Annotated[list[Any], Field(min_length=1)] = Field(description="the claims")
    topic: str = Field("", max_length=60, description="what those without a topic of their own are listed under")
    source: str = Field("", max_length=300, description="of those without one of their own")
    sources: dict[str, str] = Field(
        {}, description="short names that source may use, with commas between, each with what it stands for"
    )
