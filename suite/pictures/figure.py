"""Pictures drawn by matplotlib: a heat map of log10 dLoss/dz, layer by step, with loss and score beneath.

The scale is the same in every picture, so that any two can be compared by eye, and the palette (viridis) is even to
all eyes, colour-blind ones too. A gradient of exactly 0 is below the float's range, not nothing: it is hatched.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.pictures.content import Curve, Heat, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

LOG10_LOW, LOG10_HIGH = -12.0, 2.0
"""Ends of the colour scale, in log10 of dLoss/dz."""

SHADES = 140
"""Colours of the scale: ten a decade, so that they fit into the palette of a small PNG."""

BELOW_RANGE, NOT_FINITE = "#ffffff", "#ff5a36"
"""Colours of what has no logarithm: exactly 0 (hatched), and NaN or infinite."""

_COLORS = ("#00429d", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe and Ito's, safe for all eyes
_DPI = 100
_WIDTH, _HEAD, _CURVES, _GAP = 8.4, 0.95, 0.95, 0.45  # inches
_LEFT, _RIGHT = 0.09, 0.83  # of the width
_MOST_COLUMNS = 400


def draw(picture: Picture) -> Figure:
    """Draws a picture, without pyplot and its state: safe in any thread, the same bytes every time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heats = [heat for heat in picture.heats if heat.gradients.size]
    curves = [(name, c) for name, c in (("loss", picture.losses), (picture.score_name, picture.scores)) if c]
    panels = [_height(heat) + _GAP for heat in heats] + [_CURVES + _GAP] * len(curves)
    height = _HEAD + sum(panels)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    figure.text(_LEFT, 1 - 0.28 / height, short(picture.title, 80), size=11, weight="bold")
    figure.text(_LEFT, 1 - 0.52 / height, short(picture.words, 115), size=9, color="#333333")
    ends = [np.array([heat.steps[0], heat.steps[-1]]) for heat in heats]
    ends += [curve.steps[[0, -1]] for _, several in curves for curve in several if len(curve.steps)]
    steps = (float(np.min(ends)) - 0.5, float(np.max(ends)) + 0.5) if ends else (0.5, 1.5)
    top = height - _HEAD
    for index, panel in enumerate(panels):
        box = (_LEFT, (top - panel + _GAP) / height, _RIGHT - _LEFT, (panel - _GAP) / height)
        axes = figure.add_axes(box)
        if index < len(heats):
            image = _draw_heat(axes, heats[index], steps)
            _draw_scale(figure, figure.add_axes((_RIGHT + 0.018, box[1], 0.018, box[3])), image)
        else:
            name, several = curves[index - len(heats)]
            _draw_curves(axes, several, name, None if name == "loss" else picture.target)
        axes.set_xlim(*steps)
        axes.tick_params(labelsize=7, which="both")
        if index == len(panels) - 1:
            axes.set_xlabel("step", size=8, labelpad=1)
        top -= panel
    return figure


def _height(heat: Heat) -> float:
    return float(np.clip(0.14 * heat.gradients.shape[1], 1.2, 4.5))


def _draw_heat(axes: Axes, heat: Heat, ends: tuple[float, float]) -> Any:
    rows = np.unique(np.linspace(0, len(heat.steps) - 1, min(len(heat.steps), _MOST_COLUMNS)).round().astype(int))
    steps, gradients = heat.steps[rows].astype(float), heat.gradients[rows].T
    with np.errstate(divide="ignore", invalid="ignore"):
        log10 = np.log10(gradients)
    zero, broken = gradients == 0, ~np.isfinite(gradients)
    middle = (steps[1:] + steps[:-1]) / 2
    # A look stands for the steps around it; those after the last one, in a run that ended early, stay empty.
    edges = np.concatenate([[ends[0]], middle, [steps[-1] + 0.5]])
    places = np.arange(gradients.shape[0] + 1) + 0.5
    axes.set_facecolor(BELOW_RANGE)
    image = axes.pcolormesh(
        edges, places, np.ma.masked_where(zero | broken, log10),
        cmap=_scale(), vmin=LOG10_LOW, vmax=LOG10_HIGH, rasterized=True,
    )  # fmt: skip
    for mask, color, hatch in ((zero, "#888888", "////"), (broken, NOT_FINITE, "")):
        if mask.any():
            _draw_marked(axes, edges, places, mask, color, hatch)
    count = gradients.shape[0]
    shown = np.unique(np.linspace(0, count - 1, min(count, 8)).round().astype(int))
    axes.set_yticks(shown + 1, [str(i + 1) for i in shown])
    axes.set_ylabel(f"{heat.axis} (1: {'input' if heat.axis == 'layer' else 'first'})", size=8)
    axes.set_title(f"{heat.title}, log10 of its RMS", size=8, loc="left", pad=3)
    return image


def _draw_marked(axes: Axes, edges: np.ndarray, places: np.ndarray, mask: np.ndarray, color: str, hatch: str) -> None:
    """Runs of marked cells along a layer, as one box each."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    boxes = []
    for place, row in enumerate(mask):
        change = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        for start, end in zip(change[::2], change[1::2], strict=True):
            boxes.append(Rectangle((edges[start], places[place]), edges[end] - edges[start], 1))
    face = "none" if hatch else color
    axes.add_collection(PatchCollection(boxes, facecolor=face, edgecolor=color, hatch=hatch or None, linewidth=0))


def _draw_scale(figure: Figure, axes: Axes, image: Any) -> None:
    bar = figure.colorbar(image, cax=axes, extend="both", extendfrac=0.03)
    bar.set_ticks([-12, -10, -8, -6, -4, -2, 0, 2])
    axes.tick_params(labelsize=7)
    # What has no colour is told beside the scale, whether or not this picture has it: the legend is the same in all.
    from matplotlib.patches import Patch

    axes.legend(
        handles=[
            Patch(facecolor=BELOW_RANGE, edgecolor="#888888", hatch="////", label="below float range"),
            Patch(facecolor=NOT_FINITE, label="not finite"),
        ],
        loc="upper left", bbox_to_anchor=(-0.2, -0.06), fontsize=6.5, frameon=False, borderpad=0, handlelength=1.2,
    )  # fmt: skip


def _draw_curves(axes: Axes, curves: Sequence[Curve], name: str, target: float | None) -> None:
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    for index, curve in enumerate(curves):
        known = np.isfinite(curve.values)
        color = _COLORS[index % len(_COLORS)]
        axes.plot(curve.steps[known], curve.values[known], color=color, linewidth=1, label=curve.name)
    values = np.concatenate([curve.values[np.isfinite(curve.values)] for curve in curves])
    if values.size and (name == "loss" or name.endswith("mse")) and 0 < 3 * values.min() < values.max():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if values.max() < 1e3 * values.min() else (1.0,)))
        axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    elif values.size and name.endswith("accuracy"):
        axes.set_ylim(-0.02, 1.02)
    if target is not None:
        axes.axhline(target, color="#555555", linewidth=0.8, linestyle="--", label="target")
    axes.set_ylabel(name, size=8)
    axes.grid(linewidth=0.3)
    if len(curves) > 1 or target is not None:
        axes.legend(fontsize=6.5, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 0.95), borderpad=0)


def png_bytes(figure: Figure) -> bytes:
    """The figure as PNG of one fixed palette, a third of the size; the same bytes every time, no date in it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    pixels = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette())
    out = io.BytesIO()
    pixels.quantize(palette=palette, dither=Image.Dither.NONE).save(out, "png")
    return out.getvalue()


@functools.cache
def _scale() -> ListedColormap:
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis"](np.linspace(0, 1, SHADES)))


@functools.cache
def _palette() -> bytes:
    """The scale's colours, greys, and the other colours with their blends into white, which smooth the edges."""
    from matplotlib.colors import to_rgb

    greys = np.linspace(0, 1, 36)[:, None] * np.ones(3)
    whole = np.array([to_rgb(color) for color in (*_COLORS, NOT_FINITE)])
    blends = [whole * share + (1 - share) for share in np.linspace(0.1, 1, 11)]
    colors = np.concatenate([np.asarray(_scale().colors)[:, :3], greys, *blends])
    return (colors * 255).round().astype(np.uint8).tobytes()


def short(text: str, most: int) -> str:
    """A text cut to a length."""
    return text if len(text) <= most else text[: most - 1] + "…"
