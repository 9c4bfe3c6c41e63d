"""Manifests with anything in any place: refused by file and key, or read as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaderboard.addresses import Addresses
from leaderboard.advice import Advice
from leaderboard.boards import board
from leaderboard.findings import BoardFindings
from leaderboard.renderer import Renderer
from suite.results import reader as tables
from suite.results.errors import ResultsError
from suite.results.manifest import Manifest, read_manifest
from tests.results.exported import edit, problems

WRONG = {
    "nothing": None, "a list": [1], "an object": {"a": [None]}, "true": True, "text": "high", "empty": "", "zero": 0,
    "negative": -1, "part": 0.5, "large": 1e308, "beyond": 10**400, "NaN": float("nan"), "infinite": float("inf"),
    "minus zero": -0.0, "control": "a\x00b\x1b", "empty list": [], "empty object": {}, "deep": [[[[[["a"]]]]]],
}  # fmt: skip


def keys(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in keys(item, (*path, key))]


def corrupted(good: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The manifest with each of its values replaced by each kind of wrong one, and left out; and which one it was."""
    for place in keys(good):
        for wrong in [*WRONG.values(), KeyError]:
            manifest = json.loads(json.dumps(good))
            inner = manifest
            for key in place[:-1]:
                inner = inner[key]
            if wrong is KeyError:
                del inner[place[-1]]
            else:
                inner[place[-1]] = wrong
            yield place, manifest


def test_no_manifest_ends_in_a_traceback(folder: Path, tmp_path: Path) -> None:
    """Each of some 1,500 corruptions is refused by file and key; numbers that are not still make pages."""
    good = json.loads((folder / "manifest.json").read_text())
    drawn = {("target",), ("reference",), *(("task", key) for key in ("chance_score", "baseline_loss"))}
    nameless, refused, later, pages = [], 0, 0, 0
    for number, (place, manifest) in enumerate(corrupted(good)):
        (folder / "manifest.json").write_text(json.dumps(manifest))
        try:
            read_manifest(folder)
        except ResultsError as error:
            refused += 1
            told = error.problems[0].replace("protocol version", "protocol_version")
            if str(folder) not in told or not any(part in told for part in (*map(str, place), "JSON")):
                nameless.append((place, told))
            continue
        if place in drawn or place[0] in ("budget", "cells_total", "files"):
            try:
                results = tables.read(folder)
            except ResultsError as error:
                later += 1
                nameless += [(place, told) for told in error.problems if str(folder) not in told]
            else:
                pages += 1
                Renderer(tmp_path / str(number), Addresses(), {}).benchmark(BoardFindings(board(results)), Advice([]))
    assert nameless == []
    assert refused > 1000
    assert min(later, pages) > 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"protocol_version": ' + "1" * 5000 + "}", "cannot be read as JSON: number out of range"),
        ('{"protocol_version": NaN}', "Expected protocol version 3. Received: nan"),
        ('{"protocol_version": 3, "target": NaN}', "Expected target to be a finite number. Received: nan"),
        ('{"protocol_version": 3, "target": 1e308}', "Expected target to be at most 3.40282e+38. Received: 1e+308"),
        ('{"protocol_version": 3, "machine": {"cores": Infinity}}', "Expected machine.cores to be a text, a number"),
        ('{"protocol_version": 3, "title": "\\ud800"}', "cannot be read as JSON"),
        (
            '{"protocol_version": 3, "factors": {"a": []}}',
            "Expected factors.a to be a list of one at least. Received: []",
        ),
        ("[" * 100_000, "cannot be read as JSON: recursion limit exceeded"),
        ("\ufeff{}", "cannot be read as JSON"),
        ('{"protocol_version": true}', "Expected protocol version 3. Received: True"),
        ('{"protocol_version": 3.0}', "Expected protocol_version to be a whole number. Received: 3.0"),
    ],
)
def test_text_that_is_no_manifest(folder: Path, text: str, told: str) -> None:
    (folder / "manifest.json").write_text(text)
    assert any(told in problem for problem in problems(folder)), problems(folder)


def test_a_manifest_is_read_as_it_was_written(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.text() == (folder / "manifest.json").read_text()
    assert Manifest.model_validate_json(manifest.text()) == manifest
    edit(folder, lambda m: m.update(colour="blue"))
    assert read_manifest(folder) == manifest, "a key of a later version is left unread"
