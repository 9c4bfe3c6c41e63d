"""Cells out to worker processes, results back as they finish. With its neighbours it is the one place of Dask."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.records import Cell
from suite.run.connection import ClusterError, joined_cluster, local_cluster
from suite.run.dispatch import Dispatcher, Known, Settled, Tell, judge
from suite.run.handout import Handout
from suite.run.provenance import origin, own_sources
from suite.run.worker import Run, train, work

LEAST_MEMORY, MOST_MEMORY = 1.5 * 2**30, 6 * 2**30
"""Bytes that a local worker may hold lie between these, as the machine allows: TensorFlow alone takes 0.7 GiB."""


def default_workers() -> int:
    """One per core that this process may use."""
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


def memory_limit_of(workers: int) -> float:
    """Bytes that each of so many local workers may hold after a cell; one that holds more is replaced."""
    import psutil

    return float(max(LEAST_MEMORY, min(MOST_MEMORY, 0.8 * psutil.virtual_memory().total / workers)))


@dataclass(frozen=True)
class Crew:
    """Who runs cells.

    Attributes:
        client: Of Dask, by which workers are reached; None where this process does the work.
        memory_limit: Bytes after which a worker is replaced; 0 where none is.
    """

    client: Any
    memory_limit: float = 0.0


@contextlib.contextmanager
def crew(workers: int | str, cells: int, run: Run = train, *, memory_limit: float | None = None) -> Iterator[Crew]:
    """Processes that get ready while their caller does something else; they end with the block.

    Args:
        workers: Number of processes of a local cluster, one thread each; 0 for this process; or the address of a
            Dask scheduler (`tcp://host:port`), whose workers have this package installed.
        cells: There are no more of: one at least.
        run: What they will do.
        memory_limit: Of a local worker; by default what `memory_limit_of` says.

    Raises:
        ClusterError: The cluster cannot be reached.
    """
    if not isinstance(workers, int):
        with joined_cluster(workers) as client:
            yield Crew(client)
    elif workers:
        count = min(workers, cells)
        preload = ["suite.run.worker", *(["suite.run.warm"] if run is train else [])]
        with local_cluster(count, preload) as client:
            yield Crew(client, memory_limit_of(count) if memory_limit is None else memory_limit)
    else:
        yield Crew(None)


def run_cells(
    cells: Sequence[Cell],
    by: Crew,
    *,
    run: Run = train,
    known: Known = lambda cell: (),
    tell: Tell = lambda line: None,
) -> Generator[Settled, None, None]:
    """Runs cells and yields what came of each as it is finished.

    A cell whose worker dies, or whose `run` raises, is tried again before it is a failure; the others go on. A worker
    gets none before it has said what it runs: one with other versions, other code, or another text of the user's own
    modules gets none at all.

    Args:
        cells: In the order in which they should be begun; those of one program go to one worker as far as that pays.
        by: Who runs them.
        run: What is done with a cell and its known records; a function that can be pickled.
        known: What is recorded of a cell under other budgets; called as the cell is given away, from any thread.
        tell: Is told of workers that are refused.

    Raises:
        ClusterError: All workers are gone for good, or refused.
    """
    if not cells:
        return
    handout = Handout(cells)
    if by.client is None:
        yield from _in_this_process(handout, run, known)
    else:
        yield from Dispatcher(by.client, handout, run, known, by.memory_limit, tell).results(cells)


def _in_this_process(handout: Handout, run: Run, known: Known) -> Iterator[Settled]:
    own = own_sources(handout.cells)
    here = origin(own)
    while (cell := handout.take("here")) is not None:
        answer = work(run, cell, own, known(cell))
        differs = here.differs(answer.origin)
        if differs:
            raise ClusterError(_changed(differs))
        result = judge(handout, cell, answer)
        if result is not None:
            yield Settled(result, answer.origin)


def _changed(differs: str) -> str:
    return f"what is trained was changed during the run ({differs}): give the command again"
