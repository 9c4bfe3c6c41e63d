"""Cells out to worker processes, results back as they finish. Dask lives here only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.records import Cell, Failure, Record
from suite.run.handout import Handout
from suite.run.provenance import Origin, origin, own_sources
from suite.run.worker import Answer, Run, introduce, short, train, work

LEAST_MEMORY, MOST_MEMORY = 1.5 * 2**30, 6 * 2**30
"""Bytes that a local worker may hold lie between these, as the machine allows: TensorFlow alone takes 0.7 GiB."""

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS, _REFUSED_SECONDS = 60.0, 5.0
"""How long to wait for a worker where there is none, and where all that are there were refused."""

_CONNECT_SECONDS, _CLOSE_SECONDS = 6, 0.5

_DIED = "the worker process died (killed, out of memory, or crashed)"

_QUIET = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.preload": ["suite.run.worker"],
    "distributed.admin.system-monitor.gil.enabled": False,
}


@dataclass(frozen=True)
class Outcome:
    """What came of a cell in the end, and what made it; None where no worker came back with it."""

    result: Record | Failure
    origin: Origin | None


Known = Callable[[Cell], Sequence[Record]]
"""Brings what is recorded of a cell under other budgets."""

Tell = Callable[[str], None]
"""What is done with a line for the user."""


class ClusterError(Exception):
    """There is nobody left to run cells. Its text is ready for a user."""


def default_workers() -> int:
    """One per core that this process may use."""
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


def memory_limit_of(workers: int) -> float:
    """Bytes that each of so many local workers may hold after a cell; one that holds more is replaced."""
    import psutil

    return float(max(LEAST_MEMORY, min(MOST_MEMORY, 0.8 * psutil.virtual_memory().total / workers)))


def run_cells(
    cells: Sequence[Cell],
    workers: int | str,
    *,
    run: Run = train,
    known: Known = lambda cell: (),
    memory_limit: float | None = None,
    tell: Tell = lambda line: None,
) -> Generator[Outcome, None, None]:
    """Runs cells and yields what came of each as it is finished.

    A cell whose worker dies, or whose `run` raises, is tried again before it is a failure; the others go on. A worker
    gets none before it has said what it runs: one with other versions, other code, or another text of the user's own
    modules gets none at all. Closing the iterator ends the workers at once.

    Args:
        cells: In the order in which they should be begun; those of one program go to one worker as far as that pays.
        workers: Number of processes of a local cluster, one thread each; 0 for this process; or the address of a
            Dask scheduler (`tcp://host:port`), whose workers have this package installed.
        run: What is done with a cell and its known records; a function that can be pickled.
        known: What is recorded of a cell under other budgets; called as the cell is given away, from any thread.
        memory_limit: Bytes after which a local worker is replaced; by default what `memory_limit_of` says.
        tell: Is told of workers that are refused.

    Raises:
        ClusterError: The cluster cannot be reached, or all its workers are gone for good, or refused.
    """
    if not cells:
        return
    handout = Handout(cells)
    if workers == 0:
        yield from _in_this_process(handout, run, known)
        return
    with contextlib.ExitStack() as stack:
        if isinstance(workers, int):
            workers = min(workers, len(cells))
            client = stack.enter_context(_local_cluster(workers))
            limit = memory_limit_of(workers) if memory_limit is None else memory_limit
        else:
            client = stack.enter_context(_joined_cluster(workers))
            limit = 0
        yield from _Dispatcher(client, handout, run, known, limit, tell).results(cells)


def _in_this_process(handout: Handout, run: Run, known: Known) -> Iterator[Outcome]:
    own = own_sources(handout.cells)
    here = origin(own)
    while (cell := handout.take("here")) is not None:
        answer = work(run, cell, own, known(cell))
        differs = here.differs(answer.origin)
        if differs:
            raise ClusterError(_changed(differs))
        result = _judge(handout, cell, answer)
        if result is not None:
            yield Outcome(result, answer.origin)


def _changed(differs: str) -> str:
    return f"what is trained was changed during the run ({differs}): give the command again"


def _judge(handout: Handout, cell: Cell, answer: Answer) -> Record | Failure | None:
    """The result of an attempt; None if the cell is to be tried again."""
    if answer.record is None:
        return handout.failed(cell, answer.error)
    handout.done(answer.record)
    return answer.record


class _Dispatcher:
    """Keeps every worker busy with one cell, from Dask's callbacks, however slowly the results are taken.

    Args:
        client: Connected.
        handout: The cells.
        run: What is done with a cell.
        known: What is recorded of a cell under other budgets.
        memory_limit: Bytes after which a worker is replaced; 0 for never.
        tell: Is told of workers that are refused.
    """

    def __init__(self, client: Any, handout: Handout, run: Run, known: Known, memory_limit: float, tell: Tell) -> None:
        self._client, self._handout, self._run, self._memory_limit = client, handout, run, memory_limit
        self._records, self._tell, self._address = known, tell, str(client.scheduler.addr)
        self._own = own_sources(handout.cells)
        self._here = origin(self._own)
        self._lock = threading.RLock()
        self._results: queue.SimpleQueue[Outcome | str] = queue.SimpleQueue()
        self._asked: set[str] = set()
        self._known: set[str] = set()
        self._refused: dict[str, str] = {}
        self._busy: dict[str, tuple[Any, Cell]] = {}
        self._leaving: set[str] = set()
        self._closed = False

    def results(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """One for each of the cells, in the order in which they are finished."""
        count, seen_workers = len(cells), time.monotonic()
        try:
            while count:
                if self._look():
                    seen_workers = time.monotonic()
                else:
                    self._lose_patience(time.monotonic() - seen_workers)
                try:
                    outcome = self._results.get(timeout=_LOOK_SECONDS)
                except queue.Empty:
                    continue
                if isinstance(outcome, str):
                    self._tell(outcome)
                    continue
                count -= 1
                yield outcome
        finally:
            self._closed = True

    def _lose_patience(self, waited: float) -> None:
        if self._refused and waited > _REFUSED_SECONDS:
            reasons = dict.fromkeys(f"{reason} ({worker})" for worker, reason in self._refused.items())
            raise ClusterError(
                f"none of the workers at {self._address} may run cells, since numbers hold per version: each has "
                f"{'; '.join(reasons)}. They need what is installed here; see docs/cluster.md"
            )
        if waited > _PATIENCE_SECONDS:
            raise ClusterError(f"no worker is at {self._address}, and none came within a minute")

    def _look(self) -> bool:
        """Takes note of workers that came and went, and gives idle ones a cell. Whether there are any to give it to."""
        try:
            present = set(self._client.nthreads())  # scheduler_info swallows that nobody answers
        except Exception as error:
            raise ClusterError(
                f"the Dask scheduler at {self._address} is gone. What was recorded stays: give the command again "
                "when it is back"
            ) from error
        with self._lock:
            for worker in set(self._busy) - present:
                self._lose(worker)
            self._known &= present
            self._leaving &= present
            for worker in present - self._known - self._asked - set(self._refused):
                self._asked.add(worker)
                threading.Thread(target=self._ask, args=(worker,), daemon=True).start()
            for worker in sorted(self._known - set(self._busy) - self._leaving):
                self._give(worker)
        return bool(self._known or self._asked & present)

    def _ask(self, worker: str) -> None:
        """In a thread of its own. Not as a task: a worker without this package would die of that without a word."""
        answer = self._client.run(introduce, self._own, workers=[worker], on_error="return").get(worker)
        with self._lock:
            self._asked.discard(worker)
            if self._closed or answer is None or isinstance(answer, OSError):  # it is gone, or is asked again
                return
            differs = _misfit(answer) if isinstance(answer, Exception) else self._here.differs(answer)
            if differs:
                self._refuse(worker, differs)
            else:
                self._known.add(worker)
                self._give(worker)

    def _refuse(self, worker: str, reason: str) -> None:
        self._known.discard(worker)
        self._refused[worker] = reason
        self._results.put(f"worker {worker} gets no cells: it has {reason}")

    def _give(self, worker: str) -> None:
        cell = None if self._closed else self._handout.take(worker)
        if cell is None:
            return
        key = f"{cell.fingerprint}-{time.monotonic_ns()}"
        what = self._run, cell, self._own, self._records(cell)
        future = self._client.submit(work, *what, key=key, workers=[worker], pure=False)
        self._busy[worker] = future, cell
        future.add_done_callback(lambda future: self._finished(worker, future))

    def _finished(self, worker: str, future: Any) -> None:
        """Called in a thread of Dask's as soon as a future is done, lost or cancelled."""
        with self._lock:
            holds = self._busy.get(worker)
            if self._closed or holds is None or holds[0] is not future:
                return
            try:
                answer: Answer = future.result()
            except Exception as error:
                self._lose(worker, _died(error) or short(error))
                return
            _, cell = self._busy.pop(worker)
            differs = self._here.differs(answer.origin)
            if differs:
                self._handout.forget(worker)
                self._handout.back(cell)
                self._refuse(worker, differs)
                return
            result = _judge(self._handout, cell, answer)
            if self._memory_limit and answer.memory > self._memory_limit:
                self._replace(worker)
            else:
                self._give(worker)
        if result is not None:
            self._results.put(Outcome(result, answer.origin))

    def _lose(self, worker: str, error: str = _DIED) -> None:
        """The cell did not come back from the worker, most likely because it died."""
        _, cell = self._busy.pop(worker)
        self._handout.forget(worker)
        if error == _DIED:
            self._leaving.add(worker)
        failure = self._handout.failed(cell, error)
        if failure is not None:
            self._results.put(Outcome(failure, None))

    def _replace(self, worker: str) -> None:
        self._handout.forget(worker)
        self._leaving.add(worker)
        threading.Thread(target=self._restart, args=(worker,), daemon=True).start()

    def _restart(self, worker: str) -> None:
        with contextlib.suppress(Exception):  # it may be gone already, or the cluster closed meanwhile
            self._client.restart_workers([worker], raise_for_error=False)


def _died(error: Exception) -> str:
    """What to say of a future that ended so; empty if it was not its worker's death."""
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    return _DIED if isinstance(error, (KilledWorker, CancelledError)) else ""


def _misfit(error: Exception) -> str:
    """What a worker lacks that could not even say what it runs; Dask brings some errors as text only."""
    text = short(error)
    if "No module named 'suite" in text:
        return ("no" if "'suite'" in text else "another version of") + " trainability-suite installed"
    return f"an error of its own: {text}"


@contextlib.contextmanager
def _local_cluster(workers: int) -> Iterator[Any]:
    import dask.config
    from distributed import Client, LocalCluster

    _silence()
    with (
        tempfile.TemporaryDirectory(prefix="dask-", ignore_cleanup_errors=True) as folder,
        dask.config.set({**_QUIET, "temporary-directory": folder}),
    ):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        )
        client = Client(cluster, set_as_default=False)
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                _end(cluster)
            with contextlib.suppress(Exception):
                client.close(timeout=_CLOSE_SECONDS)
            with contextlib.suppress(Exception):
                cluster.close()


def _end(cluster: Any) -> None:
    """Ends the worker processes at once: what they are at is wanted no more."""

    async def kill_all() -> None:
        nannies = list(cluster.workers.values())
        await asyncio.gather(*(nanny.close(timeout=_CLOSE_SECONDS) for nanny in nannies), return_exceptions=True)

    cluster.sync(kill_all)


@contextlib.contextmanager
def _joined_cluster(address: str) -> Iterator[Any]:
    import dask.config
    from distributed import Client

    _silence()
    with dask.config.set({"distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s"}):
        try:
            asyncio.run(
                asyncio.wait_for(_knock(address), _CONNECT_SECONDS)
            )  # a client that does not come about takes 20 s more to be gone, with a traceback
            client = Client(address, set_as_default=False, timeout=_CONNECT_SECONDS)
        except Exception as error:
            raise ClusterError(f"no Dask scheduler answers at {address}") from error
        try:
            _check_scheduler(client, address)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=2)


async def _knock(address: str) -> None:
    """Whether anybody at an address speaks as Dask does."""
    from distributed.comm import connect
    from distributed.security import Security

    comm = await connect(address, timeout=_CONNECT_SECONDS, **Security().get_connection_args("client"))
    await comm.close()


def _check_scheduler(client: Any, address: str) -> None:
    """A scheduler unpacks every task on its way: where it cannot, all cells would fail."""
    try:
        client.run_on_scheduler(introduce, ())
    except Exception as error:
        raise ClusterError(
            f"the Dask scheduler at {address} cannot pass cells on: it has {_misfit(error)}. It needs what is "
            "installed here; see docs/cluster.md"
        ) from error


def _silence() -> None:
    """Keeps Dask's logs off the screen, to the end of the process: what matters of them comes back as results."""
    ours = ("distributed", "tornado", "asyncio", "bokeh")
    for name in (*ours, *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logger = logging.getLogger(name)  # Dask gives several of its own a way to the screen
        logger.handlers, logger.propagate = [logging.NullHandler()], False
