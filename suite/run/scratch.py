"""Temporary files of ours: one folder of the machine's, in which every process has its own, gone when it is dead."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LOCK = ".lock"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what this process and those that it starts put aside, by way of `tempfile` too.

    Each holds the lock of its own while it lives, however it dies: what has none is a dead one's, and is cleared.
    """
    from filelock import FileLock

    before, environment = tempfile.tempdir, os.environ.get("TMPDIR")
    home = Path(tempfile.gettempdir(), f"trainability-suite-{_user()}")
    home.mkdir(mode=0o700, exist_ok=True)
    with FileLock(home / _LOCK):  # no other may be between making its folder and locking it
        _clear(home)
        own = Path(tempfile.mkdtemp(prefix="suite-", dir=home))
        held = FileLock(own / _LOCK)
        held.acquire()
    tempfile.tempdir = os.environ["TMPDIR"] = str(own)
    try:
        yield own
    finally:
        tempfile.tempdir = before
        if environment is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = environment
        held.release()
        shutil.rmtree(own, ignore_errors=True)
        with contextlib.suppress(OSError), FileLock(home / _LOCK):
            _clear(home)  # again: workers that outlived a killed run may have put files back while this one began


def _clear(home: Path) -> None:
    from filelock import FileLock, Timeout

    for folder in home.glob("suite-*"):
        with contextlib.suppress(Timeout), FileLock(folder / _LOCK, timeout=0):
            shutil.rmtree(folder, ignore_errors=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())
