"""Cells out to worker processes, results back as they finish. A worker that would give other numbers gets no cell."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from suite.protocol.records import Cell, Failure, Record
from suite.protocol.written import counted
from suite.run import worker_log
from suite.run.cell_queue import CellQueue
from suite.run.connection import ClusterError, joined_cluster, local_cluster, misfit
from suite.run.provenance import Origin, Own, origin, own_sources
from suite.run.worker import Answer, Run, short, train, work

LEAST_MEMORY, MOST_MEMORY = 1.5 * 2**30, 6 * 2**30
"""Bytes that a local worker may hold lie between these, as the machine allows: TensorFlow alone takes 0.7 GiB."""

_LOOK_SECONDS, _WAIT_SECONDS = 0.5, 0.02
"""How often to look for workers, and for results."""
_PATIENCE_SECONDS, _REFUSED_SECONDS, _TOLD_SECONDS = 60.0, 5.0, 5.0
"""How long to wait for a worker where there is none, and where all were refused; and when the user is told."""

_DIED = "the worker process died (killed, out of memory, or crashed)"

Known = Callable[[Cell], Sequence[Record]]
"""Brings the records of a cell under other budgets."""

Tell = Callable[[str], None]
"""Shows a line to the user."""


@dataclass(frozen=True)
class PoolResult:
    """What came of a cell, and the process that made it; None where no worker came back with it."""

    result: Record | Failure
    origin: Origin | None


@dataclass(frozen=True)
class Pool:
    """Who runs cells.

    Attributes:
        client: Dask's client; None where this process does the work.
        memory_limit: Bytes after which a worker is replaced; 0 for never.
    """

    client: Any
    memory_limit: float = 0.0


def memory_limit_of(workers: int) -> float:
    """Bytes that each of so many local workers may hold after a cell; one that holds more is replaced."""
    import psutil

    return float(max(LEAST_MEMORY, min(MOST_MEMORY, 0.8 * psutil.virtual_memory().total / workers)))


@contextlib.contextmanager
def open_pool(workers: int | str, cells: int, run: Run = train, *, memory_limit: float | None = None) -> Iterator[Pool]:
    """Worker processes, which get ready while the caller does something else and end with the block.

    Args:
        workers: Number of local processes, one thread each; 0 for this process; or the address of a Dask scheduler
            (`tcp://host:port`), whose workers have this package installed.
        cells: Number of cells, one at least: no more processes are started.
        run: Makes the record of each cell.
        memory_limit: Bytes that a local worker may hold; by default what `memory_limit_of` says.

    Raises:
        ClusterError: The cluster cannot be reached.
    """
    if not isinstance(workers, int):
        with joined_cluster(workers) as client:
            yield Pool(client)
    elif workers:
        count = min(workers, cells)
        preload = ["suite.run.worker", *(["suite.run.preload"] if run is train else [])]
        with local_cluster(count, preload) as client:
            yield Pool(client, memory_limit_of(count) if memory_limit is None else memory_limit)
    else:
        yield Pool(None)


def run_cells(
    cells: Sequence[Cell],
    pool: Pool,
    *,
    run: Run = train,
    known: Known = lambda cell: (),
    tell: Tell = lambda line: None,
    phase: Tell = lambda words: None,
) -> Generator[PoolResult, None, None]:
    """Runs cells, and yields what came of each as it is finished.

    A cell whose worker dies, or whose `run` raises, is tried again before it is a failure; the others go on.

    Args:
        cells: In the order in which they should be begun.
        pool: The workers.
        run: Makes the record of a cell, given its known records; a function that can be pickled.
        known: Brings the records of a cell under other budgets; called as the cell is given away.
        tell: Is told of workers that are refused.
        phase: Is told what is being done, such as "compiling 1 of 3 programs".

    Raises:
        ClusterError: All workers are gone for good, or refused.
    """
    if not cells:
        return
    queue, own = CellQueue(cells), own_sources(cells)
    if pool.client is None:
        yield from _in_this_process(queue, run, known, own, phase)
        return
    yield from _Workers(pool, queue, run, known, own, tell, phase).results(len(cells))


def _take(queue: CellQueue, worker: str, phase: Tell) -> Cell | None:
    """The next cell for a worker; tells of each program that is compiled for the first time."""
    before = queue.programs
    cell = queue.take(worker)
    if queue.programs != before:
        begun, programs = queue.programs
        phase(f"compiling {begun} of {counted(programs, 'program')}")
    return cell


def _in_this_process(queue: CellQueue, run: Run, known: Known, own: Own, phase: Tell) -> Iterator[PoolResult]:
    here = origin(own)
    while (cell := _take(queue, "here", phase)) is not None:
        answer = work(run, cell, own, known(cell))
        if differs := here.differs(answer.origin):
            raise ClusterError(f"what is trained was changed during the run ({differs}): give the command again")
        result = answer.record or queue.failed(cell, answer.error)
        if result is not None:
            yield PoolResult(result, answer.origin)


def _aside(call: Callable[..., Any], *arguments: Any, **options: Any) -> Future:
    """Calls what may wait for a worker, in a thread that the end of the run does not wait for."""
    future: Future = Future()

    def wait() -> None:
        try:
            future.set_result(call(*arguments, **options))
        except Exception as error:  # the worker or the connection is gone, or the cluster closed meanwhile
            future.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    return future


class _Workers:
    """The workers of a cluster, each with one cell at a time.

    Args:
        pool: Connected.
        queue: The cells.
        run: See `run_cells`, as for `known` and `tell`.
        known: See there.
        own: The user's own components and data files that cells name.
        tell: See there, as for `phase`.
    """

    def __init__(self, pool: Pool, queue: CellQueue, run: Run, known: Known, own: Own, tell: Tell, phase: Tell) -> None:
        from distributed import as_completed

        self._client, self._memory_limit, self._queue = pool.client, pool.memory_limit, queue
        self._run, self._known, self._own, self._tell, self._phase = run, known, own, tell, phase
        self._here, self._address = origin(own), str(pool.client.scheduler.addr)
        # With results: what a worker made and took with it as it died would be waited for without an end.
        self._completed = as_completed(loop=pool.client.loop, with_results=True, raise_errors=False)
        self._asked: dict[str, Future] = {}
        self._ready: set[str] = set()
        self._refused: dict[str, str] = {}
        self._leaving: set[str] = set()
        self._busy: dict[str, tuple[Any, Cell]] = {}
        self._lost: list[Failure] = []
        self._log = worker_log.WorkerLog()
        self._seen = time.monotonic()
        self._waits = False

    def results(self, count: int) -> Iterator[PoolResult]:
        """One for each of so many cells, in the order in which they are finished."""
        looked = -_LOOK_SECONDS
        while count:
            if time.monotonic() - looked > _LOOK_SECONDS:
                self._look()
                looked = time.monotonic()
            done = [self._settle(*each) for each in self._completed.next_batch(block=False)]
            self._give()  # before anything is done with the results: workers do not wait for that
            found = [*filter(None, done), *(PoolResult(failure, None) for failure in self._lost)]
            self._lost.clear()
            count -= len(found)
            yield from found
            if not found:
                time.sleep(_WAIT_SECONDS)

    def _look(self) -> None:
        """Takes note of workers that came and went."""
        try:
            present = self._present()
        except Exception as error:
            raise ClusterError(
                f"the Dask scheduler at {self._address} is gone. Finished cells are saved: give the command again when "
                "it is back"
            ) from error
        self._log.watch()
        for worker in set(self._busy) - present:
            self._lose(worker)
        self._ready &= present
        self._leaving &= present
        for worker in present - self._ready - set(self._asked) - set(self._refused):
            ask = self._client.run  # not a task: a worker without this package would die of that without a word
            self._asked[worker] = _aside(ask, origin, self._own, workers=[worker], on_error="return")
        for worker, answer in list(self._asked.items()):
            if answer.done():
                del self._asked[worker]
                self._introduced(worker, answer)
        if self._ready or set(self._asked) & present:
            self._seen = time.monotonic()
        else:
            self._lose_patience(time.monotonic() - self._seen)

    def _present(self) -> set[str]:
        """Asked again where the connection was cut under the question: a new one tells whether the scheduler is there."""
        from distributed.comm import CommClosedError

        with contextlib.suppress(CommClosedError):
            return set(self._client.nthreads())
        return set(self._client.nthreads())

    def _introduced(self, worker: str, answer: Future) -> None:
        if answer.exception() is not None:  # the connection was lost under the question: it is asked again
            return
        said = answer.result().get(worker)
        if said is None or isinstance(said, OSError):
            return
        differs = misfit(said) if isinstance(said, Exception) else self._here.differs(said)
        if differs:
            self._refuse(worker, differs)
        else:
            self._ready.add(worker)

    def _lose_patience(self, waited: float) -> None:
        if self._refused and waited > _REFUSED_SECONDS:
            reasons = dict.fromkeys(f"{reason} ({worker})" for worker, reason in self._refused.items())
            raise ClusterError(
                f"none of the workers at {self._address} may run cells, since numbers hold per version: each has "
                f"{'; '.join(reasons)}. They need what is installed here; see docs/cluster.md"
            )
        if waited > _PATIENCE_SECONDS:
            raise ClusterError(f"no worker is at {self._address}, and none came within a minute")
        if waited > _TOLD_SECONDS and not self._waits:
            self._waits = True
            self._tell(f"no worker is at {self._address} yet: waiting for one")

    def _refuse(self, worker: str, reason: str) -> None:
        self._ready.discard(worker)
        self._refused[worker] = reason
        self._tell(f"worker {worker} gets no cells: it has {reason}")

    def _give(self) -> None:
        """A cell for every worker that is idle."""
        for worker in sorted(self._ready - set(self._busy) - self._leaving):
            cell = _take(self._queue, worker, self._phase)
            if cell is not None:
                key = f"{cell.fingerprint}-{time.monotonic_ns()}"
                what = self._run, cell, self._own, self._known(cell)
                future = self._client.submit(work, *what, key=key, workers=[worker], pure=False)
                self._busy[worker] = future, cell
                self._completed.add(future)

    def _settle(self, future: Any, came: Any) -> PoolResult | None:
        """The result of a future that is done; None if its cell is to be tried again.

        Args:
            future: The future.
            came: An answer, or what Dask has in place of one: the exception, alone or with its class and traceback.
        """
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        worker = next((name for name, (busy, _) in self._busy.items() if busy is future), None)
        if worker is None:  # its worker was given up before
            return None
        if isinstance(came, Answer):
            return self._answered(worker, came)
        error = came[1] if isinstance(came, tuple) else came
        if isinstance(error, CancelledError):  # the connection was lost, which is the fault of neither
            self._queue.put_back(self._busy.pop(worker)[1])
        elif isinstance(error, KilledWorker):
            self._leaving.add(worker)
            self._lose(worker)
        else:
            self._lose(worker, short(error))
        return None

    def _answered(self, worker: str, answer: Answer) -> PoolResult | None:
        _, cell = self._busy.pop(worker)
        if differs := self._here.differs(answer.origin):
            self._queue.forget(worker)
            self._queue.put_back(cell)
            self._refuse(worker, differs)
            return None
        if self._memory_limit and answer.memory > self._memory_limit:
            self._queue.forget(worker)
            self._leaving.add(worker)
            _aside(self._client.restart_workers, [worker], raise_for_error=False)
        result = answer.record or self._queue.failed(cell, answer.error)
        return None if result is None else PoolResult(result, answer.origin)

    def _lose(self, worker: str, error: str = "") -> None:
        """The cell did not come back from the worker; without an error, because it died."""
        future, cell = self._busy.pop(worker)
        _aside(future.cancel)
        self._queue.forget(worker)
        failure = self._queue.failed(cell, error or f"{_DIED}{self._log.of(worker)}")
        if failure is not None:
            self._lost.append(failure)
