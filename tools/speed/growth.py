"""How cost grows with depth, with cells, and with workers, as a picture of docs/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.pictures.drawing import INKS
from tools.speed.measured import Measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "growth.svg"
NAMES = {
    "plain": "no norm, SGD",
    "batch_adam": "batch norm, Adam",
    "plan": "suite plan",
    "show": "suite show",
    "run": "suite run",
}


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
        _lines(depth, figures["compiling"], "hidden layers", "To compile a program, processor s")
        _lines(cells, figures["commands"], "cells, all recorded", "A command, nothing to train, processor s")
        _lines(workers, figures["workers"], "workers", "8 cells of deep_mlp, s by the clock")
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None, "Description": json.dumps(figures)})


def _lines(axes: Axes, series: Mapping[str, Mapping[str, float]], along: str, title: str) -> None:
    for order, (name, points) in enumerate(series.items()):
        at = {int(x): y for x, y in points.items() if x != "180"}  # a grid of ours, too close to 100 to be told apart
        color = INKS[("accent", "diverged", "trained")[order]][0]
        look = {"linestyle": "--"} if name.startswith("half") else {"marker": "o", "markersize": 4}
        axes.plot(list(at), list(at.values()), color=color, label=NAMES.get(name, name), **look)
    axes.set_xticks(list(at), [f"{x:,}" for x in at])
    axes.set_ylim(0)
    axes.grid(visible=True, linewidth=0.6)
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(along)
    axes.legend(frameon=False)
