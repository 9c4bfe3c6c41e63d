"""Errors in a spec: position, received and expected value, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suite.protocol.labels import printable

QUOTE_LENGTH = 60
"""Largest number of characters of a user's text in a message."""
LISTED = 40
"""Largest number of names in a message."""


@dataclass(frozen=True)
class Problem:
    """One error.

    Attributes:
        file: Path of the file as the user gave it.
        line: Line from 1; None if the error has no position in the file.
        column: Column from 1; None if the error has no position in the line.
        key: Dotted path of the key, such as `budget.steps`; empty if there is none.
        message: Received and expected value.
    """

    file: str
    line: int | None
    column: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class SpecError(Exception):
    """Errors in a spec or in a request for it. The message has one line per problem.

    Attributes:
        problems: All problems, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def quote(text: str, length: int = QUOTE_LENGTH) -> str:
    """A user's text for a message: shortened, on one line, with control characters escaped."""
    return printable(text if len(text) <= length else text[: length - 3] + "...")


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """ "; did you mean relu?", or an empty text."""
    found = nearest(name, candidates)
    return f"; did you mean {found}?" if found else ""


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most similar to a mistyped name; None if none is similar."""
    plain = {candidate.casefold(): candidate for candidate in candidates}
    wanted = name[:QUOTE_LENGTH].casefold()
    matches = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.6)
    if not matches and len(wanted) > 2:
        matches = [candidate for candidate in plain if candidate.startswith(wanted)]
    return plain[matches[0]] if matches else None


def one_of(candidates: Sequence[str]) -> str:
    """The candidates in words: "one of a, b"."""
    if len(candidates) < 2:
        return "".join(candidates) or "nothing"
    more = len(candidates) - LISTED
    return f"one of {', '.join(candidates[:LISTED])}{f' and {more:,} more' if more > 0 else ''}"


def not_found(name: str, candidates: Sequence[str], expected: str | None = None) -> str:
    """ "got reluu, expected one of relu, tanh; did you mean relu?" """
    return f"got {quote(name)}, expected {expected or one_of(candidates)}{did_you_mean(name, candidates)}"
