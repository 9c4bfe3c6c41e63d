"""Where results come from: the spec's text, library versions, the commit and the bytes of this code, and the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from suite.protocol.records import Cell, Provenance

_PACKAGE, _MARK = Path(__file__).resolve().parents[1], "__init__.py"
_DISTRIBUTIONS = {"suite": "trainability-suite"} | {
    name: name for name in ("keras", "tensorflow", "optuna", "mlflow", "numpy")
}

_TRAINING = ("suite", "keras", "tensorflow", "optuna", "numpy")
"""Distributions that numbers depend on: equal on all workers. Of Python it is the minor version."""

Own = tuple[tuple[str, tuple[str, ...]], ...]
"""A user's own components and data files, each with the folders in which it is looked for first."""


@dataclass(frozen=True)
class Origin:
    """What a process says of itself before and after it trains a cell.

    Attributes:
        versions: Versions of Python and the libraries.
        machine: System, processor and cores.
        package: Digest of this package's source.
        own: Digests of the user's own components and data files, by name; None of one that is not there.
    """

    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    package: str
    own: Mapping[str, str | None]

    def differs(self, other: Origin) -> str:
        """In what another's numbers may differ from those made here, in words; empty if in nothing."""
        mine, its = _that_count(self.versions), _that_count(other.versions)
        found = [f"{name} {its[name]} in place of {mine[name]}" for name in mine if its[name] != mine[name]]
        if self.package != other.package:
            found.append("other source code of this package")
        for name, digest in self.own.items():
            if other.own.get(name) != digest:
                found.append(f"another {name}" if other.own.get(name) else f"no {name}")
        return ", ".join(found)

    def of(self, provenance: Provenance) -> Provenance:
        """The provenance of what was made here rather than where the run was started."""
        return replace(provenance, versions={**provenance.versions, **self.versions}, machine=dict(self.machine))


def same_numbers(one: Provenance, other: Provenance) -> bool:
    """Whether trainings of both give the same numbers, as far as their versions say."""
    return _that_count(one.versions) == _that_count(other.versions)


def _that_count(versions: Mapping[str, str]) -> dict[str, str]:
    """The versions that numbers depend on."""
    return {"python": versions["python"].rpartition(".")[0], **{name: versions[name] for name in _TRAINING}}


def own_sources(cells: Iterable[Cell]) -> Own:
    """The user's own components and data files that cells name."""
    return tuple(sorted({(name, cell.search_path) for cell in cells for name in cell.sources}))


def origin(own: Own) -> Origin:
    """Of what this process trains now. The package is what it was when the process was first asked."""
    versions = {name: version for name, version in _versions().items() if name != "mlflow"}
    return Origin(versions, dict(_machine()), _package(), {name: _digest(name, folders) for name, folders in own})


@cache
def _package() -> str:
    found = hashlib.sha256()
    for name, content in sorted(_sources(_PACKAGE).items()):
        found.update(f"{name} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _digest(name: str, folders: Sequence[str]) -> str | None:
    from suite.catalog import is_own_component
    from suite.spec.own_code import digest_of_component
    from suite.spec.sources import digest_of_file, find_file, find_module

    if is_own_component(name):
        return digest_of_component(name, folders) if find_module(name.partition(":")[0], folders) else None
    file = find_file(name, folders)
    return None if file is None else _digest_as_of(file, file.stat().st_mtime_ns, digest_of_file)


@cache
def _digest_as_of(file: Path, changed: int, digest: Callable[[Path], str]) -> str:
    """Of a data file, which may be large: once for each time it was changed."""
    return digest(file)


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
    processor = _processor_line("model name") or platform.processor() or platform.machine()
    flags = (_processor_line("flags") or _processor_line("Features")).split()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor,
        "features": " ".join(flag for flag in _FEATURES if flag in flags) or platform.machine(),
        "cores": os.cpu_count(),
    }


_FEATURES = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "sve")
"""Instructions by which libraries choose their code, so that another processor may round otherwise."""


def _processor_line(key: str) -> str:
    """The first value of a key of Linux's description of the processor; empty if there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
