"""Where to look next: pages with the gradients of the best and the worst recipe of a run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.gather import Gathered


def write_pages(results: Gathered, records: Records) -> list[str]:
    """Writes them beside the records, where that can be done; a line each on where.

    Raises:
        RecordsError: A record cannot be read.
    """
    from suite.pictures import html_text, picture_of_record

    found = [standing.record.cell for standing in results.ranked]
    named = {"best": found[:1], "worst": found[1:][-1:]}
    entries = records.answering(found, partly=True)
    lines = []
    for name, cells in named.items():
        for entry in (entries[cell.fingerprint] for cell in cells):
            (stored,) = records.load([entry])
            page = entry.file.with_name(f"{name}.html")
            with contextlib.suppress(OSError):  # the disk is full or read only: a run does not fail for that
                page.write_text(html_text(picture_of_record(stored.record)), encoding="utf-8")
                lines.append(f"{name + ':':6} {_near(page)}")
    return lines


def _near(path: Path) -> str:
    """From the working folder where it lies in it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
