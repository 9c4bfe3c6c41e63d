"""Which cell a worker trains next: one of the program that it has compiled, while there are any."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from suite.protocol.records import Cell, Failure

ATTEMPTS = 3
"""Times a cell is tried before it counts as failed."""

_WORTH_COMPILING = 2
"""Cells left per worker of a program above which one more worker compiles it: that takes about as long as two cells."""


class CellQueue:
    """The cells that are waiting, by program, in the order given. A worker is any name.

    Args:
        cells: All cells of a run.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._waiting: dict[str, deque[Cell]] = {}
        for cell in cells:
            self._waiting.setdefault(cell.program, deque()).append(cell)
        self._compiled: dict[str, str] = {}
        self._begun: set[str] = set()
        self._tried: Counter[str] = Counter()

    def take(self, worker: str) -> Cell | None:
        """The next cell for a worker; None where there is none that is worth its while."""
        program = self._choose(worker)
        if program is None:
            return None
        self._compiled[worker] = program
        self._begun.add(program)
        return self._waiting[program].popleft()

    @property
    def programs(self) -> tuple[int, int]:
        """Number of programs that a worker has begun to compile, and of all programs."""
        return len(self._begun), len(self._waiting)

    def put_back(self, cell: Cell) -> None:
        """Returns a cell that was not tried after all."""
        self._waiting[cell.program].append(cell)

    def failed(self, cell: Cell, error: str) -> Failure | None:
        """Returns a cell to be tried again, or gives up on it."""
        self._tried[cell.fingerprint] += 1
        if self._tried[cell.fingerprint] >= ATTEMPTS:
            return Failure(cell, error, ATTEMPTS)
        self.put_back(cell)
        return None

    def forget(self, worker: str) -> None:
        """Takes note that a worker is gone, and its compiled program with it."""
        self._compiled.pop(worker, None)

    def _choose(self, worker: str) -> str | None:
        own = self._compiled.get(worker)
        if own is not None and self._waiting[own]:
            return own
        left = {program: len(cells) for program, cells in self._waiting.items() if cells}
        fresh = next((program for program in left if program not in self._begun), None)
        if fresh is not None:
            return fresh
        workers = Counter(program for name, program in self._compiled.items() if name != worker)
        share = {program: count / max(workers[program], 1) for program, count in left.items()}
        most = max(share, key=lambda program: share[program], default=None)
        if most is None or (workers[most] and share[most] <= _WORTH_COMPILING):
            return next((program for program in left if not workers[program]), None)
        return most
