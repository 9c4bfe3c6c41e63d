"""Why cells are to be run: what has changed since the most alike record of each was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import Any

from suite.catalog import Entry, is_own_component
from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.protocol.records import Cell
from suite.records import Entry as Recorded
from suite.spec.identity import ASKED, NESTED, identity
from suite.spec.levels import default_of
from suite.spec.sources import digest
from suite.tasks import TASKS

NEVER, FAILED = "never run", "failed before"

_WORDS = {"learning_rate": "the range of learning rates", "protocol": "the protocol's version"}


def reasons(to_run: Sequence[Cell], failed: Collection[str], entries: Sequence[Recorded]) -> Mapping[str, int]:
    """How many cells run for which reason, the commonest first.

    Args:
        to_run: Cells of one benchmark without a record that answers them.
        failed: Fingerprints of those that failed before.
        entries: All there is of the benchmark.
    """
    recorded: dict[Hashable, list[Mapping[str, Any]]] = {}
    factors = tuple(to_run[0].factors) if to_run else ()
    for entry in entries:
        if not entry.error:
            recorded.setdefault(_levels(entry.identity, factors), []).append(entry.identity)
    counts = Counter(FAILED if cell.fingerprint in failed else _reason(cell, factors, recorded) for cell in to_run)
    return dict(counts.most_common())


def _reason(cell: Cell, factors: Sequence[str], recorded: Mapping[Hashable, Sequence[Mapping[str, Any]]]) -> str:
    """What changed since the most alike record: one of the same levels is that cell changed, others are other cells."""
    wanted = identity(cell)
    alike = recorded.get(_levels(wanted, factors), ())
    fewest = min((tuple(_changes(found, wanted)) for found in reversed(alike)), key=len, default=(NEVER,))
    return ", ".join(fewest)


def reason_lines(reasons: Mapping[str, int], *, again: bool = False) -> list[str]:
    """Reasons in a line each: "12 never run", "5: target changed from 0.9 to 0.95".

    Args:
        reasons: Counts by reason.
        again: Only of cells that have a record, which does not answer them.
    """
    first = (NEVER, FAILED)
    shown = {reason: count for reason, count in reasons.items() if not (again and reason in first)}
    return [f"{count}{'' if reason in first else ':'} {reason}" for reason, count in shown.items()]


def _levels(found: Mapping[str, Any], factors: Sequence[str]) -> Hashable:
    return digest([found["model"], *({**found["task"], **found["recipe"]}.get(factor) for factor in factors)])


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """In words, what makes one identity another; if that is only what is asked of a training, how much is there."""
    others = list(_other_changes(was, now))
    yield from others
    for part in NESTED if not others else ():
        before, after = was.get(part), now[part]
        if before is not None and before < after:
            yield f"{before} of {after} {part} are there"


def _other_changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for part in now:
        before: Any = was.get(part)
        after: Any = now[part]
        if before == after or part in ASKED:
            continue
        if part == "sources":
            yield from (_changed_source(name, before.get(name)) for name in _differing(before, after) if name in after)
        elif part == "revisions":
            yield from (f"{name} was revised" for name in _differing(before, after))
        elif part in ("task", "recipe"):
            entry = TASKS[now["task"]["name"]] if part == "task" else MODELS[now["model"]]
            for name in _differing(before, after):
                yield _change(name, *(found.get(name, _default(entry, name)) for found in (before, after)))
        else:
            yield _change(_WORDS.get(part, part), before, after)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _change(name: str, before: Any, after: Any) -> str:
    return f"{name} changed from {_text(before)} to {_text(after)}"


def _changed_source(name: str, before: str | None) -> str:
    file = f"{name.partition(':')[0].replace('.', '/')}.py" if is_own_component(name) else name
    if before is None:
        return f"recorded by an earlier version, which did not keep what {file} was"
    return f"{file} changed"


def _default(entry: Entry, name: str) -> Any:
    parameter = entry.parameter(name)
    return None if parameter is None else default_of(parameter)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join([value["name"], *(f"{key}={_text(found)}" for key, found in value.items() if key != "name")])
    if isinstance(value, (list, tuple)):
        return " to ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else label_text(value)
