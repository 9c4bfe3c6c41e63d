"""Where to look next: the picture of a cell on disk, and the addresses of MLflow's pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from suite.store import public
from suite.store.artifact import local_file

if TYPE_CHECKING:
    from suite.run.gather import Gathered
    from suite.store import Listed, Store


def pictures_of(results: Gathered, store: Store) -> list[str]:
    """A line each on the picture of the best and of the worst cell; of one cell, or none, as many as there are."""
    found = [standing.record.cell for standing in results.ranked] if results.stored else []
    entries = store.answering(found)
    named = {"best": found[:1], "worst": found[1:][-1:]}
    return [
        f"{name + ':':6} {_picture(entries[cell.fingerprint], store)}"
        for name, cells in named.items()
        for cell in cells
    ]


def addresses(store: Store, port: int) -> list[str]:
    """On MLflow's pages, its own server's or once served here: each benchmark's runs, and the picture of one cell."""
    pages = _server(store) or f"http://127.0.0.1:{port}"
    lines = []
    for quick in (False, True):
        for name in store.benchmarks(quick):
            entries = [entry for entry in store.recorded(name, quick) if not entry.error]
            if entries:
                last = max(entries, key=lambda entry: entry.finished)
                runs = f"{pages}/#/experiments/{last.experiment_id}/runs"
                lines += [
                    f"{name}{' (quick)' if quick else ''}",
                    f"  runs:    {runs}",
                    f"  picture: {_page(pages, last)}",
                ]
    return lines


def _server(store: Store) -> str:
    """The address of the MLflow server the store is behind, which has pages of its own; empty if it is not."""
    return public(store.uri).rstrip("/") if store.uri.startswith(("http://", "https://")) else ""


def _page(pages: str, entry: Listed) -> str:
    return f"{pages}/#/experiments/{entry.experiment_id}/runs/{entry.run_id}/artifacts/gradients.html"


def _picture(entry: Listed, store: Store) -> str:
    """The file, from the working folder where it lies in it; behind an MLflow server, its page there."""
    if server := _server(store):
        return _page(server, entry)
    file = local_file(entry.artifacts)
    if file is None:
        return f"{entry.artifacts}/gradients.html"
    path = Path(file).with_name("gradients.html")
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
