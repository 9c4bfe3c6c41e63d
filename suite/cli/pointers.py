"""Writes pages with the gradients of the best and the worst recipe."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.gather import Gathered


def write_pages(results: Gathered, records: Records) -> list[str]:
    """Writes the pages next to the records, if possible; returns a line with their paths.

    Raises:
        RecordsError: A record cannot be read.
    """
    from suite.pictures import html_text, picture_of_record

    found = [standing.record.cell for standing in results.ranked]
    named = {"best": found[:1], "worst": found[1:][-1:]}
    entries = records.answering(found, partly=True)
    written = []
    for name, cells in named.items():
        for entry in (entries[cell.fingerprint] for cell in cells):
            (stored,) = records.load([entry])
            page = entry.file.with_name(f"{name}.html")
            with contextlib.suppress(OSError):  # a full or read-only disk does not fail the run
                page.write_text(html_text(picture_of_record(stored.record)), encoding="utf-8")
                written.append(page)
    names = " and ".join(page.name for page in written[1:])
    return [f"Gradients: {_near(written[0])}{f' and {names}' if names else ''}"] if written else []


def _near(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
