"""Where to look next: the picture of a cell on disk, and the addresses of MLflow's pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from suite.store.artifact import local_file

if TYPE_CHECKING:
    from suite.run.gather import Results
    from suite.store import Entry, Store


def pictures_of(results: Results, store: Store) -> list[str]:
    """A line each on the picture of the best and of the worst cell; of one cell, or none, as many as there are."""
    found = [standing.record.cell for standing in results.ranked] if results.stored else []
    entries = store.answering(found)
    named = {"best": found[:1], "worst": found[1:][-1:]}
    return [f"{name + ':':6} {_picture(entries[cell.fingerprint])}" for name, cells in named.items() for cell in cells]


def addresses(store: Store, port: int) -> list[str]:
    """On MLflow's pages, once they are served: the runs of each benchmark, and the picture of one cell of it."""
    lines = []
    for quick in (False, True):
        for name in store.benchmarks(quick):
            entries = [entry for entry in store.recorded(name, quick) if not entry.error]
            if entries:
                last = max(entries, key=lambda entry: entry.finished)
                runs = f"http://127.0.0.1:{port}/#/experiments/{last.experiment_id}/runs"
                page = runs.removesuffix("/runs") + f"/runs/{last.run_id}/artifacts/gradients.html"
                lines += [f"{name}{' (quick)' if quick else ''}", f"  runs:    {runs}", f"  picture: {page}"]
    return lines


def _picture(entry: Entry) -> str:
    """The file, from the working folder where it lies in it; on a server, the run that has it."""
    file = local_file(entry.artifacts)
    if file is None:
        return f"{entry.artifacts}/gradients.html"
    path = Path(file).with_name("gradients.html")
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
