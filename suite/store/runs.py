"""Runs of MLflow by a condition, however many there are."""

from __future__ import annotations

from typing import Any

_AT_ONCE = 5000


def search(client: Any, experiment: str, condition: str) -> list[Any]:
    """All active runs of an experiment that meet a condition."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], filter_string=condition, max_results=_AT_ONCE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found
