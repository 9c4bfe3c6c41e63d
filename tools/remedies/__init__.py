"""What the monitor says of remedies, counted in the published tables: `python -m tools.remedies` writes it, a test holds it.

A recipe shows a cause, trains, or began with a fault, where more than half of its runs do. A remedy is counted on pairs: a
recipe that shows the cause and does not train, and the cells that differ from it in that one factor alone. Recipes are
counted once, whatever the number of smaller depths or scaled skips that were tried of them.

Where learning rates are tuned, both of a pair have their own best one. Where they are fixed, a recipe may fail for its
rate alone, so that only what smaller rates did to it is counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.monitor.advice import LESS, REMEDIES
from suite.monitor.evidence import NO_FAULT, Kind, Row, is_scaled
from suite.protocol.labels import held_label, label_text
from suite.protocol.outcomes import find_causes
from suite.protocol.records import Outcome
from suite.results import reader
from suite.results.results import Results
from suite.spec import Benchmark, expand, read_benchmarks, shipped_specs

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "leaderboard" / "results"


@dataclass(frozen=True)
class Recipe:
    """A published cell.

    Attributes:
        recipe: Every factor of the model with its canonical level.
        labels: Of the grid's factors, as published.
        causes: That most of its runs show.
        first: That most of its runs show at their first look.
        trains: Whether most of its runs do.
    """

    recipe: Mapping[str, Any]
    labels: tuple[str, ...]
    causes: frozenset[str]
    first: frozenset[str]
    trains: bool


def counted(folder: Path = RESULTS) -> list[Row]:
    """The table of evidence, from all folders of published tables."""
    specs = {each.name: each for file in shipped_specs().values() for each in read_benchmarks(file)}
    results = [reader.read(path) for path in reader.folders(folder)]
    return [row for found in results for row in rows_of(found, specs[found.name])]


def rows_of(results: Results, benchmark: Benchmark) -> list[Row]:
    """The rows of one benchmark, in the order of their texts."""
    recipes = {recipe.labels: recipe for recipe in recipes_of(results, benchmark)}
    told: dict[tuple[Kind, str, str, str], list[bool]] = defaultdict(list)
    for recipe in recipes.values():
        kind = kind_of(results.manifest.model, recipe.recipe)
        if not _has_own_rate(recipe):
            for cause in recipe.first or {NO_FAULT}:
                told[kind, cause, "", ""].append(recipe.trains)
        if not recipe.trains:
            for change, helps in tried(recipe, recipes, tuple(results.factors)).items():
                for cause in recipe.causes:
                    told[(kind, cause, *change)].append(helps)
    rows = [Row(*key, results.name, len(ends), sum(ends)) for key, ends in told.items()]
    return sorted(rows, key=str)


def kind_of(model: str, recipe: Mapping[str, Any]) -> Kind:
    """What of a recipe the monitor can see in a Keras model."""
    unit = held_label(recipe["cell_type" if "cell_type" in recipe else "activation"])
    normalized, skips = (held_label(recipe[factor]) != "none" for factor in ("normalization", "residual"))
    return Kind(model, unit, is_scaled(held_label(recipe["initializer"])), normalized, skips)


def tried(
    recipe: Recipe, recipes: Mapping[tuple[str, ...], Recipe], factors: Sequence[str]
) -> dict[tuple[str, str], bool]:
    """Of every remedy that was tried of a recipe, whether it made it train."""
    found: dict[tuple[str, str], bool] = {}
    for place, column in enumerate(factors):
        factor = column.removesuffix("_level")
        if (factor == "learning_rate") != _has_own_rate(recipe):
            continue
        for labels, other in recipes.items():
            if labels[:place] == recipe.labels[:place] and labels[place + 1 :] == recipe.labels[place + 1 :]:
                change = _change(factor, recipe, other)
                if change in REMEDIES:
                    found[change] = found.get(change, False) or other.trains
    return found


def _has_own_rate(recipe: Recipe) -> bool:
    """Whether its learning rate is given with it, and not tuned."""
    return recipe.recipe["learning_rate"] is not None


def _change(factor: str, recipe: Recipe, other: Recipe) -> tuple[str, str]:
    before, after = recipe.recipe.get(factor), other.recipe.get(factor)
    if (factor, LESS) in REMEDIES:
        return factor, LESS if after is not None and after < before else ""
    return factor, held_label(after) if held_label(before) != held_label(after) else ""


def recipes_of(results: Results, benchmark: Benchmark) -> Iterator[Recipe]:
    """The cells of published tables."""
    looks = first_looks(results)
    cells = {tuple(map(label_text, cell.factors.values())): cell for cell in expand(benchmark)}
    for row in results.rows:
        labels = tuple(row[column] for column in results.factors)
        runs = results.ran[row["cell"]].replicates
        shown = Counter(cause for run in runs for cause in run.causes) + Counter(run.outcome for run in runs)
        most = {name for name, count in shown.items() if 2 * count > len(runs)}
        first = Counter(cause for look in looks[row["cell"]] for cause in look)
        yield Recipe(
            {**cells[labels].task, **cells[labels].recipe},
            labels,
            frozenset(most - set(Outcome) | (most & {Outcome.NONFINITE})),
            frozenset(name for name, count in first.items() if 2 * count > len(runs)),
            Outcome.TRAINED in most,
        )


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
