"""What can go wrong with the folder of records, in words that a user can act on."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RecordsError(Exception):
    """The folder of records cannot be used. The text is ready for a user; records that were saved are whole."""


@contextlib.contextmanager
def explained(doing: str, folder: Path) -> Iterator[None]:
    """Turns errors of the operating system into a `RecordsError`.

    Args:
        doing: The attempt in words, such as "write to".
        folder: The folder concerned.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(doing, folder) from error
        reason = error.strerror or str(error) or type(error).__name__
        raise RecordsError(f"could not {doing} the folder of records {folder}: {reason}.") from error


def disk_full(doing: str, folder: Path) -> RecordsError:
    """The error for a full disk; says how much room is left."""
    free = shutil.disk_usage(next(parent for parent in (folder, *folder.parents) if parent.exists())).free
    return RecordsError(
        f"the disk is full: could not {doing} {folder}, where {free / 1e6:.1f} MB are free. Saved records are whole."
    )
