"""Pictures: the same scale, colours and bytes every time; what has no colour is marked; a page loads nothing."""

from __future__ import annotations

import dataclasses
import io
import re

import numpy as np
import pytest
from PIL import Image

from suite.pictures import Curve, Heat, Picture, cell_files, draw, html_text, picture_of_record, png_bytes
from suite.pictures.figure import LOG10_HIGH, LOG10_LOW, NOT_FINITE, SHADES
from suite.protocol.records import Budget, Cell, Record
from tests.probes.cases import recipe

DECADES = np.arange(LOG10_LOW + 0.5, LOG10_HIGH)


def picture(gradients: np.ndarray, **others: object) -> Picture:
    steps = np.arange(1, len(gradients) + 1)
    return Picture(
        "title",
        "words",
        [Heat("gradient", steps, gradients, [f"layer_{n}" for n in range(gradients.shape[1])])],
        **others,
    )


def colors_of(gradients: np.ndarray) -> np.ndarray:
    """The colour in the middle of each cell, (steps, layers, 3)."""
    figure = draw(picture(gradients))
    pixels = np.asarray(Image.open(io.BytesIO(png_bytes(figure))).convert("RGB"))
    axes = figure.axes[0]
    steps, layers = gradients.shape
    edges = axes.get_xlim()
    found = np.zeros((steps, layers, 3), np.uint8)
    for step in range(steps):
        for layer in range(layers):
            x, y = axes.transData.transform((edges[0] + (edges[1] - edges[0]) * (step + 0.5) / steps, layer + 1))
            found[step, layer] = pixels[len(pixels) - 1 - int(y), int(x)]
    return found


def test_the_scale_is_fixed_and_even() -> None:
    """A gradient has one colour, whatever else is in the picture; brighter is larger."""
    ramp = colors_of(10.0 ** DECADES[None].repeat(3, 0))[1]
    brightness = ramp @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()
    alone = colors_of(np.full((3, 3), 10.0 ** DECADES[4]))[1, 1]
    np.testing.assert_array_equal(alone, ramp[4])
    from matplotlib import colormaps

    shade = int((DECADES[4] - LOG10_LOW) / (LOG10_HIGH - LOG10_LOW) * SHADES)
    expected = np.array(colormaps["viridis"](shade / (SHADES - 1))[:3]) * 255
    assert np.abs(expected - alone).max() <= 3


def test_what_has_no_logarithm_is_marked_apart() -> None:
    gradients = np.full((4, 6), 1e-3)
    gradients[:, 0] = 0.0
    gradients[2, 5] = np.nan
    gradients[3, 5] = np.inf
    found = colors_of(gradients)
    not_finite = np.array([int(NOT_FINITE[i : i + 2], 16) for i in (1, 3, 5)])
    assert np.abs(found[2:, 5].astype(int) - not_finite).max() <= 2
    greys = found[:, 0].astype(int)
    assert (np.ptp(greys, axis=1) <= 2).all(), "hatched in grey on white"
    assert greys.min() > 100
    np.testing.assert_array_equal(found[0, 1], found[3, 1])


def test_the_same_bytes_every_time() -> None:
    gradients = 10.0 ** np.random.default_rng(0).uniform(-14, 3, (20, 30))
    drawn = [png_bytes(draw(picture(gradients))) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) < 60_000


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
    png, page = cell_files(record)
    width, height = Image.open(io.BytesIO(png)).size
    assert width == 840
    assert height > 400
    assert "3 of 3 stalled: vanishing, 0.2" in page
    assert "deep: sigmoid · &lt;b&gt;&amp;" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)|https?://|<script", page), "nothing is loaded from elsewhere"
    assert "<td>hidden_1</td>" in page


def test_the_heat_map_is_the_median_over_replicates(record: Record) -> None:
    heat = picture_of_record(record).heats[0]
    assert heat.names == record.layers
    assert heat.steps.tolist() == (record.replicates[0].traces["probed_step"] + 1).tolist()
    traces = np.array([run.traces["gradient_rms"] for run in record.replicates])
    np.testing.assert_allclose(heat.gradients, np.median(traces, axis=0))


def test_runs_that_ended_early_leave_the_rest_to_the_others(record: Record) -> None:
    first, *others = record.replicates
    short = dataclasses.replace(first, traces={name: values[:2] for name, values in first.traces.items()})
    heat = picture_of_record(dataclasses.replace(record, replicates=(short, *others))).heats[0]
    assert len(heat.steps) == 5
    two = np.array([run.traces["gradient_rms"] for run in others])
    np.testing.assert_allclose(heat.gradients[2:], two.min(axis=0)[2:])  # of two, the lower one
    none = dataclasses.replace(first, traces={name: values[:0] for name, values in first.traces.items()})
    page = cell_files(dataclasses.replace(record, replicates=(none,)))[1]
    assert "<img" in page


def test_gradients_through_time_have_their_own_map() -> None:
    gradients = 0.9 ** np.arange(49, -1, -1)[None].repeat(4, 0)
    through_time = Heat("gradient through time", np.arange(4), gradients, [str(t) for t in range(50)], "time step")
    figure = draw(dataclasses.replace(picture(np.ones((4, 2))), heats=[*picture(np.ones((4, 2))).heats, through_time]))
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels[0].startswith("layer")
    assert "time step (1: first)" in labels


def test_curves_that_are_flat_negative_or_empty_are_drawn() -> None:
    steps = np.arange(1, 4)
    curves = [
        Curve("flat", steps, np.ones(3)),
        Curve("gone", steps, np.full(3, np.nan)),
        Curve("none", steps[:0], np.ones(0)),
    ]
    page = html_text(
        picture(np.ones((3, 2)), losses=curves, scores=[Curve("r2", steps, -np.ones(3))], score_name="r2", target=0.5)
    )
    assert page.startswith("<!doctype html>")
    assert png_bytes(draw(Picture("nothing", "seen", [])))
