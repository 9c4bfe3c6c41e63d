"""Published verdicts: one JSON file beside the tables that they are based on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from suite.claims.answers import Answer
from suite.claims.claim import ClaimWords
from suite.claims.contexts import Excluded
from suite.claims.evaluation import Judgement
from suite.claims.forms.value import Value
from suite.claims.phrases import Amounts
from suite.claims.verdicts import Replication, Verdict, deciding
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
    answer: Answer
    excluded: Excluded | None
    mean: Rounded
    low: Known
    high: Known
    first: Known
    second: Known
    replicates: int
    cells: tuple[str, ...]
    at_edge: bool


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
    benchmark: str
    levels: tuple[PublishedLevel, ...]


class PublishedPlace(_Part):
    """A `suite.claims.verdicts.Place`, with None for NaN."""

    benchmark: str
    task: str
    verdict: Verdict
    answer: Answer
    effect: tuple[Rounded, Known, Known] | None
    detectable: Known
    settings: int


class PublishedPrediction(_Part):
    """A `suite.claims.verdicts.Prediction`, with its condition."""

    when: str | None
    then: str
    networks: int
    hits: int
    others: int
    other_hits: int
    unknown: int
    misses: tuple[tuple[str, str], ...]


class PublishedVerdict(_Part):
    """A verdict that a claim had before.

    Attributes:
        verdict: In the words of its time.
        digest: Hash of the claim's text.
        protocol_version: Of the tables.
        runs: Largest number of runs in a setting; None if unknown.
    """

    verdict: str
    digest: str
    protocol_version: int
    runs: int | None


class PublishedClaim(ClaimWords, _Part):
    """One claim with its verdict; fields not listed here are those of `Claim` and `Judgement`.

    Attributes:
        test: The comparison in one line.
        measure: The measured quantity, in words.
        by: delta, or how much more frequent a prediction says that its consequence is.
        claimed: Least effect that counts, or the published value.
        form: Key of the form; empty if there is none.
        moderator: What the verdict depends on or the effect varies with.
        evidence: Digest of the tables by benchmark.
        history: Verdicts that it had before, oldest first.
    """

    test: str
    digest: str
    verdict: Verdict
    because: str
    counts: str
    measure: str
    by: float
    claimed: float
    form: str
    benchmarks: tuple[str, ...]
    contexts: tuple[PublishedContext, ...]
    places: tuple[PublishedPlace, ...]
    replication: Replication
    moderator: PublishedModerator | None
    prediction: PublishedPrediction | None
    evidence: dict[str, str]
    history: tuple[PublishedVerdict, ...] = ()

    @property
    def first(self) -> PublishedPlace | None:
        """The first benchmark that decides it or, if none does, that has an effect."""
        return deciding(self.places)


class PublishedClaims(_Part):
    """Contents of the file."""

    protocol_version: int
    claims: tuple[PublishedClaim, ...]


class _EarlierContext(_Part):
    replicates: int


class _EarlierClaim(_Part):
    id: str
    verdict: str
    digest: str
    evidence: dict[str, str]
    contexts: tuple[_EarlierContext, ...]
    history: tuple[PublishedVerdict, ...] = ()


class EarlierClaims(_Part):
    """What history needs of a file of any version."""

    protocol_version: int
    claims: tuple[_EarlierClaim, ...]


def published(found: Sequence[Judgement], before: EarlierClaims | None = None) -> PublishedClaims:
    """Converts judgements to the contents of the file.

    Args:
        found: The judgements.
        before: The file that it replaces, whose verdicts become history.
    """
    old = {claim.id: claim for claim in before.claims} if before else {}
    version = before.protocol_version if before else 0
    claims = [
        one.model_copy(update={"history": _history(one, old[one.id], version)}) if one.id in old else one
        for one in map(_claim, found)
    ]
    return PublishedClaims(protocol_version=PROTOCOL_VERSION, claims=tuple(claims))


def write(found: Sequence[Judgement], folder: Path) -> Path:
    """Writes the file into a folder of published results. Verdicts of a file that is there become history.

    Raises:
        ResultsError: It cannot be written.
    """
    path = folder / FILE
    plain = published(found, _before(path)).model_dump(mode="json")
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
    question = form.question(claim) if form else None
    return PublishedClaim.model_validate(
        {
            **vars(claim),
            **vars(found),
            "test": claim.test_text,
            "because": found.because,
            "counts": found.counts,
            "measure": Amounts(claim.measure).title,
            "claimed": form.figure if isinstance(form, Value) else question.low if question else claim.by,
            "form": form.key if form else "",
            "replication": found.replication,
            "prediction": {**vars(found.prediction), **vars(form)} if found.prediction is not None else None,
        }
    )


def _before(path: Path) -> EarlierClaims | None:
    """The file that is there, of whatever version; None if there is none that can be read."""
    try:
        return EarlierClaims.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _history(claim: PublishedClaim, before: _EarlierClaim, version: int) -> tuple[PublishedVerdict, ...]:
    """The verdicts that a claim had before; its last one is among them if its text, its tables or the verdict changed since."""
    last = (before.verdict, before.digest, before.evidence)
    if not before.evidence or last == (claim.verdict, claim.digest, claim.evidence):
        return before.history
    runs = max((context.replicates for context in before.contexts), default=None)
    verdict = PublishedVerdict(verdict=before.verdict, digest=before.digest, protocol_version=version, runs=runs)
    return (*before.history, verdict)
