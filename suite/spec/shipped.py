"""Finds specs by path or by the name of an included benchmark."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from suite.spec.problems import Problem, SpecError, nearest, quote

_PACKAGE = Path(__file__).resolve().parents[1]
CLAIMS = "claims"
"""Folder of the included claims."""
_SUFFIXES = (".yaml", ".yml")


def find_spec(name_or_path: str) -> Path:
    """The file of a spec.

    Args:
        name_or_path: A path, or the name of an included benchmark, such as `deep_mlp` or `mnist/mlp`.

    Raises:
        SpecError: There is no such file or benchmark.
    """
    if not name_or_path.strip():
        raise SpecError([Problem("''", None, None, "", "got no name, expected a YAML file or the name of a benchmark")])
    path = Path(name_or_path)
    fault = _fault(path)
    if fault is None:
        return path
    shipped = shipped_specs()
    if name_or_path in shipped:
        return shipped[name_or_path]
    if not fault:
        beside = {file.stem: str(file) for suffix in _SUFFIXES for file in _files(path.parent, suffix)}
        alike = nearest(path.stem, beside) if path.suffix in _SUFFIXES else path.name if path.name in beside else None
        holders = {**_holders(shipped), **{name: name for name in shipped}}
        found = beside[alike] if alike else holders.get(nearest(name_or_path, holders) or "")
        hint = f"; did you mean {found}?" if found else ""
        fault = f"no such file or benchmark{hint}; included benchmarks: {', '.join(shipped) or 'none'}"
    raise SpecError([Problem(quote(name_or_path), None, None, "", fault)])


def files_of(specs: Sequence[str]) -> list[Path]:
    """The files of all specs that exist, each once."""
    found: dict[Path, Path] = {}
    for spec in specs:
        with contextlib.suppress(SpecError):
            file = find_spec(spec)
            found.setdefault(file.resolve(), file)
    return list(found.values())


def shipped_specs() -> dict[str, Path]:
    """The included specs by name: their path within the package folder, without suffix."""
    root = _root()
    files = [file for file in sorted(root.rglob("*.yaml")) if file.relative_to(root).parts[0] != CLAIMS]
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def _holders(specs: Mapping[str, Path]) -> dict[str, str]:
    """The spec of every included benchmark, by the name of the benchmark."""
    from suite.spec.benchmark_reader import names_in  # only for wrong names: it loads the catalog

    return {name: spec for spec, file in specs.items() for name in names_in(file)}


def shipped_claims() -> dict[str, Path]:
    """The included files of claims, by name."""
    return {file.stem: file for file in sorted((_root() / CLAIMS).glob("*.yaml"))}


def _root() -> Path:
    installed, clone = _PACKAGE / "_benchmarks", _PACKAGE.parent / "benchmarks"
    return installed if installed.is_dir() else clone


def _fault(path: Path) -> str | None:
    """Why no spec can be read from a path: None if it can, empty if the path does not exist."""
    try:
        return "is a folder, expected a YAML file" if stat.S_ISDIR(path.stat().st_mode) else None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if os.path.islink(path):
            return f"is a broken link: {reason}"
        return f"cannot be read: {reason}" if isinstance(error, PermissionError) else ""


def _files(folder: Path, suffix: str) -> list[Path]:
    try:
        return sorted(folder.glob(f"*{suffix}"))
    except OSError:
        return []
