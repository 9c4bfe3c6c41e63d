"""A page of its own for a picture: what it shows in words and numbers too, and nothing to load."""

from __future__ import annotations

import base64
import html

import numpy as np

from suite.pictures.content import Heat, Picture
from suite.pictures.figure import draw, png_bytes


def html_text(picture: Picture, png: bytes | None = None) -> str:
    """The picture with its words, facts and numbers.

    Args:
        picture: What is drawn.
        png: Drawn already, if it is.
    """
    data = base64.b64encode(png if png is not None else png_bytes(draw(picture))).decode()
    title, words = html.escape(picture.title), html.escape(picture.words)
    facts = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in picture.facts.items())
    tables = "".join(_table(heat) for heat in picture.heats if heat.gradients.size)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><main><h1>{title}</h1><p>{words}</p>"
        f'<img alt="Heat map of gradients. {words}" src="data:image/png;base64,{data}">'
        f"<table>{facts}</table>{tables}</main></body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;color:#1a1a1a;background:#fff}"
    "main{max-width:60rem;margin:auto}h1{font-size:1.15rem}img{max-width:100%;height:auto}"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.85rem}th,td{text-align:right;padding:.15rem .7rem;"
    "border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}summary{cursor:pointer}"
)


def _table(heat: Heat) -> str:
    """The gradients at the first, middle and last step in numbers, for those who cannot see the picture."""
    columns = sorted({0, len(heat.steps) // 2, len(heat.steps) - 1})
    head = "".join(f"<th>step {heat.steps[column]}</th>" for column in columns)
    body = "".join(
        f"<tr><td>{html.escape(str(name))}</td>"
        + "".join(f"<td>{_number(heat.gradients[column, place])}</td>" for column in columns)
        + "</tr>"
        for place, name in enumerate(heat.names)
    )
    return (
        f"<details><summary>{html.escape(heat.title)} in numbers</summary>"
        f"<table><tr><th>{heat.axis}</th>{head}</tr>{body}</table></details>"
    )


def _number(value: float) -> str:
    if value == 0:
        return "below float range"
    return f"{value:.2e}" if np.isfinite(value) else "not finite"
