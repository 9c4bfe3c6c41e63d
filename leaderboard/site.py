"""Builds the static site from exported tables: atomically, and byte for byte the same for the same tables."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaderboard import verified
from leaderboard.addresses import Addresses
from leaderboard.advice import Advice
from leaderboard.boards import Board, board
from leaderboard.renderer import GENERATOR, INDEX, Renderer
from leaderboard.verified import Verified
from suite.claims import published
from suite.claims.from_results import digest_of
from suite.results import reader
from suite.results.errors import ResultsError, told_as
from suite.results.folders import files_in, rebuilt
from suite.results.manifest import MANIFEST


@dataclass(frozen=True)
class BuildReport:
    """Summary of a build.

    Attributes:
        out: Folder of the site.
        benchmarks: Number of benchmarks.
        cells: Number of cells with a result.
        missing: Number of cells without a result.
        pages: Number of HTML files.
        size: Size of all files in bytes.
        seconds: Duration in seconds.
    """

    out: Path
    benchmarks: int
    cells: int
    missing: int
    pages: int
    size: int
    seconds: float


def build(results: Path, out: Path, addresses: Addresses | None = None) -> BuildReport:
    """Builds the site from all exported folders in `results`.

    Without addresses nothing on the site leads outside of it.

    The site is written to a temporary folder and moved to `out` at the end: an error leaves the old site unchanged, and
    files in `out` that no build wrote are kept.

    Raises:
        ResultsError: The results cannot be used, or `out` is a folder that holds something else.
    """
    start = time.perf_counter()
    boards, advice, checked = _read(results)
    with told_as("written", out), rebuilt(out.absolute(), INDEX, _listed) as fresh:
        Renderer(fresh, addresses or Addresses(), checked).site(boards, advice)
        files = [fresh / path for path in files_in(fresh)]
        size, pages = sum(path.stat().st_size for path in files), sum(path.suffix == ".html" for path in files)
    recorded, missing = sum(len(b.recorded) for b in boards), sum(len(b.missing) for b in boards)
    return BuildReport(out.absolute(), len(boards), recorded, missing, pages, size, time.perf_counter() - start)


def check(results: Path, out: Path) -> list[str]:
    """Differences between the site in `out` and a fresh build, one line per file; empty if there are none.

    It is built with the addresses of the site in `out`. Files that no build wrote are ignored.

    Raises:
        ResultsError: The results cannot be used, or there is no such site.
    """
    index = _index(out)
    if index is None:
        raise ResultsError([f"{out}: contains no site: build one with `suite leaderboard --out {out}`."])
    boards, advice, checked = _read(results)
    with told_as("compared", out), tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        Renderer(fresh, Addresses.stored(index), checked).site(boards, advice)
        expected, ours = set(files_in(fresh)), set(_listed(out) or ())
        found = {path for path in expected | ours if (out / path).is_file()}
        return [
            *(f"{out / path}: is missing" for path in sorted(expected - found)),
            *(f"{out / path}: is not part of the site" for path in sorted(found - expected)),
            *(
                f"{out / path}: differs from its results"
                for path in sorted(expected & found)
                if (fresh / path).read_bytes() != (out / path).read_bytes()
            ),
        ]


def _index(out: Path) -> dict[str, Any] | None:
    """The `site.json` in `out`; None if there is no site."""
    try:
        index = json.loads((out / INDEX).read_text(encoding="utf-8"))
        return index if index["generator"] == GENERATOR and isinstance(index["files"], list) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _listed(out: Path) -> Collection[str] | None:
    """The files listed by the site in `out`, ignoring paths outside it; None if there is no site."""
    index = _index(out)
    if index is None:
        return None
    paths = [Path(path) for path in index["files"] if isinstance(path, str)]
    return {path.as_posix() for path in paths if not path.is_absolute() and ".." not in path.parts}


def _read(results: Path) -> tuple[list[Board], Advice, Mapping[str, Verified]]:
    """All boards, the verdicts based on them, and the checks that were made on their present tables."""
    boards = _boards(results)
    manifests = [each.manifest for each in boards]
    judged = [each for each in manifests if not each.quick]
    digests = {each.benchmark: digest_of(each) for each in judged}
    checked = {name: check for name, check in verified.read(results).items() if digests.get(name) == check.digest}
    return boards, Advice(published.read(results, digests)), checked


def _boards(results: Path) -> list[Board]:
    """The board of every exported folder; an error lists the problems of all of them."""
    boards: list[Board] = []
    problems: list[str] = []
    for folder in reader.folders(results):
        try:
            boards.append(board(reader.read(folder)))
        except ResultsError as error:
            problems += error.problems
    if problems:
        raise ResultsError(problems)
    if not boards and any(not path.name.startswith(".") for path in results.iterdir()):  # none yet is no mistake
        meant = "; did you mean its parent?" if (results / MANIFEST).is_file() else ""
        raise ResultsError([f"{results}: contains no exported folder, expected one per benchmark{meant}"])
    return boards
