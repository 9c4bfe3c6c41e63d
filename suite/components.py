"""A user's own components: how the folder beside a spec becomes importable."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def importing_from(folders: Sequence[str]) -> Iterator[None]:
    """Puts folders at the front of the import path for a while.

    What was imported from them is forgotten at the end: their files are a user's, who may edit them while a worker
    lives on.
    """
    before, known = list(sys.path), set(sys.modules)
    added = [folder for folder in folders if folder not in sys.path]
    sys.path[:0] = added
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and any(Path(file).is_relative_to(folder) for folder in added):
                del sys.modules[name]
