"""Formats numbers, sides and sentences of claims for the terminal and the pages."""

from __future__ import annotations

import math

from suite.claims.evidence import Levels
from suite.claims.verdicts import Verdict


def figure(value: float) -> str:
    """A number with at most three digits and a true minus sign."""
    if math.isnan(value):
        return "?"
    text = f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return ("0" if text in ("-0", "0", "") else text).replace("-", "−")


def signed(value: float) -> str:
    """A number with a plus sign if it is positive."""
    return f"+{figure(value)}" if value > 0 and figure(value) != "0" else figure(value)


def between(low: float, high: float) -> str:
    return "no interval" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def measure_text(measure: str) -> str:
    return measure.replace("_", " ")


def side_text(side: Levels) -> str:
    """One side in words: `relu`, `glorot_uniform or he_normal`, `relu and identity`."""
    return " and ".join(" or ".join(labels) for labels in side.values())


def where_text(where: Levels) -> str:
    """The part of the grid in words: `; depth 20, width 64`, or an empty text."""
    parts = [f"{factor} {' or '.join(labels)}" for factor, labels in where.items()]
    return f"; {', '.join(parts)}" if parts else ""


def verdict_text(verdict: Verdict, factor: str | None) -> str:
    """The verdict, with the factor that it depends on."""
    return f"depends on {factor.replace('_', ' ')}" if verdict is Verdict.DEPENDS and factor else str(verdict)


def sentence(reason: str) -> str:
    """Adds a full stop and, unless the text begins with a name, a capital letter."""
    first = reason.split(" ", 1)[0]
    return f"{reason if '_' in first or not first.isalpha() else reason[:1].upper() + reason[1:]}."
