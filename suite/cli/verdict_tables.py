"""Verdicts for the terminal: a few lines per claim, or one claim with all its settings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from suite.claims.answers import Answer
from suite.claims.contexts import Context
from suite.claims.evaluation import Judgement
from suite.claims.phrases import figure, signed, verdict_text
from suite.claims.verdicts import Replication, Ruling, Verdict
from suite.protocol.labels import printable
from suite.protocol.written import counted

_STYLE = {
    Verdict.HOLDS: "bold green",
    Verdict.DEPENDS: "bold yellow",
    Verdict.NO_DIFFERENCE: "bold cyan",
    Verdict.OPPOSITE: "bold red",
    Verdict.FAILS: "bold red",
    Verdict.OPEN: "bold",
}
_ANSWER = {
    Answer.ENOUGH: "green", Answer.BETTER: "green", Answer.NONE: "cyan", Answer.OPPOSITE: "red", Answer.LACKING: "red",
}  # fmt: skip
_BAR = 21


def verdicts(found: Sequence[Judgement]) -> RenderableType:
    """All claims with their verdicts by topic, and the number of each verdict."""
    parts: list[RenderableType] = []
    topic = None
    for judgement in found:
        if judgement.claim.topic != topic:
            topic = judgement.claim.topic
            parts.append(Text(f"\n{printable(topic)}" if parts else printable(topic), style="bold underline"))
        parts.append(_claim(judgement))
    counts = Counter(judgement.verdict for judgement in found)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    parts.append(Text(f"\n{counted(len(found), 'claim')}: {told}."))
    return Group(*parts)


def detail(found: Judgement) -> RenderableType:
    """One claim with its test, its verdict and all settings, the largest effect first."""
    claim = found.claim
    parts: list[RenderableType] = [_claim(found)]
    about = {
        "settings": found.counts, "source": claim.source, "dissent": claim.dissent, "note": claim.note, "test": claim.test_text,
        "hash": claim.digest,
    }  # fmt: skip
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1)
    for name, text in about.items():
        if text:
            table.add_row(name, Text(printable(text)))
    parts.append(Padding(table, (0, 0, 0, 2)))
    if found.contexts:
        parts.append(_contexts(found))
    if found.prediction is not None and found.prediction.misses:
        cells = ", ".join(cell for _, cell in found.prediction.misses[:8])
        more = len(found.prediction.misses) - 8
        parts.append(Text(f"  counterexamples: {cells}{f' and {more} more' if more > 0 else ''}"))
    return Group(*parts)


def _claim(found: Judgement) -> RenderableType:
    verdict = verdict_text(found.verdict, found.moderator.factor if found.moderator else None)
    title = Text.assemble(
        (verdict, _STYLE.get(found.verdict, "dim")), (_where(found), "dim"), "  ", (found.claim.id, "bold"), "  ",
        printable(found.claim.says),
    )  # fmt: skip
    return Group(title, Padding(Text(printable(found.because), style="dim"), (0, 0, 0, 2)))


def _where(found: Ruling) -> str:
    """The task that a verdict is of, or what others say of it."""
    if found.first is None:
        return ""
    return f", {found.first.task} only" if found.replication is Replication.NOT_TRIED else f", {found.replication}"


def _contexts(found: Judgement) -> RenderableType:
    """A table with one row per setting: labels, effect with interval, bar and result."""
    ends = [end for c in found.live if not math.isnan(c.low) for end in (c.low, c.high)]
    reach = (min([*ends, 0.0]), max([*ends, found.claim.by]))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("setting", ratio=1, overflow="fold")
    table.add_column("effect", justify="right", no_wrap=True)
    table.add_column(_axis(reach, found.claim.by), no_wrap=True, width=_BAR)
    table.add_column("result", max_width=20)
    several = len({context.benchmark for context in found.contexts}) > 1
    for context in sorted(found.contexts, key=lambda c: (c.excluded is not None, -c.mean)):
        style = "dim" if context.excluded else ""
        where = [*([context.benchmark] if several else []), *_levels(context)]
        effect = f"{signed(context.mean)} ({figure(context.low)}, {figure(context.high)})"
        table.add_row(
            Text(", ".join(where) or "all", style=style), Text(effect, style=style),
            Text("" if context.excluded else _bar(context, reach, found.claim.by)),
            Text(context.excluded or context.answer.words, style="dim" if context.excluded else _ANSWER.get(context.answer, "dim")),
        )  # fmt: skip
    return table


def _levels(context: Context) -> list[str]:
    return [f"{factor.replace('_', ' ')} {label}" for factor, label in context.levels.items()]


def _place(value: float, reach: tuple[float, float]) -> int:
    low, high = reach
    return round((_BAR - 1) * (min(max(value, low), high) - low) / (high - low)) if high > low else 0


def _axis(reach: tuple[float, float], by: float) -> Text:
    line = [" "] * _BAR
    line[_place(by, reach)] = "δ"
    line[_place(0.0, reach)] = "0"
    return Text("".join(line))


def _bar(context: Context, reach: tuple[float, float], by: float) -> str:
    line = [" "] * _BAR
    line[_place(by, reach)] = "┊"
    line[_place(0.0, reach)] = "│"
    if not math.isnan(context.low):
        for place in range(_place(context.low, reach), _place(context.high, reach) + 1):
            line[place] = "─"
    line[_place(context.mean, reach)] = "●"
    return "".join(line)
