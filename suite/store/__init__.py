"""Finished cells in MLflow, recorded whole or not at all, and read back. MLflow lives here only."""

from __future__ import annotations

from suite.store.client import serve
from suite.store.names import experiment_name
from suite.store.reader import Listed, Store, Stored
from suite.store.scratch import scratch
from suite.store.troubles import StoreError, public

__all__ = ["Listed", "Store", "StoreError", "Stored", "experiment_name", "public", "scratch", "serve"]
