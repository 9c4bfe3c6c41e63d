"""Verdicts as published data: one JSON file beside the tables that they rest on, written and read here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from suite.protocol.claims import Form, Holds, Predict, Value, Verdict
from suite.protocol.records import PROTOCOL_VERSION
from suite.protocol.verdict_words import because, compared_text, measure_text
from suite.protocol.verdicts import Judgement, Status
from suite.results.errors import ResultsError, first_line, told_as

FILE = "claims.json"
"""Its name, in a folder of published results."""

COMMAND = "suite claims --results {0} --out {0}"
"""What writes it."""

_DIGITS = 6  # that another machine agrees on


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PublishedContext(_Part):
    """As in `suite.protocol.verdicts.Judged`; None where there is no number."""

    benchmark: str
    levels: dict[str, str]
    status: Status
    mean: float
    low: float | None
    high: float | None
    first: float | None
    second: float | None
    replicates: int
    cells: tuple[str, ...]


class PublishedLevel(_Part):
    """The effect within one level of the moderator."""

    label: str
    mean: float
    low: float | None
    high: float | None
    contexts: int


class PublishedModerator(_Part):
    """As in `suite.protocol.moderators.Moderator`."""

    factor: str
    levels: tuple[PublishedLevel, ...]


class PublishedPrediction(_Part):
    """As in `suite.protocol.predictions.Prediction`, with its condition."""

    when: str | None
    then: str
    share: float
    cells: int
    hits: int
    low: float | None
    high: float | None
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]


class PublishedClaim(_Part):
    """One claim with its verdict, and all of it in words.

    Attributes:
        id: By which it is quoted.
        says: In a sentence.
        source: Who says it.
        dissent: Published evidence that disagrees.
        note: What to keep in mind with the verdict.
        topic: Under which it is listed.
        test: What is compared.
        digest: Of the claim's text.
        verdict: What became of it.
        because: What that rests on, or why there is none.
        measure: Of which figure.
        by: delta.
        claimed: delta, or the published figure that ours is held against.
        holds: Everywhere, or on average.
        form: The kind of comparison: compare, trend, spread, predict, value; empty where there is none.
        effect: Mean and interval.
        contexts: All of them.
        moderator: What the effect depends on, if its verdict says so.
        prediction: Counts, if it is one.
        evidence: Digest of the tables of each benchmark that it rests on.
    """

    id: str
    says: str
    source: str
    dissent: str
    note: str
    topic: str
    test: str
    digest: str
    verdict: Verdict
    because: str
    measure: str
    by: float
    claimed: float
    holds: Holds
    form: str
    benchmarks: tuple[str, ...]
    effect: tuple[float, float | None, float | None] | None
    contexts: tuple[PublishedContext, ...]
    moderator: PublishedModerator | None
    prediction: PublishedPrediction | None
    evidence: dict[str, str]


class PublishedClaims(_Part):
    """The whole file."""

    protocol_version: int
    claims: tuple[PublishedClaim, ...]


def published(found: Sequence[Judgement]) -> PublishedClaims:
    """Judgements as the file has them."""
    return PublishedClaims(protocol_version=PROTOCOL_VERSION, claims=tuple(map(_claim, found)))


def write(found: Sequence[Judgement], folder: Path) -> Path:
    """Writes the file into a folder of published results.

    Raises:
        ResultsError: It cannot be written.
    """
    path = folder / FILE
    plain = published(found).model_dump(mode="json")
    fresh = path.with_suffix(".json.new")  # a reader finds the old verdicts or the new ones, whole
    with told_as("written", path):
        folder.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
        fresh.replace(path)
    return path


def read(folder: Path, digests: Mapping[str, str]) -> tuple[PublishedClaim, ...]:
    """The claims of a folder of published results; none where it has no such file.

    Args:
        folder: Of results.
        digests: Of the tables of every benchmark in it that may be judged, as `suite.results.evidence.digest_of` has
            them.

    Raises:
        ResultsError: The file is of another protocol version, is not as it should be, or rests on other tables.
    """
    path = folder / FILE
    again = f"`{COMMAND.format(folder)}` writes it anew"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise ResultsError([f"{path}: cannot be read: {first_line(error)}"]) from error
    try:
        found = PublishedClaims.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise ResultsError([f"{path}: {place + ': ' if place else ''}{fault['msg']}; {again}"]) from None
    if found.protocol_version != PROTOCOL_VERSION:
        raise ResultsError(
            [f"{path}: Expected protocol version {PROTOCOL_VERSION}. Received: {found.protocol_version}; {again}"]
        )
    stale = {
        name: claim.id
        for claim in found.claims
        for name in claim.benchmarks
        if (name in claim.evidence and digests.get(name) != claim.evidence[name])
        or (claim.form and not claim.evidence and all(other in digests for other in claim.benchmarks))
    }
    if stale:
        name, first = next(iter(stale.items()))
        raise ResultsError([f"{path}: was judged on other tables of {name} than are here (see {first}); {again}"])
    return found.claims


def _claim(found: Judgement) -> PublishedClaim:
    claim = found.claim
    hangs_on = found.moderator if found.verdict is Verdict.DEPENDS else None
    return PublishedClaim(
        **{key: getattr(claim, key) for key in ("id", "says", "source", "dissent", "note", "topic", "digest", "holds")},
        test=compared_text(claim),
        verdict=found.verdict,
        because=because(found),
        measure=measure_text(claim),
        by=claim.by,
        claimed=claim.form.figure if isinstance(claim.form, Value) else claim.by,
        form=_form_name(claim.form),
        benchmarks=claim.benchmarks,
        effect=None if found.effect is None else (_round(found.effect[0]), _known(found.effect[1]), _known(found.effect[2])),
        contexts=tuple(
            PublishedContext(
                benchmark=c.benchmark, levels=dict(c.levels), status=c.status, mean=_round(c.mean), low=_known(c.low),
                high=_known(c.high), first=_known(c.first), second=_known(c.second), replicates=c.replicates, cells=c.cells,
            )
            for c in found.contexts
        ),
        moderator=None if hangs_on is None else PublishedModerator(
            factor=hangs_on.factor,
            levels=tuple(
                PublishedLevel(label=v.label, mean=_round(v.mean), low=_known(v.low), high=_known(v.high), contexts=v.contexts)
                for v in hangs_on.levels
            ),
        ),
        prediction=_prediction(found),
        evidence=dict(found.evidence),
    )  # fmt: skip


def _form_name(form: Form | None) -> str:
    return type(form).__name__.lower() if form is not None else ""


def _prediction(found: Judgement) -> PublishedPrediction | None:
    counts, form = found.prediction, found.claim.form
    if counts is None or not isinstance(form, Predict):
        return None
    ends: tuple[Any, ...] = counts.share.interval() if counts.cells else (0.0, math.nan, math.nan)
    return PublishedPrediction(
        when=form.when, then=form.then, share=form.share, cells=counts.cells, hits=counts.hits, low=_known(ends[1]),
        high=_known(ends[2]), others=counts.others, other_hits=counts.other_hits, unknown=counts.unknown,
        misses=counts.misses,
    )  # fmt: skip


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else _round(value)
