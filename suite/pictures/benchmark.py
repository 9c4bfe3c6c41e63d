"""A picture of a whole benchmark: one figure of several cells side by side, or the trend of their scores and gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from suite.pictures import charts
from suite.pictures.atlas import Tile, atlas, atlas_sheet
from suite.pictures.axes import Scale, ScoreScale, fitted
from suite.pictures.cells import FIGURES, draw_figures
from suite.pictures.charts import Line, Mark
from suite.pictures.drawing import SERIES, Drawing
from suite.pictures.views import view_of_record
from suite.protocol.labels import label_text
from suite.protocol.outcomes import THRESHOLDS
from suite.protocol.ranks import ranked, standings
from suite.protocol.records import Record

MOST_CELLS = 12
"""Of a picture: of more, the best and the worst are shown."""

TREND, ATLAS = "trend", "atlas"
KINDS = (*FIGURES, TREND, ATLAS)
"""Charts of a benchmark: any figure of its cells, scores and gradients along depth or length, every gradient as a tile."""

ALONG = ("test_score", "gradient_ratio_init")
"""Figures of cells that a trend draws."""

TREND_FACTORS = ("depth", "length")
"""Factors that a trend and a frontier are drawn along, where a grid varies them."""


def benchmark_drawing(title: str, records: Sequence[Record], kind: str) -> Drawing | None:
    """One of `KINDS` for the cells recorded, by rank; None if none of them has it to show."""
    if kind == TREND:
        return _trends(title, records)
    if kind == ATLAS:
        return _atlas(title, records)
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
    found = standings(records)
    figures = {name: [standing.figures[name] for standing in found] for name in ALONG}
    columns = {name: [label_text(r.cell.factors[name]) for r in records] for name in records[0].cell.factors}
    drawn = trends(columns, figures, ScoreScale.of(records[0].task_facts, records[0].cell.target))
    named = [panel for panels in drawn.values() for panel in panels.items()]
    return charts.sheet(title, f"{len(records)} cells", named, columns=1 if len(named) == 1 else 2) if named else None


def _atlas(title: str, records: Sequence[Record]) -> Drawing | None:
    views = [view_of_record(record) for record in records]
    labels = [tuple(map(label_text, record.cell.factors.values())) for record in records]
    levels = [tuple(dict.fromkeys(column)) for column in zip(*labels, strict=True)]
    tiles = [
        Tile(
            own, view.gradients.median, record.cell.budget.evaluations, view.scale.short(standing.figures["test_score"]),
            standing.figures["trained"], standing.figures["replicates"],
        )
        for own, view, record, standing in zip(labels, views, records, standings(records), strict=True)
    ]  # fmt: skip
    panels = atlas(dict(zip(records[0].cell.factors, levels, strict=True)), tiles)
    words = (
        f"{len(tiles)} recipes: steps to the right, {views[0].gradients.along.last} on top; "
        f"test {views[0].scale.metric}, bold where most runs train"
    )
    return atlas_sheet(title, words, panels) if panels else None


def trends(
    columns: Mapping[str, Sequence[str]], figures: Mapping[str, Sequence[float | None]], scale: ScoreScale
) -> dict[str, dict[str, Drawing]]:
    """By each of `TREND_FACTORS` that the grid varies, by title: test score and gradient ratio along it, a line for all
    cells alike in everything else, in a colour for each level of the factor that comes first.

    Args:
        columns: Each factor with its level in every cell.
        figures: Of the cells, those in `ALONG`; None where there is none.
        scale: Of the scores.
    """
    ratios, fault = figures["gradient_ratio_init"], THRESHOLDS.gradient_ratio
    known = [ratio for ratio in ratios if ratio is not None and math.isfinite(ratio)]
    marks = [Mark("vanishing", -fault), *([Mark("exploding", fault)] if max(known, default=0) > fault / 2 else [])]
    drawn = {
        f"Test {scale.metric}": (figures["test_score"], scale.axis, [Mark("target", scale.target)]),
        "Gradient ratio R at the first step": (ratios, fitted([-fault, 0, *known], log=False), marks),
    }
    return {
        along: {
            f"{title} by {along}": _along(along, columns, values, y, f"{title} by {along}", marks)
            for title, (values, y, marks) in drawn.items()
            if any(value is not None for value in values)
        }
        for along in trend_factors(columns)
    }


def _along(
    along: str, columns: Mapping[str, Sequence[str]], values: Sequence[float | None], y: Scale, title: str,
    marks: Sequence[Mark],
) -> Drawing:  # fmt: skip
    others = [factor for factor in columns if factor != along and len(set(columns[factor])) > 1]
    lines: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    for index, value in enumerate(values):
        if value is not None and not math.isnan(value):
            context = tuple(columns[factor][index] for factor in others)
            lines.setdefault(context, []).append((float(columns[along][index]), value))
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
    x = Scale(ends[0], ends[-1], log=ends[0] > 0 and ends[-1] / ends[0] > 8, levels=tuple(ends))
    label = f"{title} of {len(series)} recipes"
    return charts.lines(series, x=x, y=y, x_title=along, label=label, marks=marks, points=True)


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
