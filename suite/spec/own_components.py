"""Checks the names of custom components, `package.module:attribute`, without importing them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from suite.spec.problems import nearest, quote
from suite.spec.sources import find_module

OWN_KINDS = ("activations", "initializers", "normalizations", "optimizers")
"""Kinds of components that can be custom."""

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def fault_of(name: str, folders: Sequence[str]) -> str | None:
    """The error message for a component that cannot be imported; None if no error is found.

    Args:
        name: Name of the component, `module:attribute`.
        folders: Folders to search for its module before Python's path.
    """
    if not _NAME.fullmatch(name):
        return f"got {quote(name)}, expected package.module:attribute"
    module, attribute = name.split(":")
    file = find_module(module, folders)
    if file is None:
        missing = f"got {quote(name)}, but there is no module {quote(module)} next to the spec or on Python's path"
        if module.endswith(".py"):
            return f"{missing}; leave out the .py"
        found = nearest(module, _modules_in(folders))
        return f"{missing}; did you mean {found}:{quote(attribute)}?" if found else missing
    if file.suffix != ".py":
        return f"got {quote(name)}, expected a module with Python source, not {file.name}"
    try:
        defined = _definitions(ast.parse(file.read_bytes()).body)
    except SyntaxError as error:
        place = f" on line {error.lineno}" if error.lineno else ""
        return f"got {quote(name)}, but {file.name} is not Python: {error.msg}{place}"
    except OSError as error:
        return f"got {quote(name)}, but {file.name} cannot be read: {error.strerror}"
    first = attribute.split(".")[0]
    if first in defined or "*" in defined or "__getattr__" in defined:
        return None
    found = nearest(first, defined)
    hint = f"; did you mean {module}:{found}?" if found else ""
    return f"got {quote(name)}, but {file.name} does not define {quote(first)}{hint}"


def _modules_in(folders: Iterable[str]) -> list[str]:
    return [file.stem for folder in folders for file in sorted(Path(folder).glob("*.py")) if file.is_file()]


def _definitions(body: Iterable[ast.stmt]) -> set[str]:
    """The names that statements define at the top level of a module; `*` for a star import."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(statement.name)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
        else:
            names |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            inner = (getattr(statement, part, []) for part in ("body", "orelse", "finalbody"))
            names |= set().union(*(_definitions(b) for b in inner if isinstance(b, list)))
            names |= set().union(*(_definitions(h.body) for h in getattr(statement, "handlers", [])))
    return names
