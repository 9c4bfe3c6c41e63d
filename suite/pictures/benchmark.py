"""A picture of a whole benchmark: one figure of several cells side by side, or the trend of their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from suite.pictures import charts
from suite.pictures.axes import Scale, ScoreScale
from suite.pictures.cells import FIGURES, draw_figures, view_of_record
from suite.pictures.charts import Line, Mark
from suite.pictures.drawing import SERIES, Drawing
from suite.protocol.labels import label_text
from suite.protocol.ranks import ranked, standings
from suite.protocol.records import Record

MOST_CELLS = 12
"""Of a picture: of more, the best and the worst are shown."""

TREND = "trend"
KINDS = (*FIGURES, TREND)
"""What can be pictured of a benchmark: any figure of its cells, and how scores go along depth or length."""

TREND_FACTORS = ("depth", "length")
"""Factors that a trend and a frontier are drawn along, where a grid varies them."""


def benchmark_drawing(title: str, records: Sequence[Record], kind: str) -> Drawing | None:
    """One of `KINDS` for the cells recorded, by rank; None if none of them has it to show."""
    if kind == TREND:
        return _trends(title, records)
    found = ranked(standings(records))
    half = MOST_CELLS // 2
    shown = found if len(found) <= MOST_CELLS else [*found[:half], *found[-half:]]
    panels, name = [], ""
    for standing in shown:
        for drawn in draw_figures(view_of_record(standing.record), [kind]).values():
            name = drawn.title
            labels = " · ".join(label_text(label) for label in standing.record.cell.factors.values())
            panels.append((labels, drawn.drawing))
    if not panels:
        return None
    some = "" if len(found) == len(shown) else f"; the best {half} and the worst {half} of {len(found)} cells"
    return charts.sheet(title, name + some, panels, columns=1 if len(panels) == 1 else 2 if len(panels) <= 4 else 3)


def _trends(title: str, records: Sequence[Record]) -> Drawing | None:
    figures = [standing.figures["test_score"] for standing in standings(records)]
    columns = {name: [label_text(r.cell.factors[name]) for r in records] for name in records[0].cell.factors}
    facts, target = records[0].task_facts, records[0].cell.target
    drawn = trends(columns, figures, ScoreScale.of(facts, target))
    named = [(f"Test {facts['metric']} by {along}", drawing) for along, drawing in drawn.items()]
    return charts.sheet(title, f"{len(records)} cells", named) if named else None


def trends(
    columns: Mapping[str, Sequence[str]], scores: Sequence[float | None], scale: ScoreScale
) -> dict[str, Drawing]:
    """Test score along each of `TREND_FACTORS` that the grid varies: a line for all cells alike in everything else, in
    a colour for each level of the factor that comes first.

    Args:
        columns: Each factor with its level in every cell.
        scores: Of the cells; None where there is none.
        scale: Of the scores.
    """
    found = {}
    for along in trend_factors(columns):
        others = [factor for factor in columns if factor != along and len(set(columns[factor])) > 1]
        lines: dict[tuple[str, ...], list[tuple[float, float]]] = {}
        for index, score in enumerate(scores):
            if score is not None:
                context = tuple(columns[factor][index] for factor in others)
                lines.setdefault(context, []).append((float(columns[along][index]), score))
        firsts = list(dict.fromkeys(columns[others[0]])) if others else []
        series = [
            Line(
                " · ".join(context),
                f"l-{SERIES[firsts.index(context[0]) % len(SERIES) if context else 0]}",
                sorted(points),
                context[0] if context else "",
            )
            for context, points in lines.items()
        ]
        ends = sorted(map(float, set(columns[along])))
        label = f"Test {scale.metric} by {along} of {len(series)} recipes"
        x = Scale(ends[0], ends[-1], log=ends[0] > 0 and ends[-1] / ends[0] > 20)
        found[along] = charts.lines(
            series, x=x, y=scale.axis, x_title=along, label=label, marks=[Mark("target", scale.target)]
        )
    return found


def trend_factors(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Those of `TREND_FACTORS` that have several levels, all of them numbers."""
    varied = [along for along in TREND_FACTORS if len(set(columns.get(along, ()))) > 1]
    return [along for along in varied if all(map(_is_number, columns[along]))]


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True
