"""Pictures on fixed scales: pixels, ticks and escapes."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest

from suite.pictures import axes, charts, strips
from suite.pictures.charts import Dot, Line
from suite.pictures.drawing import Circle, Drawing, Image, Rect
from suite.pictures.numbers import significant
from suite.pictures.scale import NONFINITE, PALETTE, codes, median_over_replicates, thinned
from tests.leaderboard.synthetic import SCRIPT


def pixels(uri: str) -> np.ndarray:
    """The palette's indices in an image, read back by the book."""
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    palette = np.frombuffer(chunks[b"PLTE"], dtype=np.uint8).reshape(-1, 3)
    assert (depth, kind) == (4 if len(palette) <= 16 else 8, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 0).all()
    shown = rows[:, 1:]
    if depth == 4:
        shown = np.stack([shown >> 4, shown & 15], axis=2).reshape(height, -1)[:, :width]
    colors = np.array([PALETTE.index(f"#{bytes(color).hex()}") for color in palette])
    return colors[shown]


def test_an_image_of_few_colours_takes_half_the_room() -> None:
    every = 10.0 ** np.arange(-12.5, 3)[None]
    whole = np.hstack([every, [[0.0, np.inf, np.nan]]])
    for shown in (every, whole, every[:, :1]):
        assert pixels(strips.image(shown)).tolist() == codes(shown).tolist()


def test_every_decade_has_its_colour() -> None:
    gradients = np.array([[1e-30, 0.0, 1e-12, 3e-12, 1e-11], [0.5, 1.0, 99.0, 1e6, np.inf]])
    assert pixels(strips.image(gradients)).tolist() == [[2, 1, 2, 2, 3], [13, 14, 15, 15, 16]]
    assert pixels(strips.image([[np.nan, 1e-3]])).tolist() == [[0, 11]]


def test_an_image_larger_than_one_stored_block() -> None:
    assert pixels(strips.image(np.full((400, 400), 1e-12))).shape == (400, 400)


def test_the_median_counts_only_what_was_probed() -> None:
    block = np.array([[[1.0, 2.0]], [[3.0, np.nan]], [[np.inf, np.nan]]])
    assert median_over_replicates(block).tolist() == [[3.0, 2.0]]
    assert np.isnan(median_over_replicates(np.full((2, 1, 1), np.nan))).all()
    assert median_over_replicates(np.array([[[1.0]], [[0.0]]])).tolist() == [[0.0]], "of two, one that was there"


@pytest.mark.parametrize(("length", "most"), [(0, 5), (1, 5), (5, 5), (100, 20)])
def test_thinning_keeps_the_ends(length: int, most: int) -> None:
    kept = thinned(length, most).tolist()
    assert len(kept) == min(length, most)
    assert not kept or (kept[0] == 0 and kept[-1] == length - 1)


def test_scales_hold_what_lies_beyond_them_at_their_ends() -> None:
    assert [axes.GRADIENT.at(x) for x in (0.0, 1e-40, 1e-12, 1e-5, 1e2, np.inf)] == pytest.approx([0, 0, 0, 0.5, 1, 1])
    assert axes.Scale(0, 1).ticks() == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert axes.Scale(1, 2, whole=True).ticks() == [1, 2]
    assert axes.Scale(1e-4, 1, log=True).ticks() == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.236, "0.24"),
        (3.05e-5, "3.0e−5"),
        (0, "0"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "∞"),
        (-16.2, "−16"),
        (1e9, "1.0e9"),
    ],
)
def test_numbers_in_few_digits(value: float | None, written: str) -> None:
    assert significant(value) == written


def test_an_axis_on_which_nothing_differs_has_room() -> None:
    for scale in (axes.reach([]), axes.Scale(0, 0), axes.Scale(0, 0, log=True), axes.Scale(5, 5, log=True)):
        assert scale.low < scale.high
        assert scale.ticks()
    assert axes.fitted([np.nan, np.inf], log=True).ticks()
    assert axes.fitted([1e-308, 1e308], log=True).ticks()
    assert axes.loss_scale(0.0).ticks()
    constant = {"metric": "mse", "higher_is_better": False, "chance_score": 0.0}
    assert axes.ScoreScale.of(constant, 0.0).axis.ticks()


def html(drawing: Drawing) -> str:
    return drawing.__html__()


def test_names_in_charts_are_escaped() -> None:
    unit = axes.Scale(0, 1)
    line = Line(SCRIPT, "l-accent", [(0, 0), (1, 1)], SCRIPT)
    drawing = charts.lines([line], x=unit, y=unit, x_title=SCRIPT, label=SCRIPT)
    for svg in (html(drawing), drawing.svg()):
        assert "<script" not in svg
        assert svg.count("&lt;script&gt;") == 4


def test_a_line_stops_where_it_is_not_a_number() -> None:
    unit = axes.Scale(0, 1)
    line = Line("run", "l-accent", [(0, 0), (0.5, float("nan")), (1, 1)])
    svg = html(charts.lines([line], x=unit, y=unit, x_title="", label=""))
    path = svg.split('class="l-accent" d="')[1].split('"')[0]
    assert path.count("M") == 2
    assert "L" not in path


def test_rates_are_joined_only_where_those_between_were_tried() -> None:
    unit, rate = axes.Scale(0, 1), axes.Scale(1e-4, 1, log=True)
    tried = [(1e-4, 0.2), (10**-3.5, 0.5), (1e-2, 0.9), (1.0, None)]
    dots = [Dot("", at, score, True, False) for at, score in tried]
    svg = html(charts.rates(dots, [], x=rate, y=unit, label=""))
    assert svg.count('class="l-thin"') == 1
    assert svg.count('class="dot"') == 3
    assert svg.count('class="cross"') == 1


def test_the_axis_of_gradients_reaches_as_far_as_they_do() -> None:
    """A gradient that falls from 1e-3 to 1e-30 is a falling line, not one at the foot."""
    usual = axes.gradient_scale([1e-5, 1e-3])
    assert (usual.low, usual.high) == (axes.GRADIENT.low, axes.GRADIENT.high)
    deep = axes.gradient_scale([0.0, 3e-30, 1e-3, np.inf, np.nan])
    assert deep.low == pytest.approx(1e-30)
    assert [deep.at(x) for x in (0.0, 1e-30, 1e2, np.inf)] == pytest.approx([0, 0, 1, 1])
    assert deep.at(1e-20) < deep.at(1e-15) < deep.at(1e-12)
    assert axes.gradient_scale([]) == axes.GRADIENT


def test_runs_that_end_in_nan_are_painted_from_there_and_say_so() -> None:
    end = charts.End(2, "all 5 runs NaN at step 2, layer hidden_4")
    x = axes.Scale(0, 4, whole=True)
    line = [Line("replicate 0", "l-nonfinite", [(1, 1e2)], "nonfinite")]
    drawn = charts.lines(line, x=x, y=axes.Scale(1e-4, 1e2, log=True), x_title="step", label="loss", end=end)
    heat = charts.heat_map(
        np.full((1, 20), 1e3), x=x, until=1, y=axes.Scale(0.5, 20.5), x_title="step", y_title="layer", label="", end=end
    )
    for drawing in (drawn, heat):
        (band,) = [shape for shape in drawing.shapes if isinstance(shape, Rect) and shape.color == NONFINITE]
        assert band.x + band.width == charts.WIDTH - 12
        assert end.words in drawing.svg()
        image = [shape for shape in drawing.shapes if isinstance(shape, Image)]
        assert all(shape.x + shape.width == pytest.approx(band.x) for shape in image)
    assert any(isinstance(shape, Circle) for shape in drawn.shapes), "a line of one point is a point"


def test_a_strip_of_a_run_that_ended_in_nan_is_filled_to_its_end() -> None:
    seen = np.full((1, 3), 1e-3)
    assert np.isnan(strips.strip(seen, 20)[:, 1:]).all()
    assert np.isposinf(strips.strip(seen, 20, nonfinite=True)[:, 1:]).all()
