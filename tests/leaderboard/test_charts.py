"""Pictures on fixed scales: pixels, ticks and escapes."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import pytest

from leaderboard import charts, scales
from leaderboard.charts import Line
from suite.pictures import strips
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
    assert (depth, kind, len(chunks[b"PLTE"])) == (4, 3, 48)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 0).all()
    return np.stack([rows[:, 1:] >> 4, rows[:, 1:] & 15], axis=2).reshape(height, -1)[:, :width]


def test_every_decade_has_its_colour() -> None:
    gradients = np.array([[1e-30, 0.0, 1e-12, 3e-12, 1e-11], [0.5, 1.0, 99.0, 1e6, np.inf]])
    assert pixels(strips.image(gradients)).tolist() == [[1, 1, 1, 1, 2], [12, 13, 14, 14, 15]]
    assert pixels(strips.image([[np.nan, 1e-3]])).tolist() == [[0, 10]]


def test_an_image_larger_than_one_stored_block() -> None:
    assert pixels(strips.image(np.full((400, 400), 1e-12))).shape == (400, 400)


def test_the_median_counts_only_what_was_probed() -> None:
    block = np.array([[[1.0, 2.0]], [[3.0, np.nan]], [[np.inf, np.nan]]])
    assert strips.median_over_replicates(block).tolist() == [[3.0, 2.0]]
    assert np.isnan(strips.median_over_replicates(np.full((2, 1, 1), np.nan))).all()
    assert strips.median_over_replicates(np.array([[[1.0]], [[2.0]]])).tolist() == [[1.5]]


@pytest.mark.parametrize(("length", "most"), [(0, 5), (1, 5), (5, 5), (100, 20)])
def test_thinning_keeps_the_ends(length: int, most: int) -> None:
    kept = strips.thinned(length, most).tolist()
    assert len(kept) == min(length, most)
    assert not kept or (kept[0] == 0 and kept[-1] == length - 1)


def test_scales_hold_what_lies_beyond_them_at_their_ends() -> None:
    assert [scales.GRADIENT.at(x) for x in (0.0, 1e-40, 1e-12, 1e-5, 1e2, np.inf)] == pytest.approx(
        [0, 0, 0, 0.5, 1, 1]
    )
    assert scales.Scale(0, 1).ticks() == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert scales.Scale(1, 2, whole=True).ticks() == [1, 2]
    assert scales.Scale(1e-4, 1, log=True).ticks() == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1])


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
    assert scales.significant(value) == written


def test_names_in_charts_are_escaped() -> None:
    unit = scales.Scale(0, 1)
    svg = charts.lines(
        [Line(SCRIPT, "l", [(0, 0), (1, 1)])], x=unit, y=unit, x_title=SCRIPT, y_title=SCRIPT, label=SCRIPT
    )
    assert "<script" not in svg
    assert svg.count("&lt;script&gt;") == 4


def test_a_line_stops_where_it_is_not_a_number() -> None:
    unit = scales.Scale(0, 1)
    line = Line("run", "l", [(0, 0), (0.5, float("nan")), (1, 1)])
    svg = charts.lines([line], x=unit, y=unit, x_title="", y_title="", label="")
    assert svg.count('class="l" d="M') == 1
    assert "L" not in svg.split('class="l" d="')[1].split('"')[0]
