"""Counts and differences as they are written."""

from __future__ import annotations

import pytest

from suite.protocol.written import counted, difference


@pytest.mark.parametrize(
    ("value", "text"), [(0.0124, "+0.012"), (-0.003, "−0.003"), (-0.0004, "0.000"), (0.0004, "0.000"), (0.0, "0.000")]
)
def test_a_difference_of_nothing_has_no_sign(value: float, text: str) -> None:
    assert difference(value) == text


def test_one_is_no_plural() -> None:
    assert [counted(n, "cell") for n in (0, 1, 2, 1000)] == ["0 cells", "1 cell", "2 cells", "1,000 cells"]
