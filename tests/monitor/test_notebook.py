"""What a notebook shows of a look and of a monitor, and how warnings and long tables are printed."""

from __future__ import annotations

import numpy as np

import suite
from suite.monitor.report import folded
from tests.monitor.models import LOGITS, batch, deep, fit


def test_a_look_shows_its_verdict_its_picture_three_remedies_with_code_and_a_folded_table() -> None:
    seen = suite.probe(deep("sigmoid"), *batch(16), LOGITS)
    page = seen._repr_html_()
    assert page.startswith(f"<p><b>{seen.verdict}</b></p>")
    assert page.count("<li>") == 3
    assert "<code>BatchNormalization()</code> before every activation" in page
    assert "<svg" in page
    assert "<details><summary>9 layers</summary>" in page
    assert "<script" not in page


def test_a_monitor_shows_the_same_and_before_fit_that_it_has_seen_nothing() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, warn=False)
    assert monitor._repr_html_() == "<p>nothing seen yet</p>"
    fit(deep("sigmoid"), x, y, monitor, epochs=1)
    page = monitor._repr_html_()
    assert monitor.verdict in page
    assert "<svg" in page
    assert repr(monitor) == f"GradientMonitor: {monitor.verdict}"


def test_a_long_table_is_folded_to_its_first_middle_and_last_rows() -> None:
    rows = folded(["head", *map(str, range(100))], 30)
    assert rows[:2] == ["head", "0"]
    assert rows[-1] == "99"
    assert rows.count("  ... 35 more layers") == 2
    assert len(rows) == 33
    assert folded(["head", "0"], 30) == ["head", "0"]


def test_gradients_below_1e_12_are_drawn_where_they_are() -> None:
    seen = suite.probe(deep("sigmoid", 24), *batch(16), LOGITS)
    smallest = seen.by_layer()["gradient_rms"].min()
    assert 0 < smallest < 1e-13
    drawing = seen.picture().panels[0][1].svg()
    power = int(np.floor(np.log10(smallest)))
    assert any(f"{'−' if 'x' else '-'}{-exponent}" in drawing for exponent in range(power, power + 4))
