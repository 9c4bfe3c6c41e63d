"""What a notebook shows of a look and of a monitor, and how warnings and long tables are printed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import keras
import numpy as np

import suite
from suite.monitor.report import folded
from tests.monitor.models import LOGITS, L, batch, fit


def sigmoids(depth: int = 12) -> Any:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((16,)), *(L.Dense(16, "sigmoid") for _ in range(depth)), L.Dense(10)])


def test_a_look_shows_its_verdict_its_picture_three_remedies_with_code_and_a_folded_table() -> None:
    seen = suite.probe(sigmoids(), *batch(16), LOGITS)
    page = seen._repr_html_()
    assert page.startswith(f"<p><b>{seen.verdict}</b></p>")
    assert page.count("<li>") == 3
    assert "<code>BatchNormalization()</code> before every activation" in page
    assert "<svg" in page
    assert "<details><summary>13 layers</summary>" in page
    assert "<script" not in page


def test_a_monitor_shows_the_same_and_before_fit_that_it_has_seen_nothing() -> None:
    x, y = batch(16)
    monitor = suite.GradientMonitor(x, y, warn=False)
    assert monitor._repr_html_() == "<p>nothing seen yet</p>"
    fit(sigmoids(), x, y, monitor, epochs=1)
    page = monitor._repr_html_()
    assert monitor.verdict in page
    assert "<svg" in page
    assert repr(monitor) == f"GradientMonitor: {monitor.verdict}"


def test_a_warning_is_one_line() -> None:
    code = (
        "from tests.monitor.test_notebook import *\n"
        "x, y = batch(16)\n"
        "fit(sigmoids(), x, y, suite.GradientMonitor(x, y), epochs=1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stderr[done.stderr.index("GradientWarning: ") :].splitlines()
    assert lines[0].startswith("GradientWarning: vanishing, 0.2")
    assert len([line for line in lines if "callback.py" in line or line.startswith("  ")]) == 0


def test_a_long_table_is_folded_to_its_first_middle_and_last_rows() -> None:
    rows = folded(["head", *map(str, range(100))], 30)
    assert rows[:2] == ["head", "0"]
    assert rows[-1] == "99"
    assert rows.count("  ... 35 more layers") == 2
    assert len(rows) == 33
    assert folded(["head", "0"], 30) == ["head", "0"]


def test_gradients_below_1e_12_are_drawn_where_they_are() -> None:
    seen = suite.probe(sigmoids(24), *batch(16), LOGITS)
    smallest = seen.by_layer()["gradient_rms"].min()
    assert 0 < smallest < 1e-13
    drawing = seen.picture().panels[0][1].svg()
    power = int(np.floor(np.log10(smallest)))
    assert any(f"{'−' if 'x' else '-'}{-exponent}" in drawing for exponent in range(power, power + 4))
