"""Which published results had a sample of their recipes trained again: `verified.json` beside the tables, written by `tools.verify`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from suite.results.errors import ResultsError, first_line, told_as

FILE = "verified.json"

TOLERANCE = 0.01
"""Share of the way from chance to a perfect score by which other processors and library versions may move a recipe."""


class Verified(BaseModel):
    """A sample of recipes of one benchmark that was trained again and agreed.

    Attributes:
        digest: Digest of the tables that were checked; of other tables it says nothing.
        recipes: Number of recipes trained again.
        of: Number of published recipes.
        seed: Seed of the sample.
        largest_gap: Largest difference of a recipe's mean test score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    recipes: int
    of: int
    seed: int
    largest_gap: float


_Stored = TypeAdapter(dict[str, Verified])


def read(results: Path) -> Mapping[str, Verified]:
    """The stored checks by benchmark; empty if there are none.

    Raises:
        ResultsError: The file cannot be used.
    """
    file = results / FILE
    if not file.is_file():
        return {}
    with told_as("read", file):
        text = file.read_bytes()
    try:
        return _Stored.validate_json(text)
    except ValidationError as error:
        raise ResultsError([f"{file}: is not as tools.verify writes it: {first_line(error)}"]) from error


def write(results: Path, found: Mapping[str, Verified]) -> None:
    """Stores checks, in the order of their benchmarks."""
    file = results / FILE
    with told_as("written", file):
        file.write_bytes(_Stored.dump_json(dict(sorted(found.items())), indent=1) + b"\n")
