"""Where a spec is: a path, or the bare name of a benchmark that ships with the package."""

from __future__ import annotations

from pathlib import Path

from suite.spec.problems import Problem, SpecError, nearest, quote

_PACKAGE = Path(__file__).resolve().parents[1]
_SUFFIXES = (".yaml", ".yml")


def find_spec(name_or_path: str) -> Path:
    """The file of a spec.

    Args:
        name_or_path: A path, or a shipped benchmark as `shipped_specs` names it, such as `deep_mlp` or `mnist/mlp`.

    Raises:
        SpecError: There is neither such a file nor such a benchmark.
    """
    path = Path(name_or_path)
    if _is_there(path) and not path.is_dir():
        return path
    shipped = shipped_specs()
    if name_or_path in shipped:
        return shipped[name_or_path]
    if _is_there(path):
        raise SpecError([Problem(name_or_path, None, None, "", "is a folder, expected a YAML file")])
    named_as_file = path.suffix in _SUFFIXES
    beside = {file.stem: str(file) for suffix in _SUFFIXES for file in _files(path.parent, suffix)}
    alike = nearest(path.stem, beside) if named_as_file else None
    found = beside[alike] if alike else nearest(name_or_path, shipped)
    hint = f"; did you mean {found}?" if found else ""
    known = f"; benchmarks that ship with the suite: {', '.join(shipped) or 'none'}"
    raise SpecError([Problem(quote(name_or_path), None, None, "", f"no such file or benchmark{hint}{known}")])


def shipped_specs() -> dict[str, Path]:
    """The benchmarks that ship with the package, by name: their path within its folder, without suffix."""
    installed, clone = _PACKAGE / "_benchmarks", _PACKAGE.parent / "benchmarks"
    root = installed if installed.is_dir() else clone
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in sorted(root.rglob("*.yaml"))}


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _files(folder: Path, suffix: str) -> list[Path]:
    try:
        return sorted(folder.glob(f"*{suffix}"))
    except OSError:
        return []
