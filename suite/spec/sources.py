"""Where the code and data are that a spec names, found without importing, and digests of plain values and of files."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any


def find_module(name: str, folders: Sequence[str] = ()) -> Path | None:
    """The file that a module would be imported from, found without importing it or its packages.

    Args:
        name: Dotted.
        folders: Looked in before Python's own path.
    """
    top, *rest = name.split(".")
    spec = PathFinder.find_spec(top, [*folders, *sys.path]) or _find_elsewhere(top)
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _find_elsewhere(name: str) -> ModuleSpec | None:
    """Asks the other finders: of editable installs, built-in and frozen modules."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None)
        if spec is not None:
            return spec
    return None


def find_file(path: str, folders: Sequence[str]) -> Path | None:
    """The file of a path that is relative to one of the folders or, failing that, to the working folder."""
    candidates = (Path(folder, path) for folder in (*folders, "."))
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)


def digest(value: Any) -> str:
    """16 hex digits of a plain value, the same wherever and whenever it is computed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of_file(file: Path | None) -> str:
    """16 hex digits of a file's bytes, or of there being none."""
    if file is None:
        return digest(None)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
