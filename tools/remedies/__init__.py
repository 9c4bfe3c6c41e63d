"""What the monitor says of remedies, counted in the published tables: `python -m tools.remedies` writes it, a test holds it.

A recipe shows a cause, trains, or began with a fault, where more than half of its runs do. A remedy is counted on pairs, as
on the page of fixes (`leaderboard.fixes`): a recipe that shows the cause and does not train, and the cells that differ from
it in that one factor alone. Recipes are counted once, whatever the number of smaller depths or scaled skips that were tried
of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leaderboard.boards import Row as Cell
from leaderboard.boards import board
from leaderboard.cells import CellPages
from leaderboard.fixes import counted as comparable
from leaderboard.fixes import steps_of
from suite.monitor.advice import LESS, REMEDIES
from suite.monitor.evidence import NO_FAULT, Kind, Row, is_scaled
from suite.protocol.labels import held_label
from suite.protocol.outcomes import find_causes
from suite.protocol.records import Outcome
from suite.results import reader
from suite.results.results import Results

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "leaderboard" / "results"


def counted(folder: Path = RESULTS) -> list[Row]:
    """The table of evidence, from all folders of published tables."""
    return [row for path in reader.folders(folder) for row in rows_of(reader.read(path))]


def rows_of(results: Results) -> list[Row]:
    """The rows of one benchmark, in the order of their texts."""
    found, looks = board(results), first_looks(results)
    pages, manifest = CellPages(found), results.manifest
    ends: dict[tuple[Kind, str, str, str], list[bool]] = defaultdict(list)
    for cell in found.recorded:
        kind = kind_of(manifest.model, {**manifest.fixed, **pages.levels(cell)})
        runs = results.ran[cell.cell].replicates
        if not found.fixed_rates:
            first = Counter(cause for look in looks[cell.cell] for cause in look)
            for cause in _most(first, len(runs)) or {NO_FAULT}:
                ends[kind, cause, "", ""].append(cell.trains)
        if not cell.trains:
            shown = Counter(cause for run in runs for cause in run.causes)
            shown.update(run.outcome for run in runs if run.outcome == Outcome.NONFINITE)
            for change, helps in tried(pages, cell).items():
                for cause in _most(shown, len(runs)):
                    ends[(kind, cause, *change)].append(helps)
    rows = [Row(*key, results.name, len(trained), sum(trained)) for key, trained in ends.items()]
    return sorted(rows, key=str)


def _most(shown: Mapping[str, int], runs: int) -> set[str]:
    return {str(name) for name, count in shown.items() if 2 * count > runs}


def kind_of(model: str, recipe: Mapping[str, Any]) -> Kind:
    """What of a recipe the monitor can see in a Keras model."""
    unit = held_label(recipe["cell_type" if "cell_type" in recipe else "activation"])
    normalized, skips = (held_label(recipe[factor]) != "none" for factor in ("normalization", "residual"))
    return Kind(model, unit, is_scaled(held_label(recipe["initializer"])), normalized, skips)


def tried(pages: CellPages, cell: Cell) -> dict[tuple[str, str], bool]:
    """Of every remedy that was tried of a recipe, whether it made it train."""
    found: dict[tuple[str, str], bool] = {}
    for neighbour in comparable(pages, cell):
        ((factor, step),) = steps_of(pages, cell, neighbour)
        change = factor, LESS if step == "smaller" else step
        if change in REMEDIES:
            found[change] = found.get(change, False) or neighbour.row.trains
    return found


def first_looks(results: Results) -> Mapping[str, Sequence[Sequence[str]]]:
    """The causes that the first look at each run of a cell shows, by the rules of the protocol."""
    import pandas as pd

    def by_run(name: str, columns: Sequence[str]) -> Any:
        keys = ["cell", "replicate", *columns]
        table = pd.read_parquet(results.folder / name, filters=[("step", "==", 1)])
        return table.sort_values(keys).groupby(["cell", "replicate"], observed=True)

    names = ("gradient_rms", "saturated_fraction", "dead_fraction")
    traces = {
        run: {name: look[name].to_numpy()[None] for name in names} | {"gradient_norm": np.ones(1)}
        for run, look in by_run("gradients.parquet", ["layer"])
    }
    if results.through_time is not None:
        for run, look in by_run("gradients_through_time.parquet", ["layer", "time"]):
            layers = look["layer"].nunique()
            traces[run]["gradient_rms_through_time"] = look["gradient_rms"].to_numpy().reshape(1, layers, -1)
    found: dict[str, list[Sequence[str]]] = defaultdict(list)
    for (cell, _), look in traces.items():
        found[str(cell)].append(find_causes(look))
    return found
