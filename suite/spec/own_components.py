"""A user's own components, `package.module:attribute`: found and read without importing, and imported for real."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.catalog import is_own_component, load_target
from suite.catalog.own import importing_from
from suite.models import MODELS
from suite.protocol.records import Cell
from suite.spec.problems import Problem, SpecError, nearest, quote
from suite.spec.sources import find_module

OWN_KINDS = ("activations", "initializers", "normalizations", "optimizers")
"""The kinds of component that a user may bring."""

_CALLS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "activations": (("z",), ()),
    "initializers": ((), ("seed",)),
    "normalizations": ((), ("name",)),
    "optimizers": ((), ("learning_rate",)),
}
"""What a component is given besides the arguments of its level: by position, and by name. An initializer that takes no
seed is not given one."""

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def fault_of(name: str, folders: Sequence[str]) -> str | None:
    """What is wrong with a component's name, without importing anything; None where nothing is seen to be.

    Args:
        name: As the spec has it, with a colon.
        folders: Where its module is looked for before Python's own path.
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
        return f"got {quote(name)}, but {file.name} is not Python: {error.msg} on line {error.lineno}"
    except OSError as error:
        return f"got {quote(name)}, but {file.name} cannot be read: {error.strerror}"
    first = attribute.split(".")[0]
    if first in defined or "*" in defined or "__getattr__" in defined:
        return None
    found = nearest(first, defined)
    missing = f"got {quote(name)}, but {file.name} defines no {quote(first)}"
    return f"{missing}; did you mean {module}:{found}?" if found else missing


def _modules_in(folders: Iterable[str]) -> list[str]:
    return [file.stem for folder in folders for file in sorted(Path(folder).glob("*.py"))]


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


def import_components(cells: Iterable[Cell]) -> None:
    """Imports every component of a user's own that the cells name.

    Raises:
        SpecError: One cannot be imported, is not what its file beside the spec defines, or cannot be called as its kind.
    """
    levels = {
        (cell.search_path, _kind_of(cell, factor), level["name"], *sorted(level))
        for cell in cells
        for factor, level in cell.recipe.items()
        if isinstance(level, Mapping) and is_own_component(level["name"])
    }
    problems = [_import_fault(name, kind, arguments, folders) for folders, kind, name, *arguments in sorted(levels)]
    if any(problems):
        raise SpecError(problem for problem in problems if problem)


def _kind_of(cell: Cell, factor: str) -> str:
    parameter = MODELS[cell.model].parameter(factor)
    assert parameter is not None, factor
    return parameter.catalog or ""


def _import_fault(name: str, kind: str, arguments: Sequence[str], folders: Sequence[str]) -> Problem | None:
    module = name.split(":")[0]
    file = find_module(module, folders)

    def problem(message: str, line: int | None = None) -> Problem:
        return Problem(str(file or module), line, None, name, message)

    importlib.invalidate_caches()
    try:
        with importing_from(folders):
            component = load_target(name)
            loaded = getattr(sys.modules[module], "__file__", None)
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
        return problem(f"cannot be imported: {type(error).__name__}: {quote(str(error))}", line)
    if file is not None and loaded is not None and Path(loaded).resolve() != file.resolve():
        return problem(f"another module named {module} is loaded already, from {loaded}; rename this one")
    if not callable(component):
        return problem(f"got {quote(repr(component))}, expected a function or class")
    fault = _call_fault(component, kind, [argument for argument in arguments if argument != "name"])
    return problem(fault) if fault else None


def _call_fault(component: Any, kind: str, arguments: Sequence[str]) -> str | None:
    """Why a component cannot be called with the arguments of its level and what its kind is given, by its signature."""
    try:
        signature = inspect.signature(component)
    except (TypeError, ValueError):
        return None
    parameters = signature.parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        unknown = [argument for argument in arguments if argument not in parameters]
        if unknown:
            return f"takes no argument {', '.join(map(quote, unknown))}; it takes {', '.join(parameters) or 'none'}"
    by_position, by_name = _CALLS[kind]
    given = [name for name in by_name if name != "seed" or name in parameters]
    try:
        signature.bind(*by_position, **dict.fromkeys([*given, *arguments]))
    except TypeError as error:
        call = ", ".join([*by_position, *(f"{name}=..." for name in (*given, *arguments))])
        return f"{error}; of the {kind}, it is called as {component.__name__}({call})"
    return None
