"""Numbers as pages write them: few digits, a true minus, and words for what is no number."""

from __future__ import annotations

import math
from collections.abc import Callable


def significant(value: float | None, digits: int = 2) -> str:
    """A number in few digits: `0.24`, `3.2e-4`, `1.2e+9`."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if 1e-3 <= abs(value) < 1e5:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return f"{value:.{places}f}".replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def gradient_text(value: float, digits: int = 1) -> str:
    """A gradient in words: a zero is below the range of its float."""
    if math.isnan(value):
        return "none"
    return "below range" if value == 0 else "not finite" if math.isinf(value) else significant(value, digits)


def written_range(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """An interval as text, empty where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"{write(low)}–{write(high)}"
