"""Finished cells, one file each, and their copy in MLflow."""

from __future__ import annotations

from suite.records.errors import RecordsError
from suite.records.folder import Entry, Records, Stored
from suite.records.writer import Writer

__all__ = ["Entry", "Records", "RecordsError", "Stored", "Writer"]
