"""Where results come from: the spec's text, library versions, the commit of this code, and the machine."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from suite.protocol.records import Provenance

_PACKAGE, _MARK = Path(__file__).resolve().parents[1], "__init__.py"
_DISTRIBUTIONS = {"suite": "trainability-suite"} | {
    name: name for name in ("keras", "tensorflow", "optuna", "mlflow", "numpy")
}


def provenance(spec: str, spec_file: Path) -> Provenance:
    """Of results that are made now, here."""
    commit = _git_commit(_PACKAGE) or _commit_of_clone(spec_file.resolve().parent)
    return Provenance(spec, str(spec_file.resolve()), dict(_versions()), commit, dict(_machine()))


@cache
def _versions() -> Mapping[str, str]:
    return {"python": platform.python_version()} | {name: _version(d) for name, d in _DISTRIBUTIONS.items()}


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


@cache
def _git_commit(package: Path) -> str | None:
    """The commit of a folder with this package's source; None where it is not tracked by git."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(package), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", _MARK)  # installed inside a checkout of something else?
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


@cache
def _commit_of_clone(specs: Path) -> str | None:
    """The commit of a clone around the specs, if what is installed is what lies there: as the README installs it."""
    folders = (folder / _PACKAGE.name for folder in (specs, *specs.parents))
    clone = next((folder for folder in folders if (folder / _MARK).is_file()), None)
    if clone is None or _sources(clone) != _sources(_PACKAGE):
        return None
    return _git_commit(clone)


def _sources(package: Path) -> dict[str, bytes]:
    return {str(file.relative_to(package)): file.read_bytes() for file in package.rglob("*.py")}


@cache
def _machine() -> Mapping[str, Any]:
    return {"system": f"{platform.system()} {platform.release()}", "processor": _processor(), "cores": os.cpu_count()}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
