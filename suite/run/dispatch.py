"""Keeps the workers of a cluster busy, each with one cell, and lets none begin that would give other numbers."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.records import Cell, Failure, Record
from suite.run.connection import ClusterError, misfit
from suite.run.handout import Handout
from suite.run.last_words import LastWords
from suite.run.provenance import Origin, origin, own_sources
from suite.run.worker import Answer, Run, introduce, short, work

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS, _REFUSED_SECONDS, _TOLD_SECONDS = 60.0, 5.0, 5.0
"""How long to wait for a worker where there is none, and where all that are there were refused; and when it is said."""

_DIED = "the worker process died (killed, out of memory, or crashed)"


@dataclass(frozen=True)
class Settled:
    """What came of a cell in the end, and what made it; None where no worker came back with it."""

    result: Record | Failure
    origin: Origin | None


Known = Callable[[Cell], Sequence[Record]]
"""Brings what is recorded of a cell under other budgets."""

Tell = Callable[[str], None]
"""What is done with a line for the user."""


def judge(handout: Handout, cell: Cell, answer: Answer) -> Record | Failure | None:
    """The result of an attempt; None if the cell is to be tried again."""
    if answer.record is None:
        return handout.failed(cell, answer.error)
    handout.done(answer.record)
    return answer.record


class Dispatcher:
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
        self._results: queue.SimpleQueue[Settled | str] = queue.SimpleQueue()
        self._asked: set[str] = set()
        self._known: set[str] = set()
        self._refused: dict[str, str] = {}
        self._busy: dict[str, tuple[Any, Cell]] = {}
        self._leaving: set[str] = set()
        self._closed = self._waits = False
        self._last_words = LastWords()

    def results(self, cells: Sequence[Cell]) -> Iterator[Settled]:
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
        if waited > _TOLD_SECONDS and not self._waits:
            self._waits = True
            self._tell(f"no worker is at {self._address} yet: waiting for one")

    def _look(self) -> bool:
        """Takes note of workers that came and went, and gives idle ones a cell. Whether there are any to give it to."""
        try:
            present = self._present()
        except Exception as error:
            raise ClusterError(
                f"the Dask scheduler at {self._address} is gone. What was recorded stays: give the command again "
                "when it is back"
            ) from error
        self._last_words.watch()
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

    def _present(self) -> set[str]:
        """Asked again where the connection was cut under the question: a new one tells whether the scheduler is there."""
        from distributed.comm import CommClosedError

        with contextlib.suppress(CommClosedError):
            return set(self._client.nthreads())  # scheduler_info swallows that nobody answers
        return set(self._client.nthreads())

    def _ask(self, worker: str) -> None:
        """In a thread of its own. Not as a task: a worker without this package would die of that without a word."""
        answer: Any = None
        with contextlib.suppress(OSError):  # the connection was lost under the question
            answer = self._client.run(introduce, self._own, workers=[worker], on_error="return").get(worker)
        with self._lock:
            self._asked.discard(worker)
            if self._closed or answer is None or isinstance(answer, OSError):  # it is gone, or is asked again
                return
            differs = misfit(answer) if isinstance(answer, Exception) else self._here.differs(answer)
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
                self._ended(worker, error)
                return
            _, cell = self._busy.pop(worker)
            differs = self._here.differs(answer.origin)
            if differs:
                self._handout.forget(worker)
                self._handout.back(cell)
                self._refuse(worker, differs)
                return
            result = judge(self._handout, cell, answer)
            if self._memory_limit and answer.memory > self._memory_limit:
                self._replace(worker)
            else:
                self._give(worker)
        if result is not None:
            self._results.put(Settled(result, answer.origin))

    def _ended(self, worker: str, error: Exception) -> None:
        """A future ended without an answer: its worker is dead, or the connection was lost, which is no fault of either."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        if isinstance(error, CancelledError):
            self._handout.back(self._busy.pop(worker)[1])
        elif isinstance(error, KilledWorker):
            self._leaving.add(worker)
            self._lose(worker)
        else:
            self._lose(worker, short(error))

    def _lose(self, worker: str, error: str = "") -> None:
        """The cell did not come back from the worker; without an error, because it died."""
        _, cell = self._busy.pop(worker)
        self._handout.forget(worker)
        failure = self._handout.failed(cell, error or f"{_DIED}{self._last_words.of(worker)}")
        if failure is not None:
            self._results.put(Settled(failure, None))

    def _replace(self, worker: str) -> None:
        self._handout.forget(worker)
        self._leaving.add(worker)
        threading.Thread(target=self._restart, args=(worker,), daemon=True).start()

    def _restart(self, worker: str) -> None:
        with contextlib.suppress(Exception):  # it may be gone already, or the cluster closed meanwhile
            self._client.restart_workers([worker], raise_for_error=False)
