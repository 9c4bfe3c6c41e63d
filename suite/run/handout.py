"""Which cell a worker is given next: one of the program it has compiled, as long as that is the faster way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from suite.protocol.records import Cell, Failure, Record

ATTEMPTS = 3
"""Times a cell is tried before it is an infrastructure error."""

_UNKNOWN_SECONDS = 1.0
_UNKNOWN_COMPILE_SECONDS = 3.0


@dataclass
class _Group:
    """Cells of one program that nobody was given yet, and what is known of their cost."""

    cells: deque[Cell] = field(default_factory=deque)
    seconds: list[float] = field(default_factory=list)
    compile_seconds: list[float] = field(default_factory=list)


class Handout:
    """The cells of a run and who has them. Knows nothing of processes: a worker is any name.

    Programs are begun in the order in which their first cells come. A cell that failed goes back to its program,
    behind the others, until it was tried `attempts` times.

    Args:
        cells: In the order in which they should be run.
        attempts: Times a cell is tried.

    Attributes:
        cells: All of them.
    """

    def __init__(self, cells: Sequence[Cell], attempts: int = ATTEMPTS) -> None:
        self._groups: dict[str, _Group] = {}
        for cell in cells:
            self._groups.setdefault(cell.program, _Group()).cells.append(cell)
        self.cells = tuple(cells)
        self._attempts = attempts
        self._tried: dict[str, int] = {}
        self._programs: dict[str, str] = {}  # the program each worker has compiled
        self._begun: set[str] = set()

    def take(self, worker: str) -> Cell | None:
        """The next cell for a worker; None where there is none that it should take."""
        program = self._choose(worker)
        if program is None:
            return None
        self._programs[worker] = program
        self._begun.add(program)
        return self._groups[program].cells.popleft()

    def done(self, record: Record) -> None:
        """Learns from a finished cell what its program costs."""
        group = self._groups[record.cell.program]
        group.seconds.append(max(record.seconds - record.compile_seconds, 0.0))
        if record.compile_seconds:
            group.compile_seconds.append(record.compile_seconds)

    def failed(self, cell: Cell, error: str) -> Failure | None:
        """Puts a cell back, or gives up on it."""
        tried = self._tried[cell.fingerprint] = self._tried.get(cell.fingerprint, 0) + 1
        if tried >= self._attempts:
            return Failure(cell, error, tried)
        self.back(cell)
        return None

    def back(self, cell: Cell) -> None:
        """Takes a cell back that was not tried after all."""
        self._groups[cell.program].cells.append(cell)

    def forget(self, worker: str) -> None:
        """A worker is gone, and its compiled program with it."""
        self._programs.pop(worker, None)

    def _choose(self, worker: str) -> str | None:
        own = self._programs.get(worker)
        if own is not None and self._groups[own].cells:
            return own
        for program, group in self._groups.items():
            if program not in self._begun and group.cells:
                return program
        waiting = [program for program, group in self._groups.items() if group.cells and self._pays(program, worker)]
        return max(waiting, key=self._remaining_seconds, default=None)

    def _pays(self, program: str, worker: str) -> bool:
        """Whether a worker that must compile the program first would finish a cell before the others finish all."""
        owners = sum(1 for name, owned in self._programs.items() if owned == program and name != worker)
        if owners == 0:
            return True
        own_cell = self._mean("compile_seconds", program, _UNKNOWN_COMPILE_SECONDS) + self._cell_seconds(program)
        return own_cell < self._remaining_seconds(program) / owners

    def _remaining_seconds(self, program: str) -> float:
        return len(self._groups[program].cells) * self._cell_seconds(program)

    def _cell_seconds(self, program: str) -> float:
        return self._mean("seconds", program, _UNKNOWN_SECONDS)

    def _mean(self, what: str, program: str, default: float) -> float:
        """Of the program's own finished cells, else of all finished cells."""
        known = getattr(self._groups[program], what) or [x for g in self._groups.values() for x in getattr(g, what)]
        return sum(known) / len(known) if known else default
