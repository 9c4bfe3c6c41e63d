"""The manifest of exported tables: what it has to hold, and whether the files beside it are those it describes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suite.protocol.records import PROTOCOL_VERSION, TABLES
from suite.results.errors import ResultsError, first_line

MANIFEST = "manifest.json"
MANIFEST_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "protocol_version": int, "benchmark": str, "title": str, "description": str, "spec": str, "spec_sha256": str,
    "quick": bool, "model": str, "task": dict, "target": (int, float), "factors": dict, "fixed": dict, "budget": dict,
    "thresholds": dict, "seeds": (dict, list), "versions": dict, "machine": dict, "created": str, "cells_total": int,
    "missing": list, "files": dict,
}  # fmt: skip
"""What every manifest holds; `reference` and `git_commit` may be null."""

BUDGET_KEYS = ("steps", "trials", "replicates", "evaluations")
TASK_KEYS = ("name", "metric", "higher_is_better", "chance_score", "baseline_loss")
REQUIRED = tuple(name for name in TABLES if name != "gradients_through_time")
FILES = (*(f"{name}.parquet" for name in TABLES), "cells.csv", "replicates.csv", "trials.csv")
"""What an export may hold beside its manifest. Only these are published: the site copies no file of anybody's choice."""

_NAME = re.compile(r"[a-z0-9_-]+")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an exported folder.

    Raises:
        ResultsError: It is missing, no JSON, of another protocol version, or not as it should be.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError([f"{path}: no such file. `suite export` writes one beside its tables."]) from None
    except (OSError, ValueError) as error:
        raise ResultsError([f"{path}: cannot be read as JSON: {first_line(error)}"]) from error
    if not isinstance(manifest, dict):
        raise ResultsError([f"{path}: Expected an object. Received: {type(manifest).__name__}"])
    version = manifest.get("protocol_version")
    if version != PROTOCOL_VERSION:
        raise ResultsError(
            [f"{path}: Expected protocol version {PROTOCOL_VERSION}. Received: {version!r}. Versions are never mixed."]
        )
    problems = [
        f"{path}: Expected {key!r} to be {_type_name(kind)}. Received: {manifest.get(key, 'nothing')!r}"[:300]
        for key, kind in MANIFEST_KEYS.items()
        if not isinstance(manifest.get(key), kind)
    ]
    if not problems:
        problems = [f"{path}: the task lacks {key!r}" for key in TASK_KEYS if manifest["task"].get(key) is None]
        problems += [
            f"{path}: Expected budget.{key} to be a whole number. Received: {manifest['budget'].get(key, 'nothing')!r}"
            for key in BUDGET_KEYS
            if not isinstance(manifest["budget"].get(key), int)
        ]
        if hashlib.sha256(manifest["spec"].encode()).hexdigest() != manifest["spec_sha256"]:
            problems.append(f"{path}: spec_sha256 is not that of the spec it holds")
        name = manifest["benchmark"]
        if not _NAME.fullmatch(name):
            problems.append(f"{path}: Expected a benchmark named with a-z, 0-9, _ and - only. Received: {name!r}")
        elif name != folder.resolve().name:
            problems.append(f"{path}: is of benchmark {name!r}, but its folder is called {folder.resolve().name!r}")
        problems += [
            f"{path}: Expected the labels of factor {factor!r} as a list. Received: {labels!r}"
            for factor, labels in manifest["factors"].items()
            if not isinstance(labels, list)
        ]
    if problems:
        raise ResultsError(problems)
    return manifest


def _type_name(kind: type | tuple[type, ...]) -> str:
    names = {
        int: "a whole number",
        float: "a number",
        str: "a text",
        bool: "true or false",
        dict: "an object",
        list: "a list",
    }
    return " or ".join(names[k] for k in (kind if isinstance(kind, tuple) else (kind,)))


def file_problems(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Files that are missing, or are not those the manifest describes."""
    problems = [
        f"{folder / MANIFEST}: does not list {name}.parquet"
        for name in REQUIRED
        if f"{name}.parquet" not in manifest["files"]
    ]
    for name, expected in manifest["files"].items():
        path = folder / name
        if name not in FILES:
            problems.append(f"{folder / MANIFEST}: lists {name!r}, which is no table of an export")
        elif path.is_symlink():
            problems.append(f"{path}: is a link. Expected a file")
        elif not path.is_file():
            problems.append(f"{path}: no such file, but {MANIFEST} lists it")
        elif (found := sha256(path)) != expected:
            problems.append(
                f"{path}: is not the file that {MANIFEST} describes: its SHA-256 is {found[:12]}…, expected "
                f"{str(expected)[:12]}…. It was changed or cut short after the export."
            )
    return problems


def sha256(path: Path) -> str:
    """Of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
