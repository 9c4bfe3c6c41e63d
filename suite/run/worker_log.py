"""What a worker process wrote before it died, and the memory it held: all that is left to say why."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Sequence
from pathlib import Path

_FOLDER = "suite.worker-log"
"""The folder of the logs of a local cluster, as a setting of Dask's, which worker processes share."""

_FATAL, _AROUND, _LENGTH = "Fatal Python error", 2, 600


def kept_in(folder: str) -> dict[str, str]:
    """The setting for a cluster whose workers keep their logs in a folder."""
    return {_FOLDER: folder}


def keep(address: str) -> None:
    """Sends this worker's errors to a file, where a crash in native code tells of itself too; to nowhere without one."""
    folder = _folder()
    place = os.devnull if folder is None else folder / f"{_port(address)}.{os.getpid()}"
    file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 2)
    os.close(file)
    faulthandler.enable(2, all_threads=False)


class WorkerLog:
    """Notes the memory of workers that keep a log."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}

    def watch(self) -> None:
        """Notes what each of them holds, and what memory the machine has left."""
        import psutil

        left = psutil.virtual_memory().available
        for file in self._files():
            with contextlib.suppress(psutil.Error):
                self._seen[file.name] = psutil.Process(int(file.suffix[1:])).memory_info().rss, left

    def of(self, address: str) -> str:
        """Of a worker that is gone: "; it held 3.1 GiB when 0.2 GiB of memory were left; it said ..."; empty if unknown."""
        file = max(self._files(_port(address)), key=lambda file: file.stat().st_mtime, default=None)
        if file is None:
            return ""
        seen = self._seen.get(file.name)
        held = (
            "; it held {:.1f} GiB when {:.1f} GiB of memory were left".format(*(n / 2**30 for n in seen))
            if seen
            else ""
        )
        return f"{held}; it said {_short(file) or 'nothing'}"

    @staticmethod
    def _files(port: str = "*") -> Sequence[Path]:
        folder = _folder()
        return [] if folder is None else sorted(folder.glob(f"{port}.*[0-9]"))


def _folder() -> Path | None:
    import dask.config

    folder = dask.config.get(_FOLDER, None)
    return None if folder is None else Path(folder)


def _port(address: str) -> str:
    return address.rpartition(":")[2]


def _short(file: Path) -> str:
    """The last lines; of a crash those that tell which, and the innermost place in Python's code."""
    lines = [line.strip() for line in file.read_text(errors="replace").splitlines() if line.strip()]
    fatal = next((i for i, line in enumerate(lines) if line.startswith(_FATAL)), None)
    end = len(lines) if fatal is None else fatal + 1 + _AROUND
    start = max(0, (end if fatal is None else fatal) - _AROUND)
    return " | ".join(lines[start:end])[-_LENGTH:]
