"""Finished cells in MLflow, recorded whole or not at all, and read back. MLflow lives here only."""

from __future__ import annotations

from suite.store.database import StoreError, serve
from suite.store.names import experiment_name
from suite.store.reader import Entry, Store, Stored

__all__ = ["Entry", "Store", "StoreError", "Stored", "experiment_name", "serve"]
