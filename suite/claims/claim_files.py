"""Finds files of claims: named ones, those in a folder and those that ship."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suite.spec.problems import Problem, SpecError, did_you_mean, quote
from suite.spec.shipped import shipped_claims

if TYPE_CHECKING:
    from suite.claims.claim import Claim


def read_all_claims(paths: Sequence[Path]) -> tuple[list[tuple[Claim, Path]], list[Problem]]:
    """Reads the claims of several files, each id once and with its file; returns them and all problems."""
    claims: dict[str, tuple[Claim, Path]] = {}
    problems: list[Problem] = []
    for path in paths:
        from suite.claims.claim_reader import read_claims  # only where there is one: it takes SciPy

        try:
            for claim in read_claims(path):
                _, first = claims.setdefault(claim.id, (claim, path))
                if first != path:
                    message = f"got {claim.id}, which is used in {first} too; expected a unique id"
                    problems.append(Problem(str(path), None, None, "id", message))
        except SpecError as error:
            problems += error.problems
    return list(claims.values()), problems


def claims_in(folders: Sequence[Path], files: Sequence[Path] = ()) -> tuple[list[tuple[Claim, Path]], list[Problem]]:
    """Reads the claims of all YAML files in some folders, and of further files; returns them and all problems."""
    beside = [file for folder in folders for file in sorted(folder.glob("*.y*ml"))]
    every = dict.fromkeys(file.resolve() for file in [*files, *beside] if may_have_claims(file))
    return read_all_claims([Path(os.path.relpath(file)) for file in every])


def may_have_claims(file: Path) -> bool:
    """Whether a file contains the word `claims`; most specs do not."""
    try:
        return file.is_file() and b"claims" in file.read_bytes()
    except OSError:
        return False


def find_claims(words: Sequence[str]) -> list[tuple[Claim, Path]]:
    """The requested claims, each with its file.

    Args:
        words: YAML files, names of files that ship, or ids of claims that ship or are in the working folder; all claims
            that ship if empty.

    Raises:
        SpecError: A file has errors, or there is no such file or claim.
    """
    shipped = shipped_claims()
    files = {word: shipped.get(word) or Path(word) for word in words if word in shipped or _is_path(word)}
    ids = [word for word in words if word not in files]
    named, problems = read_all_claims(list(files.values()))
    every, more = read_all_claims(list(shipped.values())) if ids or not words else ([], [])
    own, _ = claims_in([Path.cwd()]) if ids else ([], [])
    known = {claim.id: (claim, path) for claim, path in [*every, *own]}
    for word in ids:
        if word not in known:
            alike = did_you_mean(word, [*known, *shipped])
            message = f"no such file or claim{alike}; files of claims in this package: {', '.join(shipped) or 'none'}"
            problems.append(Problem(quote(word), None, None, "", message))
    for word, file in files.items():
        if not any(path == file for _, path in named) and not any(p.file == str(file) for p in problems):
            problems.append(Problem(quote(word), None, None, "", "contains no claims"))
    if problems or more:
        raise SpecError([*problems, *more])
    chosen = [*named, *(known[word] for word in ids)] if words else every
    return list({claim.id: (claim, path) for claim, path in chosen}.values())


def _is_path(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or os.sep in word or Path(word).is_file()
