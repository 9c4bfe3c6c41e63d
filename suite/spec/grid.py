"""A benchmark to its cells, each with the fingerprint of all that its result depends on."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from suite.catalog import KINDS, Entry, find, is_own_component
from suite.catalog.factors import FED
from suite.models import MODELS
from suite.records import PROTOCOL_VERSION, Budget, Cell, to_plain
from suite.spec.benchmark import Benchmark, Label, Level, combinations, matching
from suite.spec.components import Sources
from suite.spec.problems import Findings, SpecError, not_found, quote
from suite.spec.quick import quick_budget, quick_slice
from suite.tasks import TASKS


def expand(benchmark: Benchmark, *, quick: bool = False, only: Mapping[str, Sequence[str]] | None = None) -> list[Cell]:
    """The cells of a benchmark, in the order of its grid: the last factor varies fastest.

    Args:
        benchmark: As read.
        quick: A small slice with fewer trials and replicates, recorded apart.
        only: Labels (or names) of the levels that are wanted, by factor.

    Raises:
        SpecError: `only` names a factor or level that is not there, or leaves nothing.
    """
    chosen = list(combinations(_narrowed(benchmark, only or {}), benchmark.exclude))
    if not chosen:
        raise SpecError(_complaint(benchmark, [("", "leaves no combination: exclude takes them all out")]))
    sources = Sources([str(benchmark.folder)])
    cells = [_cell(benchmark, levels, benchmark.budget, False, sources) for levels in chosen]
    if not quick:
        return cells
    budget = quick_budget(benchmark.budget)
    return [_cell(benchmark, chosen[i], budget, True, sources) for i in quick_slice(cells)]


def _narrowed(benchmark: Benchmark, only: Mapping[str, Sequence[str]]) -> dict[str, tuple[Level, ...]]:
    """The grid with the wanted levels alone."""
    grid = dict(benchmark.grid)
    complaints = []
    for factor, wanted in only.items():
        if factor not in grid:
            reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor of the grid"
            complaints.append((factor, f"{reason}: {not_found(factor, list(grid))}"))
            continue
        levels = grid[factor]
        parameter = benchmark.parameter(factor)
        found: list[Level] = []
        for text in wanted:
            matches = [level for value in _readings(text) for level in matching(levels, value, parameter)]
            found += matches
            if not matches:
                known = [str(level.label) for level in levels]
                complaints.append((factor, not_found(text, known)))
        grid[factor] = tuple(level for level in levels if level in found)
    if complaints:
        raise SpecError(_complaint(benchmark, complaints))
    return grid


def _readings(text: str) -> list[Label]:
    """What a text of the command line may mean: itself, a boolean or a number."""
    readings: list[Label] = [text]
    if text.lower() in ("true", "false"):
        readings.append(text.lower() == "true")
    with contextlib.suppress(ValueError):
        readings.append(float(text))
    return readings


def _complaint(benchmark: Benchmark, complaints: Sequence[tuple[str, str]]) -> Any:
    findings = Findings(str(benchmark.file))
    for factor, message in complaints:
        findings.add(None, f"only {quote(factor)}".strip(), message)
    return findings.problems


def _cell(benchmark: Benchmark, levels: Mapping[str, Level], budget: Budget, quick: bool, sources: Sources) -> Cell:
    task, recipe = benchmark.task_and_recipe(levels)
    baked = {factor: level for factor, level in recipe.items() if factor not in FED}
    code = {"task": _source_of(TASKS[task["name"]], sources), "model": _source_of(MODELS[benchmark.model], sources)}
    depends = {
        "recipe": recipe,
        "task": task,
        "model": benchmark.model,
        "budget": to_plain(budget),
        "seed": benchmark.seed,
        "target": benchmark.target,
        "quick": quick,
        "protocol_version": PROTOCOL_VERSION,
        "sources": code | _component_sources(recipe, benchmark.model, sources),
    }
    program = {
        "recipe": baked,
        "task": task,
        "model": benchmark.model,
        "steps": budget.steps,
        "evaluations": budget.evaluations,
        "sources": code | _component_sources(baked, benchmark.model, sources),
    }
    return Cell(
        benchmark=benchmark.name,
        fingerprint=_digest(depends),
        factors={factor: level.label for factor, level in levels.items()},
        recipe=recipe,
        task=task,
        model=benchmark.model,
        budget=budget,
        seed=benchmark.seed,
        target=benchmark.target,
        quick=quick,
        search_path=(str(benchmark.folder),),
        program=_digest(program),
    )


def _component_sources(recipe: Mapping[str, Any], model: str, sources: Sources) -> dict[str, str]:
    """The hash of the source of every component that is not Keras's own, by factor."""
    hashes = {}
    for factor, level in recipe.items():
        if not isinstance(level, Mapping):
            continue
        if is_own_component(level["name"]):
            hashes[factor] = sources.hash(level["name"].split(":")[0])
            continue
        parameter = MODELS[model].parameter(factor)
        entry = find(KINDS[parameter.catalog], level["name"]) if parameter and parameter.catalog else None
        if entry is not None and entry.target.startswith("suite."):
            hashes[factor] = _source_of(entry, sources)
    return hashes


def _source_of(entry: Entry, sources: Sources) -> str:
    return sources.hash(entry.target.split(":")[0])


def _digest(value: Any) -> str:
    """16 hex digits of a plain value, the same wherever and whenever it is computed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
