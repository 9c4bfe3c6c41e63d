"""What a user's own component does, as a digest: comments, docstrings, layout and neighbours are no part of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from suite.spec.sources import digest, digest_of_file, find_module


def digest_of_component(name: str, folders: Sequence[str]) -> str:
    """16 hex digits of the statements that `module:attribute` may depend on.

    They are looked for in its module and in those that this imports from its own folder or from below the folders.
    Functions, classes and constants that nothing of it mentions are left out.

    Args:
        name: Of the component.
        folders: Where its module is looked for before Python's own path.
    """
    module, _, attribute = name.partition(":")
    file = find_module(module, folders)
    found = _behaviour(file, attribute, folders) if file is not None and file.is_file() else {}
    return digest(sorted([path.name, text] for path, text in found.items()))


def _behaviour(file: Path, attribute: str, folders: Sequence[str]) -> dict[Path, str]:
    """The statements by file that something may depend on: all that do more than to bind names, and of those that only
    bind names the ones whose names the others mention."""
    statements: dict[Path, list[ast.stmt]] = {file: _statements(file)}
    kept: dict[Path, set[int]] = {file: set()}
    mentioned = {attribute.partition(".")[0]}
    grown = True
    while grown:
        grown = False
        for path in list(statements):
            for index, statement in enumerate(statements[path]):
                bound = _only_bound(statement)
                if index in kept[path] or (bound is not None and not bound & mentioned):
                    continue
                grown = True
                kept[path].add(index)
                mentioned |= _mentions(statement)
                for imported in _imported_files(path, statement, folders):
                    if imported not in statements:
                        statements[imported], kept[imported] = _statements(imported), set()
    return {
        path: "\n".join(ast.unparse(body[index]) for index in sorted(kept[path])) for path, body in statements.items()
    }


def _statements(file: Path) -> list[ast.stmt]:
    """Of a module, without comments, docstrings and other constants that stand alone."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return [ast.Expr(ast.Constant(digest_of_file(file)))]
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(node, part, None)
            if isinstance(body, list):
                body[:] = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
                if not body and part == "body" and node is not tree:
                    body.append(ast.Pass())
    return tree.body


def _only_bound(statement: ast.stmt) -> set[str] | None:
    """The names that a statement binds; None where it may do more than that when the module is imported."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        plain = not statement.decorator_list and not statement.name.startswith("__")
        return {statement.name} if plain else None
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        value = statement.value
        calls = not isinstance(value, ast.Lambda) and value and any(isinstance(n, ast.Call) for n in ast.walk(value))
        if not calls and all(isinstance(target, ast.Name) for target in targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
    return None


def _mentions(statement: ast.stmt) -> set[str]:
    """Every name in a statement, those of attributes, of imports and in quotes among them."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found |= {*node.name.split("."), node.asname or ""}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def _imported_files(file: Path, statement: ast.stmt, folders: Sequence[str]) -> Iterator[Path]:
    for base, parts in _imported_names(file, statement):
        if base is not None:
            places: Iterable[Path] = [base.joinpath(*parts)]
        else:
            below = [] if parts[0] == "suite" else [Path(folder, *parts) for folder in folders]
            places = [file.parent / parts[-1], *below]
        for place in places:
            for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
                if candidate.is_file():
                    yield candidate


def _imported_names(file: Path, statement: ast.stmt) -> Iterator[tuple[Path | None, list[str]]]:
    """The modules that imports may mean: the folder that a relative one starts from, and the parts of its name."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            yield from ((None, alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1] if node.level else None
            module = node.module.split(".") if node.module else []
            yield from ((base, [*module, alias.name]) for alias in node.names)
            if module:
                yield base, module
