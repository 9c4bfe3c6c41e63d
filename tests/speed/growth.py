"""How cost grows with depth, with cells, and with workers, as a picture of docs/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.pictures.drawing import INKS
from tests.speed.measured import Measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "growth.svg"
NAMES = {"plain": "no norm, SGD", "batch_adam": "batch norm, Adam", "plan": "plan", "show": "show", "run": "run"}


def drawn(found: Measured) -> dict[str, Any]:
    """The figures that the picture is of."""
    compiling, commands, runs = found["compiling"], found["commands"], found["workers"]
    return {
        "compiling": {kind: compiling[kind] for kind in ("plain", "batch_adam")},
        "commands": {word: commands[word] for word in ("plan", "show", "run")},
        "workers": {
            "suite run": {"1": runs["1"], "2": runs["2"]},
            "half of one's": {"1": runs["1"], "2": runs["1"] / 2},
        },
    }


def kept_in(picture: Path) -> dict[str, Any]:
    """The figures that a picture was drawn from: it carries them."""
    (text,) = re.findall(r"<dc:description>(.*?)</dc:description>", picture.read_text(encoding="utf-8"), re.S)
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def draw(found: Measured, path: Path = PICTURE) -> None:
    """Writes the picture, on a ground of its own so that it can be read on any; nothing if a part is not measured."""
    if not {"compiling", "commands", "workers"} <= set(found):
        return
    import matplotlib
    from matplotlib.figure import Figure

    ink = {name: colors[0] for name, colors in INKS.items()}
    look = {
        "svg.fonttype": "none", "svg.hashsalt": "growth", "font.family": "sans-serif", "font.size": 9,
        "text.color": ink["ink"], "axes.labelcolor": ink["ink"], "axes.edgecolor": ink["strong-line"],
        "xtick.color": ink["muted"], "ytick.color": ink["muted"], "grid.color": ink["line"],
        "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": ink["bg"], "axes.facecolor": ink["bg"],
    }  # fmt: skip
    figures = drawn(found)
    with matplotlib.rc_context(look):
        figure = Figure(figsize=(9, 3), layout="constrained")
        depth, cells, workers = figure.subplots(1, 3)
        _lines(depth, figures["compiling"], "layers", "to compile a program, CPU s")
        _lines(cells, figures["commands"], "cells, all recorded", "of a command, CPU s")
        _lines(workers, figures["workers"], "workers", "of 8 cells of deep_mlp, s", logarithmic=False)
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": json.dumps(figures)})


def _lines(
    axes: Axes, series: Mapping[str, Mapping[str, float]], along: str, title: str, *, logarithmic: bool = True
) -> None:
    for order, (name, points) in enumerate(series.items()):
        at = {int(x): y for x, y in points.items() if x.isdecimal() and x != "180"}
        color = INKS[("accent", "diverged", "trained")[order]][0]
        dashed = name.startswith("half")
        axes.plot(
            list(at), list(at.values()), color=color, marker="" if dashed else "o", markersize=4,
            linestyle="--" if dashed else "-", label=NAMES.get(name, name),
        )  # fmt: skip
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xticks(list(at), [f"{x:,}" for x in at])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    if logarithmic:
        ticks = [y for y in (1, 2, 5, 10, 20, 50, 100, 200) if low <= y <= high]
        axes.set_yticks(ticks, [f"{y:g}" for y in ticks])
    else:
        axes.set_ylim(0, high)
    axes.grid(visible=True, linewidth=0.6)
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(along)
    axes.legend(frameon=False)
