"""Identity of a cell: everything that its training depends on as plain data, and the fingerprint of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from suite.catalog import KINDS, Entry, Parameter, is_own_component
from suite.catalog.factors import FED
from suite.catalog.optimizers import compiled_level
from suite.models import MODELS
from suite.protocol.records import OWN_SAMPLER, PROTOCOL_VERSION, Cell
from suite.spec.levels import default_of
from suite.spec.sources import digest
from suite.tasks import TASKS

ASKED = ("trials", "tunings", "replicates", "target")
"""Parts of the identity that are not in the fingerprint: budgets nest, and the target only affects outcomes."""

NESTED = ("trials", "tunings", "replicates")
"""Parts of a budget that can be extended: what is there already is not trained again."""


def identity(cell: Cell) -> dict[str, Any]:
    """Everything that a cell's record depends on, as JSON data.

    Defaults and first revisions of entries are left out, so adding a factor, an argument or an entry changes no identity.
    The protocol version covers everything else: training loop, probes, tuning and seeds.
    """
    task, model = TASKS[cell.task["name"]], MODELS[cell.model]
    budget = cell.budget
    revisions = dict([*_revisions("tasks", task, cell.task), *_revisions("models", model, cell.recipe)])
    return {
        "protocol": PROTOCOL_VERSION,
        "task": {"name": task.name, **set_of(task, cell.task)},
        "model": model.name,
        "recipe": set_of(model, cell.recipe),
        "revisions": {name: revision for name, revision in revisions.items() if revision != 1},
        "sources": dict(cell.sources),
        "steps": budget.steps,
        "evaluations": budget.evaluations,
        "learning_rate": [budget.learning_rate_low, budget.learning_rate_high] if budget.trials else None,
        "seed": cell.seed,
        "quick": cell.quick,
        "trials": budget.trials,
        "tunings": budget.tunings,
        "replicates": budget.replicates,
        "target": cell.target,
        **({"landscape": True} if budget.landscape else {}),
        **({"sampler": budget.sampler} if budget.trials and budget.sampler != OWN_SAMPLER else {}),
    }


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Hash of an identity without trials, replicates and target, 16 hex digits."""
    return digest({part: value for part, value in identity.items() if part not in ASKED})


def program(identity: Mapping[str, Any]) -> str:
    """Hash of the compiled program, 16 hex digits; cells that differ only in fed values share it."""
    recipe = {factor: level for factor, level in identity["recipe"].items() if factor not in FED}
    if "optimizer" in recipe:
        recipe["optimizer"] = compiled_level(recipe["optimizer"])
    named = [level["name"] for level in recipe.values() if isinstance(level, Mapping)] + [*identity["task"].values()]
    sources = {name: found for name, found in identity["sources"].items() if name in named}
    parts = {part: identity[part] for part in ("task", "model", "steps", "evaluations")}
    parts |= {"landscape": True} if "landscape" in identity else {}
    return digest({**parts, "recipe": recipe, "sources": sources})


def with_fingerprint(cell: Cell) -> Cell:
    """The cell with its fingerprint and program."""
    found = identity(cell)
    return dataclasses.replace(cell, fingerprint=fingerprint(found), program=program(found))


def may_answer(identity: Mapping[str, Any], cell: Cell) -> bool:
    """Whether a record with the same fingerprint has enough trials, tunings and replicates for a cell. With more trials
    or tunings, `suite.protocol.nesting.holds` decides."""
    return bool(identity) and all(identity[part] >= getattr(cell.budget, part) for part in NESTED)


RecordKey = tuple[str, int, int, int]
"""Fingerprint, trials, tunings and replicates."""


def record_key(fingerprint: str, identity: Mapping[str, Any]) -> RecordKey:
    """The key of a record; a later record with the same key replaces it."""
    return (fingerprint, *(identity[part] for part in NESTED))


def own_names(cell: Cell) -> tuple[set[str], set[str]]:
    """Names of the custom components and paths of the data files of a cell."""
    components = {level["name"] for level in cell.recipe.values() if isinstance(level, Mapping)}
    paths = {p.name for p in TASKS[cell.task["name"]].parameters if p.type == "path"}
    files = {value for name, value in cell.task.items() if name in paths and value is not None}
    return set(filter(is_own_component, components)), files


def set_of(entry: Entry, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments or factors that differ from their default."""
    found = {}
    for name, value in arguments.items():
        parameter = entry.parameter(name)
        if name != "name" and (parameter is None or value != default_of(parameter)):
            inner = _entry_of(parameter, value)
            found[name] = value if inner is None else {"name": inner.name, **set_of(inner, value)}
    return found


def _revisions(kind: str, entry: Entry, arguments: Mapping[str, Any]) -> Iterator[tuple[str, int | str]]:
    """Revisions of an entry and of all entries in its arguments or factors, including defaults."""
    yield f"{kind}.{entry.name}", entry.version
    for parameter in entry.parameters:
        value: Any = arguments.get(parameter.name)
        inner = _entry_of(parameter, value)
        if inner is not None:
            yield from _revisions(parameter.catalog or "", inner, value)


def _entry_of(parameter: Parameter | None, value: Any) -> Entry | None:
    if parameter is None or parameter.catalog is None or not isinstance(value, Mapping):
        return None
    return KINDS[parameter.catalog].find(value["name"])
