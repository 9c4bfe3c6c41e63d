"""Handles closed, full or broken standard streams."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast


class OutputError(Exception):
    """Standard output cannot be written; the message is empty for a broken pipe."""


class _Output:
    """Standard output, with errors distinguished from those of other files."""

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
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # or Python reports it again at exit
        reader_is_gone = isinstance(error, BrokenPipeError)
        raise OutputError("" if reader_is_gone else f"standard output cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Redirects closed streams to the null device, or the next file opened, such as a database, would get our output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    out, err = sys.stdout or os.fdopen(1, "w", closefd=False), sys.stderr or os.fdopen(2, "w", closefd=False)
    with contextlib.redirect_stdout(cast("TextIO", _Output(out))), contextlib.redirect_stderr(err):
        yield
