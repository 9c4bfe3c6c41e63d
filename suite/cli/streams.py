"""Standard input, output and error as a user left them: closed, full or a pipe that nobody reads any more."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class OutputError(Exception):
    """Standard output cannot be written. Its text is ready for a user, and empty where nobody reads any more."""


class _Output:
    """Standard output, whose trouble is told apart from that of any other file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _told(self._stream):
            return self._stream.write(text)

    def flush(self) -> None:
        with _told(self._stream):
            self._stream.flush()


@contextlib.contextmanager
def _told(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python complains of it again as it ends
        reader_is_gone = isinstance(error, BrokenPipeError)
        raise OutputError("" if reader_is_gone else f"standard output cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """What is closed leads nowhere: else the next file that is opened, a database say, would get our words."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    out, err = sys.stdout or os.fdopen(1, "w", closefd=False), sys.stderr or os.fdopen(2, "w", closefd=False)
    with contextlib.redirect_stdout(cast("TextIO", _Output(out))), contextlib.redirect_stderr(err):
        yield
