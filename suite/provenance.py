"""Where results come from: the spec's text, library versions, the commit of this code, and the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_DISTRIBUTIONS = {"suite": "trainability-suite"} | {
    name: name for name in ("keras", "tensorflow", "optuna", "mlflow", "numpy")
}


@dataclass(frozen=True)
class Provenance:
    """What is kept beside every record.

    Attributes:
        spec: Text of the whole spec.
        spec_file: Where it lay.
        versions: Of Python, this package and the libraries that numbers depend on.
        git_commit: Of this package's source, with "-dirty" where it was changed since; None outside a checkout.
        machine: System, processor and cores.
    """

    spec: str
    spec_file: str
    versions: Mapping[str, str]
    git_commit: str | None
    machine: Mapping[str, Any]

    @property
    def spec_sha256(self) -> str:
        """Of the spec's text."""
        return hashlib.sha256(self.spec.encode()).hexdigest()


def provenance(spec: str, spec_file: Path) -> Provenance:
    """Of results that are made now, here."""
    commit = _git_commit(Path(__file__).parent) or _commit_of_clone(spec_file.resolve().parent)
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
        git("ls-files", "--error-unmatch", Path(__file__).name)  # installed inside a checkout of something else?
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return None


@cache
def _commit_of_clone(specs: Path) -> str | None:
    """The commit of a clone around the specs, if what is installed is what lies there: as the README installs it."""
    own = Path(__file__).parent
    clone = next(
        (p / own.name for p in (specs, *specs.parents) if (p / own.name / Path(__file__).name).is_file()), None
    )
    if clone is None or _sources(clone) != _sources(own):
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
