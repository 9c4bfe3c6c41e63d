"""Where the code and data are that a spec names, found without importing, and hashes by which a change is seen."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
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


class Sources:
    """Hashes of modules and of data files, each found and read once: what a change is seen by.

    Args:
        folders: Where they are looked for first.
    """

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        self.of_module = functools.cache(self._of_module)
        self.of_file = functools.cache(self._of_file)

    def _of_module(self, module: str) -> str:
        """16 hex digits of a module's source and of those it imports from its own folder, or from below the folders."""
        file = find_module(module, self._folders)
        files = _with_imported(file, self._folders) if file is not None and file.is_file() else []
        return digest(sorted([path.name, _hash(path)] for path in files))

    def _of_file(self, path: str) -> str:
        """16 hex digits of a data file."""
        file = find_file(path, self._folders)
        return digest(_hash(file) if file is not None else None)


def _with_imported(file: Path, folders: Sequence[str]) -> list[Path]:
    """A source file and those that it imports, directly or not, from its own folder or from below the folders."""
    found, waiting = {file}, [file]
    while waiting:
        for imported in _imported_files(waiting.pop(), folders):
            if imported not in found:
                found.add(imported)
                waiting.append(imported)
    return sorted(found)


def _imported_files(file: Path, folders: Sequence[str]) -> Iterator[Path]:
    for base, parts in _imported_names(file):
        if base is not None:
            places = [base.joinpath(*parts)]
        else:
            below = [] if parts[0] == "suite" else [Path(folder, *parts) for folder in folders]
            places = [file.parent / parts[-1], *below]
        for place in places:
            for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
                if candidate.is_file():
                    yield candidate


def _imported_names(file: Path) -> Iterator[tuple[Path | None, list[str]]]:
    """The modules that a file's imports may mean: the folder that a relative one starts from, and the parts of its name."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((None, alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1] if node.level else None
            module = node.module.split(".") if node.module else []
            yield from ((base, [*module, alias.name]) for alias in node.names)
            if module:
                yield base, module


def digest(value: Any) -> str:
    """16 hex digits of a plain value, the same wherever and whenever it is computed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
