"""A picture of one training: its figures on one sheet, and a page of its own that says the same in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

from suite.pictures import charts
from suite.pictures.cells import draw_figures
from suite.pictures.drawing import Drawing
from suite.pictures.numbers import gradient_text
from suite.pictures.views import Gradients, view_of_record
from suite.protocol.records import Record
from suite.protocol.words import record_in_words, run_in_words


@dataclass(frozen=True)
class Picture:
    """A picture with its texts and numbers.

    Attributes:
        title: Title in one line.
        words: Summary of the result.
        panels: Drawings with their names.
        gradients: Gradients that the page also shows as numbers, by name.
        facts: Names and values for the page.
    """

    title: str
    words: str
    panels: Sequence[tuple[str, Drawing]]
    gradients: Mapping[str, Gradients] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def drawing(self) -> Drawing:
        """All panels on one sheet."""
        return charts.sheet(self.title, self.words, self.panels)


def picture_of_record(record: Record) -> Picture:
    """The picture of a cell: its charts, and the outcome of each run."""
    view, cell = view_of_record(record), record.cell
    label = " · ".join(str(value) for value in cell.factors.values())
    gradients = {"backpropagated gradient": view.gradients}
    if view.through_time is not None:
        gradients["gradient through time"] = view.through_time
    return Picture(
        f"{cell.benchmark}: {label}" if label else cell.benchmark,
        record_in_words(record),
        [(drawn.title, drawn.drawing) for drawn in draw_figures(view).values()],
        gradients,
        {
            **{str(factor): str(value) for factor, value in cell.factors.items()},
            "learning rate": ", ".join(f"{rate:.3g}" for rate in record.learning_rates),
            **{f"replicate {run.replicate}": run_in_words(run, record.layers) for run in record.replicates},
        },
    )


def html_text(picture: Picture) -> str:
    """A self-contained HTML page with the picture, its texts and numbers."""
    title, words = escape(picture.title), escape(picture.words)
    facts = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in picture.facts.items())
    tables = "".join(_table(name, shown) for name, shown in picture.gradients.items() if shown.block.size)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><main><h1>{title}</h1><p>{words}</p>{charts.sheet('', '', picture.panels, label=picture.words).svg()}"
        f"<table>{facts}</table>{tables}</main></body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;color:#1a1a1a;background:#fff}"
    "main{max-width:60rem;margin:auto}h1{font-size:1.15rem}svg{max-width:100%;height:auto}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.85rem}th,td{text-align:right;padding:.15rem .7rem;"
    "border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}summary{cursor:pointer}"
)


def _table(name: str, shown: Gradients) -> str:
    """The gradients at the first, middle and last step as numbers, for accessibility."""
    rows = sorted({0, len(shown.steps) // 2, len(shown.steps) - 1})
    head = "".join(f"<th>step {shown.steps[row]}</th>" for row in rows)
    body = "".join(
        f"<tr><td>{escape(str(place))}</td>"
        + "".join(f"<td>{gradient_text(shown.median[row, index], 3)}</td>" for row in rows)
        + "</tr>"
        for index, place in enumerate(shown.places)
    )
    return (
        f"<details><summary>{escape(name)} in numbers</summary>"
        f"<table><tr><th>{shown.along.place}</th>{head}</tr>{body}</table></details>"
    )
