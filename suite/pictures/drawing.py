"""A drawing: shapes in pixels, each in a style of the one table here, and the SVG they make.

What is drawn is said once, by `suite.pictures.charts`. Two pens put it down: SVG here, for pages, and Matplotlib in
`suite.pictures.paper`, where a PNG or a PDF is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

from suite.pictures.strips import image

INKS = {
    "bg": ("#ffffff", "#0f1318"),
    "ink": ("#151a21", "#e8ebf0"),
    "muted": ("#596270", "#a1abb8"),
    "line": ("#e2e5ea", "#2a313b"),
    "strong-line": ("#868f9c", "#77818f"),
    "accent": ("#0b5cad", "#7db8f7"),
    "accent-soft": ("#e7f0fa", "#17293d"),
    "bar": ("#9cc0e4", "#35597f"),
    "count": ("#868f9c", "#77818f"),
    "trained": ("#0d8468", "#3ecfa8"),
    "slow": ("#b07400", "#e8b04a"),
    "lost": ("#6a48d0", "#a890f5"),
    "stalled": ("#717b89", "#98a3b1"),
    "diverged": ("#cf4d14", "#f58a56"),
    "nonfinite": ("#bd2365", "#f475ab"),
    "first": ("#9db4cc", "#5d7d9e"),
    "middle": ("#4d86c0", "#74a9de"),
    "last": ("#0a3563", "#cfe5fc"),
    "white": ("#ffffff", "#ffffff"),
    "black": ("#000000", "#000000"),
}
"""Every colour of charts and pages but those of the gradients' scale: in the light, in the dark."""

LINES = ("trained", "slow", "lost", "stalled", "diverged", "nonfinite", "first", "middle", "last", "accent")
"""Inks that a series may have; its style is `l-` and the ink."""

SERIES = ("accent", "diverged", "trained", "lost", "slow", "nonfinite", "stalled")
"""Inks of series that mean nothing by their colour, in the order they are given out."""


@dataclass(frozen=True)
class Style:
    """How a shape looks; an ink's name or None for each."""

    stroke: str | None = None
    fill: str | None = None
    width: float = 1.0
    dashed: bool = False

    def attributes(self) -> str:
        """As attributes of SVG, in the light's colours: a file of its own may end on paper."""
        stroke = f' stroke="{INKS[self.stroke][0]}" stroke-width="{self.width:g}"' if self.stroke else ""
        dashes = ' stroke-dasharray="3 3"' if self.dashed else ""
        return f'fill="{INKS[self.fill][0] if self.fill else "none"}"{stroke}{dashes}'

    def css(self) -> str:
        """As a rule's body, in the page's colours."""
        stroke = f";stroke:var(--{self.stroke});stroke-width:{self.width:g}" if self.stroke else ""
        dashes = ";stroke-dasharray:3 3" if self.dashed else ""
        return f"fill:{f'var(--{self.fill})' if self.fill else 'none'}{stroke}{dashes}"


STYLES = {
    "ax": Style("strong-line"),
    "gr": Style("line"),
    "mark": Style("strong-line", dashed=True),
    "l-thin": Style("strong-line"),
    **{f"l-{ink}": Style(ink, width=1.8) for ink in LINES},
    "basin": Style(fill="accent-soft"),
    "dot": Style("accent", "accent", 1.5),
    "hollow": Style("accent", "bg", 1.5),
    "ring": Style("ink", width=1.2),
    "cross": Style("nonfinite", width=1.8),
    "bar": Style(fill="count"),
}


def stylesheet() -> str:
    """What pages need for the drawings on them: the inks as variables, the styles as classes."""
    inks = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in INKS.items())
    styles = "".join(f".chart .{name}{{{style.css()}}}\n" for name, style in STYLES.items())
    return f":root{{{inks}}}\n{styles}"


@dataclass(frozen=True)
class Path:
    """Lines from point to point, each (x, y), with what they are."""

    style: str
    lines: Sequence[Sequence[tuple[float, float]]]
    title: str = ""


@dataclass(frozen=True)
class Rect:
    """A box; `color` in place of its style's fill."""

    style: str
    x: float
    y: float
    width: float
    height: float
    color: str = ""


@dataclass(frozen=True)
class Circle:
    """A disc or ring."""

    style: str
    x: float
    y: float
    radius: float
    title: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text: its foot at y, its `anchor` ("start", "middle", "end") at x; `power` is raised behind it."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    power: str = ""
    size: float = 11
    ink: str = "muted"
    bold: bool = False
    upright: bool = False


@dataclass(frozen=True)
class Image:
    """Gradients, (rows, columns), stretched over a box."""

    x: float
    y: float
    width: float
    height: float
    gradients: NDArray[np.float64]


@dataclass(frozen=True)
class Inset:
    """Another drawing, its upper left corner at (x, y)."""

    x: float
    y: float
    drawing: Drawing


@dataclass(frozen=True)
class Link:
    """A box that says what is below it, with a visible text, and leads to a page; to none where `href` is empty."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: Text
    href: str = ""


Shape = Path | Rect | Circle | Text | Image | Inset | Link


@dataclass(frozen=True)
class Drawing:
    """Shapes on a ground.

    Attributes:
        width: In pixels.
        height: In pixels.
        label: What it shows, for those who do not see it.
        shapes: From the back to the front.
    """

    width: float
    height: float
    label: str
    shapes: list[Shape] = field(default_factory=list)

    def __html__(self) -> str:
        """For a page that has the `stylesheet`; a template takes it as it is, since every text in it is escaped."""
        return self._svg(f'class="chart" viewBox="0 0 {self.width:g} {self.height:g}"', _by_class)

    def svg(self) -> str:
        """As a file of its own: colours and sizes in it, nothing to load."""
        size = f'width="{self.width:g}" height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}"'
        font = 'font-family="Inter, system-ui, sans-serif" font-size="11"'
        ground = f'<rect width="100%" height="100%" fill="{INKS["bg"][0]}"/>'
        return self._svg(f'xmlns="http://www.w3.org/2000/svg" {size} {font}', _in_full, ground) + "\n"

    def _svg(self, attributes: str, look: Callable[[str], str], ground: str = "") -> str:
        inside = "".join(_svg(shape, look) for shape in self.shapes)
        linked = any(isinstance(shape, Link) and shape.href for shape in self.shapes)
        role = "group" if linked else "img"  # what is in an image is not read out
        return f'<svg {attributes} role="{role}" aria-label="{escape(self.label)}">{ground}{inside}</svg>'


def _by_class(style: str) -> str:
    return f'class="{style}"'


def _in_full(style: str) -> str:
    return STYLES[style].attributes()


def _svg(shape: Shape, look: Callable[[str], str]) -> str:
    match shape:
        case Path(style, lines, title):
            d = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in lines)
            return f'<path {look(style)} d="{d}"{_titled(title, "path")}'
        case Rect(style, x, y, width, height, color):
            paint = f'fill="{color}"' if color else look(style)
            return f'<rect {paint} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
        case Circle(style, x, y, radius, title):
            return f'<circle {look(style)} cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"{_titled(title, "circle")}'
        case Image(x, y, width, height, gradients):
            box = f'x="{x:g}" y="{y:g}" width="{width:.1f}" height="{height:g}"'
            return (
                f'<image {box} preserveAspectRatio="none" style="image-rendering:pixelated" href="{image(gradients)}"/>'
            )
        case Inset(x, y, drawing):
            inside = "".join(_svg(each, look) for each in drawing.shapes)
            return f'<g transform="translate({x:g} {y:g})">{inside}</g>'
        case Link(x, y, width, height, label, text, href):
            tag, address = ("a", f' href="{escape(href)}"') if href else ("g", "")
            box = f'<rect fill="transparent" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
            return f"<{tag}{address}><title>{escape(label)}</title>{box}{_text(text, look)}</{tag}>"
    return _text(shape, look)


def _text(text: Text, look: Callable[[str], str]) -> str:
    own = [f'x="{text.x:.1f}" y="{text.y:.1f}"' if not text.upright else ""]
    own += [f'transform="translate({text.x:.1f} {text.y:.1f}) rotate(-90)"'] if text.upright else []
    own += [f'text-anchor="{text.anchor}"'] if text.anchor != "start" else []
    own += [f'font-size="{text.size:g}"'] if text.size != 11 else []
    own += ['font-weight="600"'] if text.bold else []
    if look is _in_full:
        own.append(f'fill="{INKS[text.ink][0]}"')
    elif text.ink != "muted":
        own.append(f'style="fill:var(--{text.ink})"')
    raised = f'<tspan dy="-4" font-size="8">{escape(text.power)}</tspan>' if text.power else ""
    return f"<text {' '.join(filter(None, own))}>{escape(text.text)}{raised}</text>"


def _titled(title: str, tag: str) -> str:
    return f"><title>{escape(title)}</title></{tag}>" if title else "/>"
