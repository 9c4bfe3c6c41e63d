"""Finished cells, one file each, and their copy in MLflow."""

from __future__ import annotations

from suite.records.errors import RecordsError
from suite.records.folder import Entry, Records, Stored

__all__ = ["Entry", "Records", "RecordsError", "Stored"]
