"""What is raised where a model, its data or its loss cannot be looked at."""

from __future__ import annotations


class MonitorError(ValueError):
    """The model, the batch or the loss does not fit. Its text says what was expected and what was received."""


def first_lines(error: BaseException, most: int = 300) -> str:
    """The beginning of another library's message, on one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= most else text[: most - 1] + "…"
