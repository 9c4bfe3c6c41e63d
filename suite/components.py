"""A user's own components: how the folder beside a spec becomes importable."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def importing_from(folders: Sequence[str]) -> Iterator[None]:
    """Puts folders at the front of the import path for a while; modules imported meanwhile stay."""
    before = list(sys.path)
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    try:
        yield
    finally:
        sys.path[:] = before
