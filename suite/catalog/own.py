"""Makes custom components in the folder of a spec importable."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def importing_from(folders: Sequence[str]) -> Iterator[None]:
    """Puts folders at the front of the import path.

    Modules imported from them are unloaded at the end, since users can edit them while a worker keeps running.
    """
    before, known = list(sys.path), set(sys.modules)
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            if any(_lies_in(folder, name) for folder in folders):
                del sys.modules[name]


def _lies_in(folder: str, name: str) -> bool:
    """Whether a loaded module lies directly in a folder, not in an environment below it."""
    file = getattr(sys.modules[name], "__file__", None)
    place = Path(folder, *name.split("."))
    return file is not None and Path(file) in (place.with_suffix(".py"), place / "__init__.py")
