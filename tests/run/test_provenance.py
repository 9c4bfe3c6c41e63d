"""Where results come from, in particular the commit of the code that made them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import suite
from suite.run.provenance import _commit_of_clone, _git_commit, provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_commit_of_the_clone_that_was_installed(tmp_path: Path) -> None:
    source = Path(suite.__file__).parent
    shutil.copytree(source, tmp_path / "suite", ignore=shutil.ignore_patterns("__pycache__", "_benchmarks"))
    specs = tmp_path / "benchmarks"
    specs.mkdir()
    assert _commit_of_clone(specs) is None, "no checkout"
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    _commit_of_clone.cache_clear()
    _git_commit.cache_clear()
    assert _commit_of_clone(specs) == git(tmp_path, "rev-parse", "HEAD")
    assert provenance("", specs / "x.yaml").git_commit
    (tmp_path / "suite" / "data.txt").touch()
    for cached in (_commit_of_clone, _git_commit):
        cached.cache_clear()
    assert _commit_of_clone(specs) == git(tmp_path, "rev-parse", "HEAD") + "-dirty"


def test_commit_of_other_code_is_not_taken(tmp_path: Path) -> None:
    source = Path(suite.__file__).parent
    shutil.copytree(source, tmp_path / "suite", ignore=shutil.ignore_patterns("__pycache__", "_benchmarks"))
    with (tmp_path / "suite" / "protocol" / "records.py").open("a") as file:
        file.write("# changed\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    assert _commit_of_clone(tmp_path) is None
