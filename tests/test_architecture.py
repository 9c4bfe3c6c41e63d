"""The rooms of the house: which may import which, and where the outside libraries live (see docs/architecture.md)."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    ("protocol",),
    ("catalog",),
    ("tasks",),
    ("models",),
    ("probes",),
    ("training", "results", "pictures"),
    ("spec",),
    ("claims", "records", "monitor"),
    ("run",),
    ("cli",),
)
"""From the bottom up; rooms of one floor do not import each other."""

PAGES_READ = {"results", "claims", "pictures", "catalog", "protocol"}
HOMES = {
    "optuna": {"training"},
    "mlflow": {"records", "monitor"},
    "dask": {"run"},
    "distributed": {"run"},
    "typer": {"cli"},
    "yaml": {"spec", "leaderboard"},
    "jinja2": {"leaderboard"},
    "matplotlib": {"pictures", "monitor"},
}


SQL = re.compile(r"(?s)\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE\b.+\bSET\b")


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Every absolute name that a file imports, wherever in it, with its line; not what is for the type checker only."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if id(node) not in typing)
        elif isinstance(node, ast.ImportFrom) and id(node) not in typing:
            yield node.module or "", node.lineno


def rooms() -> Iterator[tuple[str, str, str]]:
    """(room, imported name, place) of every import of the code."""
    for package in ("suite", "leaderboard"):
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).parts
            room = parts[1] if package == "suite" and len(parts) > 2 else parts[0]
            yield from ((room, name, f"{file.relative_to(ROOT)}:{line}") for name, line in imports(file))


def test_imports_only_go_down() -> None:
    floor = {room: number for number, several in enumerate(FLOORS) for room in several}
    seen = set()
    for room, name, place in rooms():
        found = re.match(r"suite\.(\w+)", name)
        if room in floor and found and found[1] != room:
            seen.add((room, found[1]))
            assert floor[found[1]] < floor[room], f"{place}: {room} imports {found[1]}, which is not below it"
        if room == "leaderboard" and found:
            assert found[1] in PAGES_READ, f"{place}: pages read {', '.join(sorted(PAGES_READ))} only"
        if name.split(".")[0] == "leaderboard":
            assert room in ("leaderboard", "cli"), f"{place}: only the command that builds pages imports them"
    assert ("run", "spec") in seen, "the rooms are found"


def test_every_module_of_the_engine_is_in_a_room() -> None:
    loose = {file.name for file in (ROOT / "suite").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py"}
    found = {folder.name for folder in (ROOT / "suite").iterdir() if (folder / "__init__.py").is_file()}
    assert found == {room for several in FLOORS for room in several}


@pytest.mark.parametrize("library", HOMES)
def test_an_outside_library_is_touched_in_its_room(library: str) -> None:
    places = {room: place for room, name, place in rooms() if name.split(".")[0] == library}
    assert places, f"nothing imports {library}"
    assert set(places) <= HOMES[library], places


def test_mlflow_is_imported_by_one_module_and_where_a_users_own_run_is_written_to() -> None:
    files = {place.split(":")[0] for _, name, place in rooms() if name.split(".")[0] == "mlflow"}
    assert files == {"suite/records/mlflow.py", "suite/monitor/tracking.py"}


def test_no_two_modules_name_each_other() -> None:
    """Nor any longer circle, within a room either, be it for the type checker only; the faces of packages aside."""
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file
        for package in ("suite", "leaderboard")
        for file in (ROOT / package).rglob("*.py")
        if file.name != "__init__.py"
    }
    named = {
        module: {
            name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for name in (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))
            if name in files
        }
        for module, file in files.items()
    }
    assert "suite.results.checks" in named["suite.results.reader"], "imports are found"
    graphlib.TopologicalSorter(named).prepare()


PRIVATE = {"suite/monitor/recording.py: _keras_mask": "Keras has no public way to ask a tensor for its mask"}
"""Private attributes of other packages that are used all the same, with the reason: five at most."""


def test_other_packages_are_used_by_their_front_door() -> None:
    """No attribute or module with an underscore that is not ours, be it by `getattr`, and no SQL."""
    found: list[str] = []
    excepted: set[str] = set()
    for package in ("suite", "leaderboard"):
        for file in (ROOT / package).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            assigned = {
                target.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Assign | ast.AnnAssign)
                for target in ast.walk(node)
                if isinstance(target, ast.Attribute)
            }
            for node in ast.walk(tree):
                place = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
                if isinstance(node, ast.Attribute):
                    ours = node.attr in defined | assigned or getattr(node.value, "id", "") in ("self", "cls")
                    if re.match("_[^_]", node.attr) and not ours:
                        found.append(f"{place}: .{node.attr}")
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "hasattr", "setattr"):
                    name = getattr(node.args[1], "value", "")
                    if re.match("_[^_]", str(name)) and name not in defined | assigned:
                        excepted.add(f"{file.relative_to(ROOT)}: {name}")
                elif isinstance(node, ast.Constant) and SQL.search(str(node.value)):
                    found.append(f"{place}: SQL")
            for name, line in imports(file):
                private = any(part.startswith("_") and part != "__future__" for part in name.split("."))
                inside = name.startswith(("keras.src", "tensorflow.python", "mlflow.store", "mlflow.utils"))
                if private or inside:
                    found.append(f"{file.relative_to(ROOT)}:{line}: import {name}")
    assert found == []
    assert excepted == set(PRIVATE)
    assert len(PRIVATE) <= 5
