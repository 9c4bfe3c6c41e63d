"""Loaded by worker processes that are to train: TensorFlow is imported while the main process gets ready."""

from __future__ import annotations

import gc
import threading
from importlib import import_module
from typing import Any


def dask_setup(worker: Any) -> None:
    """Called by Dask as a worker process starts, after `suite.run.worker` has set its environment."""
    threading.Thread(target=load, daemon=True).start()


def load() -> None:
    """Imports what trains. Modules stay: looking through them for garbage, again and again, is a quarter of importing."""
    gc.disable()
    try:
        import_module("suite.training.experiment")
    finally:
        gc.freeze()
        gc.enable()
