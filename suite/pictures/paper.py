"""Drawings put down by Matplotlib, where a PNG or a PDF is asked for: the same shapes, the same places, one pixel a point."""

from __future__ import annotations

import io
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.pictures.drawing import INKS, STYLES, Circle, Drawing, Image, Inset, Link, Path, Rect, Shape, Text
from suite.pictures.scale import PALETTE, codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".svg", ".png", ".pdf")
"""Of files that a drawing can be written to."""

_SHARP = 144  # dots an inch: two a pixel


def write(drawing: Drawing, path: File) -> None:
    """Writes a drawing as its name's ending says, one of `ENDINGS`; the same bytes every time."""
    path.write_bytes(drawing.svg().encode() if path.suffix == ".svg" else _bytes(drawing, path.suffix[1:]))


def png_bytes(drawing: Drawing) -> bytes:
    """A drawing as PNG."""
    return _bytes(drawing, "png")


def _bytes(drawing: Drawing, kind: str) -> bytes:
    out = io.BytesIO()
    undated = {"Software": None} if kind == "png" else {"CreationDate": None}
    draw(drawing).savefig(out, format=kind, dpi=_SHARP, metadata=undated)
    return out.getvalue()


def draw(drawing: Drawing) -> Figure:
    """A drawing as a figure, without pyplot and its state: safe in any thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(drawing.width / 72, drawing.height / 72), dpi=_SHARP, facecolor=INKS["bg"][0])
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for order, (shape, left, top) in enumerate(_flat(drawing, 0, 0)):
        _put(axes, shape, left, top, order)
    return figure


def _flat(drawing: Drawing, left: float, top: float) -> list[tuple[Shape, float, float]]:
    """All shapes, those of insets among them, with where their origin lies."""
    found: list[tuple[Shape, float, float]] = []
    for shape in drawing.shapes:
        inset = isinstance(shape, Inset)
        found += _flat(shape.drawing, left + shape.x, top + shape.y) if inset else [(shape, left, top)]  # type: ignore[union-attr]
    return found


def _put(axes: Axes, shape: Shape, left: float, top: float, order: int) -> None:
    from matplotlib import patches

    match shape:
        case Path(style, lines, _):
            stroke, _, look = _look(style)
            for line in lines:
                points = np.add(line, (left, top))
                axes.plot(
                    *points.T, color=stroke, zorder=order, solid_capstyle="round", scalex=False, scaley=False, **look
                )
        case Rect(style, x, y, width, height, color):
            fill = color or _look(style)[1]
            axes.add_patch(patches.Rectangle((left + x, top + y), width, height, color=fill, linewidth=0, zorder=order))
        case Circle(style, x, y, radius, _):
            stroke, fill, look = _look(style)
            middle = (left + x, top + y)
            axes.add_patch(patches.Circle(middle, radius, facecolor=fill, edgecolor=stroke, zorder=order, **look))
        case Image(x, y, width, height, gradients):
            colors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] + [255] for c in PALETTE], dtype=np.uint8)
            colors[0] = 0
            box = (left + x, left + x + width, top + y + height, top + y)
            axes.imshow(colors[codes(gradients)], extent=box, aspect="auto", interpolation="nearest", zorder=order)
        case Link():
            _put(axes, shape.text, left, top, order)
        case Text():
            upright: dict[str, Any] = {"rotation": 90, "rotation_mode": "anchor"} if shape.upright else {}
            raised = f"$^{{{shape.power}}}$" if shape.power else ""
            axes.text(
                left + shape.x, top + shape.y, shape.text.replace("$", r"\$") + raised, color=INKS[shape.ink][0],
                size=0.92 * shape.size, ha={"start": "left", "middle": "center", "end": "right"}[shape.anchor],
                va="baseline", weight="bold" if shape.bold else "normal", zorder=order,
                **upright,
            )  # fmt: skip


def _look(style: str) -> tuple[str, str, dict[str, Any]]:
    found = STYLES[style]
    stroke, fill = (INKS[ink][0] if ink else "none" for ink in (found.stroke, found.fill))
    return stroke, fill, {"linewidth": found.width, "linestyle": (0, (3, 3)) if found.dashed else "solid"}
