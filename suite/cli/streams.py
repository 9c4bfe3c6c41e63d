"""Standard input, output and error as a user left them: closed, full or a pipe that nobody reads any more."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator


class OutputError(Exception):
    """Standard output cannot be written. Its text is ready for a user, and empty where nobody reads any more."""


class _Output(io.TextIOWrapper):
    """Standard output, whose trouble is told apart from that of any other file."""

    def write(self, text: str) -> int:
        with _told(self):
            return super().write(text)

    def flush(self) -> None:
        with _told(self):
            super().flush()


@contextlib.contextmanager
def _told(output: _Output) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())  # or Python complains of it again as it ends
        reader_is_gone = isinstance(error, BrokenPipeError)
        raise OutputError("" if reader_is_gone else f"standard output cannot be written: {error.strerror}") from error


def use_standard_streams() -> None:
    """What is closed leads nowhere: else the next file that is opened, a database say, would get our words."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    given = sys.stdout
    encoding, errors = (given.encoding, given.errors) if given else (None, None)
    buffer = given.detach() if isinstance(given, io.TextIOWrapper) else os.fdopen(1, "wb", closefd=False)
    sys.stdout = _Output(buffer, encoding, errors, line_buffering=os.isatty(1))
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
