"""A user's own components, `package.module:attribute`: found and read without importing them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from suite.spec.problems import nearest, quote
from suite.spec.sources import find_module

OWN_KINDS = ("activations", "initializers", "normalizations", "optimizers")
"""The kinds of component that a user may bring."""

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def fault_of(name: str, folders: Sequence[str]) -> str | None:
    """What is wrong with a component's name, without importing anything; None where nothing is seen to be.

    Args:
        name: The component as the spec names it, `module:attribute`.
        folders: Folders in which its module is looked for before Python's own path.
    """
    if not _NAME.fullmatch(name):
        return f"got {quote(name)}, expected package.module:attribute"
    module, attribute = name.split(":")
    file = find_module(module, folders)
    if file is None:
        missing = f"got {quote(name)}, but there is no module {quote(module)} beside the spec or on Python's path"
        if module.endswith(".py"):
            return f"{missing}; leave out the .py"
        found = nearest(module, _modules_in(folders))
        return f"{missing}; did you mean {found}:{quote(attribute)}?" if found else missing
    if file.suffix != ".py":
        return f"got {quote(name)}, expected a module with Python source; {file.name} is none"
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
    return f"got {quote(name)}, but {file.name} defines no {quote(first)}{hint}"


def _modules_in(folders: Iterable[str]) -> list[str]:
    return [file.stem for folder in folders for file in sorted(Path(folder).glob("*.py")) if file.is_file()]


def _definitions(body: Iterable[ast.stmt]) -> set[str]:
    """The names that a module's statements define at its top level; `*` where a star import may define any."""
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
