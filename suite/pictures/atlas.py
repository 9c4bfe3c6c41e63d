"""The atlas of a board: the gradients of every recipe as a tile, laid out by two to four factors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.pictures.drawing import Drawing, Image, Inset, Link, Rect, Shape, Text
from suite.pictures.scale import NONFINITE, PALETTE, VIRIDIS, codes
from suite.protocol.outcomes import THRESHOLDS, median_ratio

WORDS = {"vanishes": "▼", "healthy": "", "explodes": "▲"}
"""What a gradient does on its way back to the first layer, with the sign on tiles that says so without colour."""

TILE_SIZE = 20
"""Pixels of a tile: probed steps to the right, layers downwards, the last one on top."""

_WIDE, _TALL = 5.0, 1.5  # units of the drawing per pixel
_STRIDE = TILE_SIZE + 1
_HEAD, _GROUP = 40.0, 14  # units over the tiles; pixels over the rows of a group
_CHARACTER = 5.9
_NUMBER = (8, 8)  # pixels below the number of a tile: rows, columns


@dataclass(frozen=True)
class Tile:
    """One recipe of the atlas.

    Attributes:
        levels: Label of every factor.
        gradients: Median gradients over replicates, shape (steps, places).
        looks: Number of probed steps of a complete run.
        score: Test score as text.
        trained: Number of runs that trained.
        runs: Number of runs.
        href: Address of its page; empty for none.
    """

    levels: tuple[str, ...]
    gradients: NDArray[np.float64]
    looks: int
    score: str
    trained: int
    runs: int
    href: str = ""

    @property
    def word(self) -> str:
        """A key of `WORDS`: by the median over steps of R, the ratio of the first layer's gradient to the last's."""
        if not np.isfinite(self.gradients).all():
            return "explodes"
        ratio = median_ratio(self.gradients)
        if ratio is None:  # the gradient of the last layer is exactly 0
            return "vanishes" if self.gradients.size else "healthy"
        return "vanishes" if ratio < -THRESHOLDS.gradient_ratio else _exploding(ratio)

    @property
    def pixels(self) -> NDArray[np.float64]:
        """Its gradients, shape (`TILE_SIZE`, `TILE_SIZE`); infinite from where a run ended early, NaN if not probed."""
        steps, places = self.gradients.shape
        if not self.gradients.size:
            return np.full((TILE_SIZE, TILE_SIZE), np.nan)
        filled = max(1, round(TILE_SIZE * min(1.0, steps / self.looks)))
        shown = self.gradients[np.ix_(_spread(steps, filled), _spread(places, TILE_SIZE))]
        return np.pad(shown, ((0, TILE_SIZE - filled), (0, 0)), constant_values=np.inf).T[::-1]

    @property
    def label(self) -> str:
        """The tile in words."""
        return (
            f"{' · '.join(self.levels)}: {self.score}, {self.trained} of {self.runs} runs train, gradient {self.word}"
        )


@dataclass(frozen=True)
class Layout:
    """The factors of an atlas and where each is laid out; None where the board has too few.

    Attributes:
        group: Factor of the groups of rows.
        row: Factor of the rows of a group.
        block: Factor of the panels.
        column: Factor of the columns of a panel.
    """

    group: str | None
    row: str
    block: str | None
    column: str

    @classmethod
    def of(cls, factors: Mapping[str, Sequence[str]]) -> Layout | None:
        """The layout of a grid by its factors with several levels; None unless there are two to four."""
        match [factor for factor, levels in factors.items() if len(levels) > 1]:
            case [row, column]:
                return cls(None, row, None, column)
            case [row, block, column]:
                return cls(None, row, block, column)
            case [group, row, block, column]:
                return cls(group, row, block, column)
        return None


Rows = Sequence[Sequence["Tile | None"]]
"""Rows of tiles, None where there is no result."""


def _arranged(
    factors: Mapping[str, Sequence[str]], tiles: Sequence[Tile], layout: Layout
) -> dict[str, dict[str, Rows]]:
    """The rows of tiles of every group, by the title of their panel and the group's level."""
    names = list(factors)
    by_level = {tile.levels: tile for tile in tiles}
    fixed = {factor: levels[0] for factor, levels in factors.items() if len(levels) == 1}

    def find(group: str, row: str, block: str, column: str) -> Tile | None:
        at: dict[str | None, str] = {layout.group: group, layout.row: row, layout.block: block, layout.column: column}
        return by_level.get(tuple(fixed.get(name) or at[name] for name in names))

    groups, blocks = (factors[factor] if factor else [""] for factor in (layout.group, layout.block))
    return {
        level_title(layout.block, block) if layout.block else "": {
            group: [
                [find(group, row, block, column) for column in factors[layout.column]] for row in factors[layout.row]
            ]
            for group in groups
        }
        for block in blocks
    }


def atlas(factors: Mapping[str, Sequence[str]], tiles: Sequence[Tile]) -> dict[str, Drawing]:
    """The panels of an atlas by their titles; empty unless the board has two to four factors with several levels."""
    layout = Layout.of(factors)
    if layout is None:
        return {}
    rows, columns = factors[layout.row], factors[layout.column]
    return {title: _panel(title, found, rows, columns) for title, found in _arranged(factors, tiles, layout).items()}


def atlas_sheet(title: str, words: str, panels: Mapping[str, Drawing]) -> Drawing:
    """The panels of an atlas on one sheet, with its title and legend."""
    gap, top = 24.0, 68.0
    widths = [panel.width for panel in panels.values()]
    lefts = [gap + sum(widths[:index]) + gap * index for index in range(len(widths))]
    key = legend()
    height = max(panel.height for panel in panels.values())
    shapes: list[Shape] = [
        Text(gap, 34, title, size=15, ink="ink", bold=True),
        Text(gap, 54, words, size=12),
        *(Inset(left, top, panel) for left, panel in zip(lefts, panels.values(), strict=True)),
        Inset(gap, top + height + 14, key),
    ]
    width = max(sum(widths) + gap * (len(widths) + 1), len(words) * 6.4 + 2 * gap)
    return Drawing(width, top + height + 14 + key.height + 10, f"{title}: {words}", shapes)


def legend() -> Drawing:
    """The three words of an atlas, each with its colours and its sign."""
    colors = {"vanishes": (VIRIDIS[0], VIRIDIS[3]), "healthy": (VIRIDIS[8],), "explodes": (VIRIDIS[-1], NONFINITE)}
    drawing = Drawing(
        306, 20, "Dark with ▼: the gradient vanishes. Green: healthy. Yellow or orange with ▲: it explodes."
    )
    left = 0.0
    for word, sign in WORDS.items():
        for color in colors[word]:
            drawing.shapes.append(Rect("bar", left, 4, 13, 13, color))
            left += 13
        drawing.shapes.append(Text(left + 6, 15, f"{sign} {word}".strip(), size=12, ink="ink"))
        left += 20 + 6.6 * len(f"{sign} {word}")
    return drawing


def preview(
    factors: Mapping[str, Sequence[str]], tiles: Sequence[Tile], width: int, height: int
) -> NDArray[np.float64]:
    """The tiles of an atlas without any text, shape (height, width); those that do not fit are left out."""
    layout = Layout.of(factors)
    canvas = np.full((height, width), np.nan)
    if layout is None:
        return canvas
    panels = [list(itertools.chain(*found.values())) for found in _arranged(factors, tiles, layout).values()]
    gap, columns = 2, len(factors[layout.column])
    count = columns * len(panels)
    wide = max(1, (width - gap * (count + 4 * len(panels))) // count)
    tall = max(1, height // len(panels[0]) - gap)
    left = max(0, (width - count * (wide + gap) - 4 * gap * (len(panels) - 1)) // 2)
    for panel in panels:
        for (index, row), column in itertools.product(enumerate(panel), range(columns)):
            tile, x, y = row[column], left + column * (wide + gap), gap + index * (tall + gap)
            if tile is not None and x + wide <= width and y + tall <= height:
                shown = tile.pixels[np.ix_(_spread(TILE_SIZE, tall), _spread(TILE_SIZE, wide))]
                canvas[y : y + tall, x : x + wide] = shown
        left += columns * (wide + gap) + 4 * gap
    return canvas


def _panel(title: str, found: Mapping[str, Rows], rows: Sequence[str], columns: Sequence[str]) -> Drawing:
    """One panel: tiles in rows by group, all of them in one image, with their numbers as links over it."""
    gutter = 10 + _CHARACTER * max(map(len, rows))
    headed = _GROUP if any(found) else 0
    deep = headed + len(rows) * _STRIDE
    canvas = np.full((len(found) * deep, len(columns) * _STRIDE - 1), np.nan)
    width = gutter + canvas.shape[1] * _WIDE
    texts: list[Shape] = [Text(gutter, 13, title, size=14, ink="ink", bold=True)]
    middles = [gutter + (index * _STRIDE + TILE_SIZE / 2) * _WIDE for index in range(len(columns))]
    texts += [Text(middle, _HEAD - 7, label, "middle") for middle, label in zip(middles, columns, strict=True)]
    links: list[Shape] = []
    for (g, group), (r, row) in itertools.product(enumerate(found), enumerate(rows)):
        y = g * deep + headed + r * _STRIDE
        if group and r == 0:
            texts.append(Text(0, _HEAD + y * _TALL - 6, group, size=13, ink="ink", bold=True))
        texts.append(Text(gutter - 8, _HEAD + (y + TILE_SIZE / 2) * _TALL + 4, row, "end"))
        for c, tile in enumerate(found[group][r]):
            if tile is not None:
                x = c * _STRIDE
                canvas[y : y + TILE_SIZE, x : x + TILE_SIZE] = tile.pixels
                links.append(_link(tile, gutter + x * _WIDE, _HEAD + y * _TALL))
    height = _HEAD + len(canvas) * _TALL
    image = Image(gutter, _HEAD, canvas.shape[1] * _WIDE, len(canvas) * _TALL, canvas)
    label = f"{title or 'Atlas'}: gradients of {len(links)} recipes"
    return Drawing(width, height, label, [image, *texts, *links])


def _link(tile: Tile, x: float, y: float) -> Link:
    """The number of a tile in its lower right corner, in the ink that is readable on the colours there."""
    width, height = TILE_SIZE * _WIDE, TILE_SIZE * _TALL
    text = Text(
        x + width - 4, y + height - 5, f"{WORDS[tile.word]} {tile.score}".strip(), "end", size=11,
        ink=_ink(tile.pixels[-_NUMBER[0] :, -_NUMBER[1] :]), bold=2 * tile.trained >= tile.runs,
    )  # fmt: skip
    return Link(x, y, width, height, tile.label, text, tile.href)


def _ink(pixels: NDArray[np.float64]) -> str:
    """White or black, whichever has the larger contrast in the worst place; that of the page if nothing is drawn."""
    found = [PALETTE[code] for code in np.unique(codes(pixels)) if code]
    lights = [_luminance(color) for color in found]
    if not lights:
        return "ink"
    on_dark, on_bright = 1.05 / (max(lights) + 0.05), (min(lights) + 0.05) / 0.05
    return "white" if on_dark > on_bright else "black"


def _luminance(color: str) -> float:
    """Relative luminance of a colour, 0 to 1, as in WCAG 2.2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _exploding(ratio: float) -> str:
    return "explodes" if ratio > THRESHOLDS.gradient_ratio else "healthy"


def _spread(length: int, count: int) -> NDArray[np.int64]:
    """`count` indices of `length` places, evenly spread, repeated if there are fewer places."""
    return np.linspace(0, length - 1, count).round().astype(np.int64)


def level_title(factor: str, level: str) -> str:
    """A level with its factor: `no normalization`, `batch normalization`, `length 50`."""
    name = factor.removesuffix("_level").replace("_", " ")
    return f"no {name}" if level == "none" else f"{name} {level}" if level[:1].isdigit() else f"{level} {name}"
