"""Claims as YAML files: those of a file, of all that ship, and those that are meant by a word."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from suite.protocol.claims import Claim
from suite.spec.claim_document import ClaimsDocument
from suite.spec.claim_reader import ClaimReader
from suite.spec.document import check_model
from suite.spec.grids import Grids
from suite.spec.problems import Findings, Problem, SpecError, did_you_mean, quote
from suite.spec.reader import is_claims
from suite.spec.shipped import shipped_claims
from suite.spec.yaml_reader import Node, read


def read_claims(path: Path) -> list[Claim]:
    """The claims of a file, of its benchmarks or of its own.

    Args:
        path: A YAML file.

    Raises:
        SpecError: With everything that is wrong with its claims; of benchmarks, `read_benchmarks` tells.
    """
    source = read(path)
    findings = Findings(str(path))
    grids, claims = Grids(path), []
    first: dict[str, int] = {}
    for document in source.documents:
        if not isinstance(document.value, dict) or "claims" not in document.value:
            continue
        whole = _whole(document, findings) if is_claims(document) else None
        name = document.value.get("benchmark" if is_claims(document) else "name")
        own = name.value if name is not None and isinstance(name.value, str) else None
        nodes = document.value["claims"].value
        for node in nodes if isinstance(nodes, tuple) else ():
            claim = ClaimReader(node, own, whole, grids, findings).claim()
            if claim is not None:
                line = node.value["id"].line
                if first.setdefault(claim.id, line) != line:
                    findings.add(node.value["id"], f"got {claim.id} again; the first is on line {first[claim.id]}")
                claims.append(claim)
    problems = [*source.problems, *findings.problems]
    if problems:
        raise SpecError(sorted(problems, key=lambda p: (p.line or 0, p.column or 0)))
    return claims


def _whole(document: Node, findings: Findings) -> ClaimsDocument | None:
    """What a document of claims says of all of them, which is not the benchmark."""
    keys = {key: node for key, node in document.value.items() if key != "benchmark"}
    if len(keys) < len(document.value):
        message = "stands for no whole file, expected each claim to name its own, as benchmark: deep_mlp"
        findings.add(document.keys["benchmark"], message)
    return check_model(replace(document, value=keys), ClaimsDocument, findings)


def read_all_claims(paths: Sequence[Path]) -> tuple[list[tuple[Claim, Path]], list[Problem]]:
    """The claims of several files, each id once and with its file, and everything that is wrong."""
    claims: dict[str, tuple[Claim, Path]] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            for claim in read_claims(path):
                _, first = claims.setdefault(claim.id, (claim, path))
                if first != path:
                    message = f"got {claim.id}, which {first} has too; expected another id"
                    problems.append(Problem(str(path), None, None, "id", message))
        except SpecError as error:
            problems += error.problems
    return list(claims.values()), problems


def find_claims(words: Sequence[str]) -> list[tuple[Claim, Path]]:
    """The claims that are meant, each with its file.

    Args:
        words: Each a YAML file, the name of a file of claims that ships, or the id of a claim in one of those; none for
            all that ship.

    Raises:
        SpecError: A file has mistakes, or there is no such file or claim.
    """
    shipped = shipped_claims()
    files = {word: shipped.get(word) or Path(word) for word in words if word in shipped or _is_path(word)}
    ids = [word for word in words if word not in files]
    named, problems = read_all_claims(list(files.values()))
    every, more = read_all_claims(list(shipped.values())) if ids or not words else ([], [])
    known = {claim.id: (claim, path) for claim, path in every}
    for word in ids:
        if word not in known:
            alike = did_you_mean(word, [*known, *shipped])
            message = f"no such file or claim{alike}; files of claims that ship: {', '.join(shipped) or 'none'}"
            problems.append(Problem(quote(word), None, None, "", message))
    for word, file in files.items():
        if not any(path == file for _, path in named) and not any(p.file == str(file) for p in problems):
            problems.append(Problem(quote(word), None, None, "", "holds no claims"))
    if problems or more:
        raise SpecError([*problems, *more])
    chosen = [*named, *(known[word] for word in ids)] if words else every
    return list({claim.id: (claim, path) for claim, path in chosen}.values())


def _is_path(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or os.sep in word or Path(word).is_file()
