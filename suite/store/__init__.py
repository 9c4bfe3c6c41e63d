"""Finished cells in MLflow, recorded whole or not at all, and read back. MLflow lives here only."""

from __future__ import annotations

from suite.store.database import StoreError, serve
from suite.store.reader import Entry, Store, Stored, experiment_name

__all__ = ["Entry", "Store", "StoreError", "Stored", "experiment_name", "serve"]
