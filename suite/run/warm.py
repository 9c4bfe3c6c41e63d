"""Loaded by worker processes that are to train: TensorFlow is imported while the main process opens the store."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any


def dask_setup(worker: Any) -> None:
    """Called by Dask as a worker process starts, after `suite.run.worker` has set its environment."""
    threading.Thread(target=import_module, args=("suite.training.experiment",), daemon=True).start()
