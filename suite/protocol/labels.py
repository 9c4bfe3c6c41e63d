"""Levels and arguments as people write them in a spec."""

from __future__ import annotations

from typing import Any


def label_text(value: Any) -> str:
    """`true` for True, `none` for None, else the value itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)
