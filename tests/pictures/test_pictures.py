"""Pictures: the same drawing in MLflow, on the page and on paper; the same bytes every time; nothing is loaded."""

from __future__ import annotations

import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from suite.monitor.drawing import curves_over
from suite.pictures import cell_files, charts, draw, html_text, picture_of_record, png_bytes, write
from suite.pictures.axes import Scale, fitted
from suite.pictures.cells import FIGURES, draw_figures, heat
from suite.pictures.drawing import INKS, STYLES, Drawing, stylesheet
from suite.pictures.page import Picture
from suite.pictures.scale import NONFINITE, PALETTE, VIRIDIS, ZERO, codes
from suite.pictures.views import Gradients, view_of_record
from suite.protocol.records import Budget, Cell, Record
from tests.probes.cases import recipe


def rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


def painted(drawing: Drawing) -> np.ndarray:
    """The pixels of a drawing on paper, (height, width, 3), two a unit."""
    return np.asarray(Image.open(io.BytesIO(png_bytes(drawing))).convert("RGB"))


def heat_of(gradients: np.ndarray) -> Drawing:
    steps = np.arange(1, len(gradients) + 1)
    return heat(Gradients([0], steps, gradients[None]), Scale(0, len(gradients)))


def test_the_scale_is_fixed_and_even() -> None:
    """A gradient has one colour, whatever else is in the picture; brighter is larger."""
    decades = 10.0 ** np.arange(-11.5, 2)
    assert [PALETTE[code] for code in codes(decades)] == list(VIRIDIS)
    brightness = [np.dot(rgb(color), [0.2126, 0.7152, 0.0722]) for color in VIRIDIS]
    assert (np.diff(brightness) > 0).all()
    assert [PALETTE[code] for code in codes([0.0, np.inf])] == [ZERO, NONFINITE]


def test_paper_has_the_colours_of_the_page() -> None:
    """What SVG has as an image of palette codes, Matplotlib has in the same places in the same colours."""
    gradients = np.array([[1e-11, 0.0, 1e-3], [1e-11, 1.0, np.inf]])
    found = painted(heat_of(gradients))
    box = next(shape for shape in heat_of(gradients).shapes if hasattr(shape, "gradients"))
    for column, step in enumerate(gradients):
        for row, value in enumerate(step[::-1]):
            x = 2 * (box.x + box.width * (column + 0.5) / 2)
            y = 2 * (box.y + box.height * (row + 0.5) / 3)
            assert found[int(y), int(x)].tolist() == rgb(PALETTE[int(codes([value])[0])])


def test_every_style_is_in_the_stylesheet_and_has_known_inks() -> None:
    css = stylesheet()
    for name, style in STYLES.items():
        assert f".chart .{name}{{" in css
        assert {style.stroke, style.fill} - {None} <= set(INKS)


@pytest.fixture(scope="module")
def record() -> Record:
    """A real cell: a deep sigmoid net on the digits, which stalls."""
    from suite.training.experiment import run_cell

    factors = recipe(depth=12, width=16, activation="sigmoid", optimizer="sgd")
    budget = Budget(steps=20, trials=2, replicates=3, evaluations=5, learning_rate_low=1e-2, learning_rate_high=0.1)
    task = {"name": "digits", "train_size": 256, "scaling": "standard"}
    labels = {"activation": "sigmoid", "note": "<b>&"}
    return run_cell(Cell("deep", "0" * 16, labels, factors, task, "mlp", budget, 0, 0.9, False, (), "p"))


def test_a_cell_in_words_and_pictures(record: Record) -> None:
    svg, page = cell_files(record)
    assert svg.startswith("<svg ")
    assert svg.count("<image ") == 1 + 3, "the median, and each replicate"
    assert "3 of 3 stalled: vanishing, 0.2" in page
    assert "deep: sigmoid · &lt;b&gt;&amp;" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)|<script", page + svg), "nothing is loaded from elsewhere"
    assert set(re.findall(r"https?://[^\"]*", page + svg)) == {"http://www.w3.org/2000/svg"}
    assert "<td>hidden_1</td>" in page
    assert cell_files(record) == (svg, page)


def test_a_drawing_is_written_by_the_ending_of_its_name(record: Record, tmp_path: Path) -> None:
    drawing = picture_of_record(record).drawing
    for ending, start in ((".svg", b"<svg "), (".png", b"\x89PNG"), (".pdf", b"%PDF")):
        first, second = tmp_path / f"first{ending}", tmp_path / f"second{ending}"
        write(drawing, first)
        write(drawing, second)
        assert first.read_bytes().startswith(start)
        assert first.read_bytes() == second.read_bytes()
    assert Image.open(tmp_path / "first.png").size == (2 * int(drawing.width), 2 * int(drawing.height))


def test_the_heat_map_is_the_median_over_replicates(record: Record) -> None:
    shown = view_of_record(record).gradients
    assert shown.names == record.layers
    assert shown.steps.tolist() == (record.replicates[0].traces["probed_step"] + 1).tolist()
    traces = np.array([run.traces["gradient_rms"] for run in record.replicates])
    np.testing.assert_allclose(shown.median, np.median(traces, axis=0))


def test_runs_that_ended_early_leave_the_rest_to_the_others(record: Record) -> None:
    first, *others = record.replicates
    short = dataclasses.replace(first, traces={name: values[:2] for name, values in first.traces.items()})
    shown = view_of_record(dataclasses.replace(record, replicates=(short, *others))).gradients
    assert len(shown.steps) == 5
    two = np.array([run.traces["gradient_rms"] for run in others])
    np.testing.assert_allclose(shown.median[2:], two.min(axis=0)[2:])  # of two, the lower one
    none = dataclasses.replace(first, traces={name: values[:0] for name, values in first.traces.items()})
    assert "Learning rates tried" in cell_files(dataclasses.replace(record, replicates=(none,)))[0]


def test_what_is_not_finite_is_marked_and_not_left_out(record: Record) -> None:
    first = record.replicates[0]
    broken = {**first.traces, "gradient_rms": np.full_like(first.traces["gradient_rms"], np.nan)}
    replicates = (dataclasses.replace(first, traces=broken),)
    shown = view_of_record(dataclasses.replace(record, replicates=replicates)).gradients
    assert np.isinf(shown.median).all()


def test_a_figure_that_cannot_be_drawn_costs_no_other(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: object) -> Drawing:
        raise OverflowError("numbers beyond all measure")

    monkeypatch.setitem(FIGURES, "loss", dataclasses.replace(FIGURES["loss"], draw=breaks))
    drawn = draw_figures(view_of_record(record))
    assert "cannot be drawn: numbers beyond all measure" in drawn["loss"].drawing.svg()
    assert set(drawn) == {"loss", "scores", "gradients", "depth", "strips", "rates"}


def test_curves_that_are_flat_negative_or_empty_are_drawn() -> None:
    curves = {"flat": [(1, 1.0), (2, 1.0)], "gone": [(1, np.nan), (2, np.nan)], "none": [], "below": [(1, -1.0)]}
    x = Scale(0, 2)
    for log in (True, False):
        y = fitted((value for points in curves.values() for _, value in points), log=log)
        drawing = curves_over(x, curves, y)
        assert drawing.svg().count("<path") > 4
        assert len(draw(drawing).axes) == 1
    assert html_text(Picture("nothing", "seen", [])).startswith("<!doctype html>")
    assert charts.sheet("nothing", "seen", []).svg().startswith("<svg ")
