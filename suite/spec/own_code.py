"""Digests of custom components that ignore comments, docstrings and layout."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from suite.spec.sources import digest, digest_of_file, find_module

_LONGEST_NAME = 200
"""Largest length of a string literal that can name a file."""


def digest_of_component(name: str, folders: Sequence[str]) -> str:
    """Digest, 16 hex digits, of the code and files that a component depends on.

    These are its module and, recursively, all modules and files next to it or in the folders that it imports or names in
    string literals.

    Args:
        name: Name of the component, `module:attribute`.
        folders: Folders to search for its module before Python's path.
    """
    return digest(sorted([file.name, text] for file, text in code_of_component(name, folders).items()))


def code_of_component(name: str, folders: Sequence[str]) -> dict[Path, str]:
    """Code of these modules without comments and docstrings, and digests of these files, by path."""
    first = find_module(name.partition(":")[0], folders)
    found: dict[Path, str] = {}
    left = [first] if first is not None and first.is_file() else []
    while left:
        file = left.pop()
        if file not in found:
            tree = _code(file)
            found[file] = digest_of_file(file) if tree is None else ast.unparse(tree)
            left += [] if tree is None else _mentioned(file, tree, folders)
    return found


def _code(file: Path) -> ast.Module | None:
    """A module without its docstrings; None for files that are not Python."""
    try:
        tree = ast.parse(file.read_bytes()) if file.suffix == ".py" else None
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _mentioned(file: Path, tree: ast.Module, folders: Sequence[str]) -> Iterator[Path]:
    """The files next to a module, or in the folders, that it imports or names in string literals."""
    bases = [file.parent, *map(Path, folders)]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                imported = [(base, alias.name) for alias in names for base in bases]
            case ast.ImportFrom(module=module, names=names, level=level):
                within = [file.parents[level - 1]] if level else bases
                modules = [module or "", *(f"{module or ''}.{alias.name}" for alias in names)]
                imported = [(base, name.strip(".")) for name in modules for base in within]
            case ast.Constant(value=str() as text) if text.isprintable() and 0 < len(text) < _LONGEST_NAME:
                yield from (path for base in bases if (path := base / text).is_file())
                imported = [(base, text) for base in bases if text.replace(".", "").isidentifier()]
            case _:
                continue
        for base, name in imported:
            parts = name.split(".")
            if parts[0] not in ("", "suite"):
                places = [base.joinpath(*parts), file.parent / parts[-1]]
                candidates = [path for place in places for path in (place.with_suffix(".py"), place / "__init__.py")]
                yield from filter(Path.is_file, candidates)
