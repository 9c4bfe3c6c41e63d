"""Finds the code and data of a spec without importing it, and computes digests of values and files."""

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
    """The file of a module, found without importing it or its packages; None if there is none.

    Args:
        name: Dotted name of the module.
        folders: Folders to search before Python's path.
    """
    top, *rest = name.split(".")
    spec = PathFinder.find_spec(top, [*folders, *sys.path]) or _find_elsewhere(top)
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _find_elsewhere(name: str) -> ModuleSpec | None:
    """Asks the other finders, for editable installs, built-in and frozen modules."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None)
        if spec is not None:
            return spec
    return None


def find_file(path: str, folders: Sequence[str]) -> Path | None:
    """The file of a path relative to one of the folders or to the working folder; None if there is none."""
    candidates = (Path(folder, path) for folder in (*folders, "."))
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)


def digest(value: Any) -> str:
    """Reproducible hash of a plain value, 16 hex digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of_file(file: Path | None) -> str:
    """Hash of the contents of a file, or of None, 16 hex digits."""
    if file is None:
        return digest(None)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
