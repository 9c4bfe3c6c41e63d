"""The quick slice: a few cells that cover all factors with few programs, for a first look in about a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from suite.models import MODELS
from suite.protocol.records import Budget, Cell

TRIALS, TUNINGS, REPLICATES = 6, 1, 2


def quick_budget(budget: Budget) -> Budget:
    """The budget with fewer trials and replicates, but as many steps, so that outcomes mean the same."""
    return replace(
        budget,
        trials=min(budget.trials, TRIALS),
        tunings=min(budget.tunings, TUNINGS),
        replicates=min(budget.replicates, REPLICATES),
    )


def quick_slice(cells: Sequence[Cell]) -> list[int]:
    """Indices of the cells of the slice: six with three programs, or three with two for slower families.

    Cells are selected greedily within the limit of programs: by the number of new levels (counted twice for a factor with
    fewer than two), then by levels selected least often.
    """
    most_cells, most_programs = (6, 3) if MODELS[cells[0].model].fast else (3, 2)
    shown: Counter[tuple[str, object]] = Counter()
    programs: set[str] = set()
    taken: list[int] = []

    def worth(index: int) -> tuple[int, int, int]:
        levels = cells[index].factors.items()
        varied = Counter(factor for factor, _ in shown)
        new = sum(2 if varied[factor] < 2 else 1 for factor, label in levels if (factor, label) not in shown)
        return new, -sum(shown[level] for level in levels), -index

    while len(taken) < min(most_cells, len(cells)):
        open_to = [
            i
            for i, cell in enumerate(cells)
            if i not in taken and (cell.program in programs or len(programs) < most_programs)
        ]
        if not open_to:
            break
        best = max(open_to, key=worth)
        taken.append(best)
        programs.add(cells[best].program)
        shown.update(cells[best].factors.items())
    return sorted(taken)
