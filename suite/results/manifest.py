"""The manifest of exported tables: one typed model, which the writer fills and the reader holds a file against."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import ErrorDetails, from_json

from suite.protocol.columns import TABLES, factor_column
from suite.protocol.labels import label_text
from suite.protocol.records import OWN_SAMPLER, PROTOCOL_VERSION
from suite.results.errors import ResultsError, first_line

MANIFEST = "manifest.json"
CSV = ("cells", "replicates", "trials")
SHORT = (*CSV, "curves")
"""Tables that are read whole."""

FILES = (*(f"{name}.parquet" for name in TABLES), *(f"{name}.csv" for name in CSV))
"""What an export may hold beside its manifest. Only these are published: the site copies no file of anybody's choice."""

OPTIONAL = ("gradients_through_time",)
"""Tables that not every benchmark has."""

REQUIRED = tuple(f"{name}.parquet" for name in TABLES if name not in OPTIONAL)

WITHOUT_DRAWS = 2
"""Protocol version of boards not yet trained again: one tuning and one split of the data for all replicates."""

_FLOAT32_MAX = 3.4028234663852886e38  # everything is trained in float32


def _scalar(value: Any) -> Any:
    """A text, a number or a boolean."""
    if not isinstance(value, str | int) and not (isinstance(value, float) and math.isfinite(value)):
        raise ValueError("a text, a number, true or false")
    return value


def _plain(value: Any) -> Any:
    """What a spec may set: also nothing, and lists and objects of such."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value and _scalar(value)


def _time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time such as 2026-01-31T12:00:00+00:00") from None
    return text


Number = Annotated[float, Field(ge=-_FLOAT32_MAX, le=_FLOAT32_MAX)]
Rate = Annotated[float, Field(gt=0, le=_FLOAT32_MAX)]
Seed = Annotated[int, Field(ge=0, le=2**64)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Some = Annotated[int, Field(ge=1, lt=2**31)]
Label = Annotated[Any, PlainValidator(_scalar)]
Plain = Annotated[Any, PlainValidator(_plain)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]


class _Part(BaseModel):
    """Types are taken as they are, nothing is turned into them; a key that this version does not know is left unread."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, extra="ignore")


class TaskFacts(_Part):
    """The task's arguments, which hang on the task, and what its scores mean."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Plain] = Field(init=False)

    name: str
    metric: str
    higher_is_better: bool
    chance_score: Annotated[Number, Field(ge=0)]
    baseline_loss: Number


class BudgetFacts(_Part):
    """As in `suite.protocol.records.Budget`."""

    steps: Some
    trials: Count
    replicates: Some
    evaluations: Some
    learning_rate_low: Rate
    learning_rate_high: Rate
    landscape: bool = False
    tunings: Some = 1
    sampler: str = OWN_SAMPLER


class Seeds(_Part):
    """The benchmark's, and the one of each replicate."""

    benchmark: Seed
    replicates: tuple[Seed, ...]


class Missing(_Part):
    """A cell without a result."""

    cell: Fingerprint
    factors: dict[str, Label]
    status: Literal["not run", "infrastructure error"]
    detail: str


class Manifest(_Part):
    """What is told beside the tables, in the order it is written. These keys are a promise to people who read it."""

    protocol_version: int
    benchmark: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    title: str
    description: str
    spec: str
    spec_sha256: str
    quick: bool
    model: str
    task: TaskFacts
    target: Annotated[Number, Field(ge=0)]
    reference: Annotated[Number, Field(ge=0)] | None
    factors: dict[str, Annotated[tuple[Label, ...], Field(min_length=1)]]
    fixed: dict[str, Plain]
    budget: BudgetFacts
    thresholds: dict[str, Number]
    seeds: Seeds
    versions: dict[str, str]
    git_commit: str | None
    cells_by_commit: dict[str, Count]
    machine: dict[str, Plain]
    created: Annotated[str, AfterValidator(_time)]
    cells_total: Count
    missing: tuple[Missing, ...]
    files: dict[Literal[FILES], Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]  # type: ignore[valid-type]

    def steps_of(self, levels: Mapping[str, Any]) -> int:
        """What a run of the cell with these levels may take: the budget's steps, but for a grid that varies them."""
        varied = factor_column("steps")
        return int(levels[varied]) if varied in self.factors else self.budget.steps

    def text(self) -> str:
        """As it is written to its file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an exported folder.

    Raises:
        ResultsError: It is missing, no JSON, of another protocol version, or not as it should be.
    """
    path = folder / MANIFEST
    try:
        written = path.read_bytes()
        plain = from_json(written)
    except FileNotFoundError:
        raise ResultsError([f"{path}: no such file. `suite export` writes one beside its tables."]) from None
    except (OSError, ValueError) as error:
        raise ResultsError([f"{path}: cannot be read as JSON: {first_line(error)}"]) from error
    if not isinstance(plain, dict):
        raise ResultsError([f"{path}: Expected an object. Received: {type(plain).__name__}"])
    if (version := plain.get("protocol_version")) not in (WITHOUT_DRAWS, PROTOCOL_VERSION):
        raise ResultsError([f"{path}: Expected protocol version {PROTOCOL_VERSION}. Received: {version!r}."])
    try:
        manifest = Manifest.model_validate_json(written)
    except ValidationError as error:
        raise ResultsError([f"{path}: {_in_words(fault)}" for fault in error.errors()]) from None
    problems = [f"{path}: {problem}" for problem in _contradictions(manifest, folder.resolve().name)]
    if problems:
        raise ResultsError(problems)
    return manifest


_EXPECTED = {
    "int_type": "a whole number", "float_type": "a number", "finite_number": "a finite number", "string_type": "a text",
    "bool_type": "true or false", "dict_type": "an object", "model_type": "an object", "tuple_type": "a list",
    "too_short": "a list of one at least",
}  # fmt: skip

_LIMITS = {
    "pattern": "a text that matches {}", "le": "at most {:g}", "lt": "below {:g}", "ge": "at least {:g}",
    "gt": "above {:g}",
}  # fmt: skip


def _in_words(fault: ErrorDetails) -> str:
    """A fault that pydantic found: the key, what was expected and what is there."""
    *path, last = fault["loc"]
    if fault["type"] == "missing":
        return f"lacks {'.'.join(map(str, fault['loc']))!r}"
    if last == "[key]":
        return f"{'.'.join(map(str, path[:-1]))} lists {fault['input']!r}, which is no table of an export"
    key, context = ".".join(map(str, fault["loc"])), fault.get("ctx", {})
    limits = [text.format(context[name]) for name, text in _LIMITS.items() if name in context]
    told = str(context.get("error", "")) or fault["msg"].removeprefix("Input should be ")
    expected = limits[0] if limits else _EXPECTED.get(fault["type"], told)
    return f"Expected {key} to be {expected}. Received: {fault['input']!r}"[:300]


def _contradictions(manifest: Manifest, folder: str) -> Iterator[str]:
    """What no single key shows."""
    if hashlib.sha256(manifest.spec.encode()).hexdigest() != manifest.spec_sha256:
        yield "spec_sha256 is not that of the spec it holds"
    if manifest.benchmark != folder:
        yield f"is of benchmark {manifest.benchmark!r}, but its folder is called {folder!r}"
    if manifest.budget.learning_rate_low > manifest.budget.learning_rate_high:
        yield "Expected budget.learning_rate_low to be at most budget.learning_rate_high"
    shares = {
        "task.chance_score": manifest.task.chance_score,
        "target": manifest.target,
        "reference": manifest.reference,
    }
    for key, share in shares.items():
        if manifest.task.higher_is_better and share is not None and share > 1:
            yield f"Expected {key} to be a share of at most 1. Received: {share!r}"
    taken = {"benchmark", "cell"}.union(*TABLES.values())
    for factor, labels in manifest.factors.items():
        if factor in taken:
            yield f"factors: {factor!r} is the name of another column"
        if len({label_text(label) for label in labels}) < len(labels):
            yield f"Expected the labels of factor {factor!r} to differ. Received: {list(labels)!r}"[:300]
    yield from (f"files does not list {name}" for name in REQUIRED if name not in manifest.files)
    for entry in manifest.missing:
        if list(entry.factors) != list(manifest.factors):
            yield f"Expected missing cell {entry.cell} to have the factors {', '.join(manifest.factors)}"
            continue
        for factor, label in entry.factors.items():
            if label_text(label) not in map(label_text, manifest.factors[factor]):
                yield f"{factor} {label!r} of missing cell {entry.cell} is not one of the factor's labels"


def file_problems(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, or are not those the manifest describes."""
    for name, expected in manifest.files.items():
        path = folder / name
        if path.is_symlink():
            yield f"{path}: is a link. Expected a file"
        elif not path.is_file():
            yield f"{path}: no such file, but {MANIFEST} lists it"
        elif (found := sha256(path)) != expected:
            yield (
                f"{path}: is not the file that {MANIFEST} describes: its SHA-256 is {found[:12]}…, expected "
                f"{expected[:12]}…. It was changed or cut short after the export."
            )


def sha256(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
