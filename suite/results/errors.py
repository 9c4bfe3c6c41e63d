"""What is raised where exported results cannot be used, and how a library's own error is cut to a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class ResultsError(Exception):
    """Exported results, or a folder to write to, cannot be used. Its text is ready for a user: one problem a line.

    Attributes:
        problems: Each names the file, what was found and what was expected.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]


@contextmanager
def told_as(doing: str, path: Path) -> Iterator[None]:
    """What the machine refuses while the block runs, as `PATH: cannot be DOING: why`.

    Raises:
        ResultsError: In place of an OSError, of the file that it names.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError([f"{error.filename or path}: cannot be {doing}: {first_line(error)}"]) from error
