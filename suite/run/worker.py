"""What a worker process does: keeps quiet, holds TensorFlow to one thread, and runs one cell at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.protocol.records import Cell, Record
from suite.run import worker_log
from suite.run.provenance import Origin, Own, origin

Run = Callable[[Cell, Sequence[Record]], Record]
"""Makes a cell's record, given what is recorded of it under other budgets."""

ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",  # whatever keras.json says
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # or the first worker would take all of a GPU's memory
    "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
}
"""Environment of a process that trains; it counts only if it is set before TensorFlow is imported."""

OWN = "your own "
"""With this begins the error of a cell whose own component raised it."""
_ERROR_LENGTH = 300


@dataclass(frozen=True)
class Answer:
    """What came of a cell: a record, or the error in its place; what made it, and the bytes the process holds now."""

    record: Record | None
    error: str
    memory: int
    origin: Origin


def train(cell: Cell, known: Sequence[Record]) -> Record:
    """Runs a cell, importing TensorFlow only now."""
    with _no_standard_error():  # it writes there as it is loaded, whatever its environment says
        from suite.training.experiment import run_cell

    return run_cell(cell, known)


@contextlib.contextmanager
def _no_standard_error() -> Iterator[None]:
    """What libraries write to standard error, past Python, leads nowhere meanwhile."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def work(run: Run, cell: Cell, own: Own, known: Sequence[Record]) -> Answer:
    """Runs a cell. Errors become text here, since not every exception survives the way to another process."""
    set_environment()
    try:
        return Answer(run(cell, known), "", memory_used(), origin(own))
    except (Exception, SystemExit) as error:
        return Answer(None, f"{_blame(error, cell)}{short(error)}", memory_used(), origin(own))


def _blame(error: BaseException, cell: Cell) -> str:
    """Says so, with file and line, where it is a user's own component that raised."""
    from suite.spec.sources import find_module

    names = {level["name"] for level in cell.recipe.values() if isinstance(level, Mapping) and ":" in level["name"]}
    files = {str(find_module(name.split(":")[0], cell.search_path)) for name in names}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    return f"{OWN}{Path(frames[-1].filename).name}, line {frames[-1].lineno}: " if frames else ""


def short(error: BaseException) -> str:
    """An exception in one line."""
    said = str(traceback.TracebackException.from_exception(error))  # though the error's own __str__ may raise
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return text if len(text) <= _ERROR_LENGTH else text[: _ERROR_LENGTH - 1] + "…"


def set_environment() -> None:
    """Holds TensorFlow to one thread and few words, unless it is loaded already."""
    if "tensorflow" not in sys.modules:
        os.environ.update(ONE_THREAD)


def memory_used() -> int:
    """Resident memory of this process, in bytes."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def dask_setup(worker: Any) -> None:
    """Called by Dask as a worker process starts. Ctrl-C is the parent's business, and so is the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    worker_log.keep(worker.address)
    set_environment()
