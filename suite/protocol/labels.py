"""What a level is called: the one rule of how labels are shown, and so of which labels are the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]{0,14}))\.0+")


def label_text(value: Any) -> str:
    """A label or argument as it is shown; two labels are the same where this is.

    `5` for 5, 5.0 and "5.0", `0` for -0.0, `true` for True and "True", `none` for None, any other text as it is. A
    column of a table has one type, so numbers and booleans may stand in it as texts, or whole numbers as floats: they
    must not turn into other labels on the way, and no two labels of a spec into one.
    """
    if hasattr(value, "item"):
        value = value.item()
    if value is None:
        return "none"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = str(value)
    if text in ("True", "False"):
        return text.lower()
    whole = _WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text


def held_label(value: Any) -> str:
    """What the label of a factor that is held constant would be: the name of a component, else the value."""
    return label_text(value["name"] if isinstance(value, Mapping) and "name" in value else value)


def number_of(label: str) -> float | None:
    """The number that a label is; None if it is none."""
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def printable(text: str) -> str:
    """A user's text on one line: control characters, line breaks and marks that turn the writing round are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
