"""Counts and differences as terminal and pages write them."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 cell`, `2 cells`, `1,000 cells`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def difference(value: float) -> str:
    """Three decimals with a true sign, `+0.012`, `−0.003`; none where they are all zero."""
    text = f"{value:+.3f}".replace("-", "−")
    return text[1:] if text[1:] == "0.000" else text
