"""Published verdicts: one JSON file beside the tables that they are based on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from suite.claims.claim import ClaimWords, Holds
from suite.claims.contexts import Status
from suite.claims.evaluation import Judgement
from suite.claims.forms.predict import Predict
from suite.claims.forms.value import Value
from suite.claims.phrases import measure_text
from suite.claims.verdicts import Verdict
from suite.protocol.records import PROTOCOL_VERSION
from suite.results.errors import ResultsError, first_line, told_as

FILE = "claims.json"
COMMAND = "suite claims --results {0} --out {0}"
"""The command that writes the file."""

_DIGITS = 6

Rounded = Annotated[float, AfterValidator(lambda value: float(f"{value:.{_DIGITS}g}"))]
"""A number rounded to the digits that all machines agree on."""


def _none_of_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


Known = Annotated[Rounded | None, BeforeValidator(_none_of_nan)]
"""A rounded number; None for NaN."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class PublishedContext(_Part):
    """A `suite.claims.contexts.Context`, with None for NaN."""

    benchmark: str
    levels: dict[str, str]
    status: Status
    mean: Rounded
    low: Known
    high: Known
    first: Known
    second: Known
    replicates: int
    cells: tuple[str, ...]


class PublishedLevel(_Part):
    """A `suite.claims.moderators.Moderated`, with None for NaN."""

    label: str
    mean: Rounded
    low: Known
    high: Known
    contexts: int


class PublishedModerator(_Part):
    """A `suite.claims.moderators.Moderator`."""

    factor: str
    levels: tuple[PublishedLevel, ...]


class PublishedPrediction(_Part):
    """A `suite.claims.verdicts.Prediction`, with its condition."""

    when: str | None
    then: str
    share: float
    cells: int
    hits: int
    low: Known
    high: Known
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]


class PublishedClaim(ClaimWords, _Part):
    """One claim with its verdict; fields not listed here are those of `Claim` and `Judgement`.

    Attributes:
        test: The comparison in one line.
        measure: The measured quantity, without underscores.
        claimed: delta, or the published value.
        form: Key of the form; empty if there is none.
        moderator: Factor that the effect depends on, if the verdict is DEPENDS.
        evidence: Digest of the tables by benchmark.
    """

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
    effect: tuple[Rounded, Known, Known] | None
    contexts: tuple[PublishedContext, ...]
    moderator: PublishedModerator | None
    prediction: PublishedPrediction | None
    evidence: dict[str, str]


class PublishedClaims(_Part):
    """Contents of the file."""

    protocol_version: int
    claims: tuple[PublishedClaim, ...]


def published(found: Sequence[Judgement]) -> PublishedClaims:
    """Converts judgements to the contents of the file."""
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
    """Reads the claims of a folder of published results; returns none if the file does not exist.

    Args:
        folder: Folder of published results.
        digests: Digest (`suite.claims.from_results.digest_of`) of the tables of each benchmark.

    Raises:
        ResultsError: The file is invalid, of another protocol version, or based on other tables.
    """
    path = folder / FILE
    again = f"update it with `{COMMAND.format(folder)}`"
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
        raise ResultsError([f"{path}: was judged on other tables of {name} than those here (see {first}); {again}"])
    return found.claims


def _claim(found: Judgement) -> PublishedClaim:
    claim, form = found.claim, found.claim.form
    return PublishedClaim.model_validate(
        {
            **vars(claim),
            **vars(found),
            "test": claim.test_text,
            "because": found.because,
            "measure": measure_text(claim.measure),
            "claimed": form.figure if isinstance(form, Value) else claim.by,
            "form": form.key if form else "",
            "moderator": found.moderator if found.verdict is Verdict.DEPENDS else None,
            "prediction": _prediction(found),
        }
    )


def _prediction(found: Judgement) -> dict[str, Any] | None:
    counts, form = found.prediction, found.claim.form
    if counts is None or not isinstance(form, Predict):
        return None
    low, high = counts.share.interval()[1:] if counts.cells else (math.nan, math.nan)
    return {**vars(counts), **vars(form), "low": low, "high": high}
