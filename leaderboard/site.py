"""Builds the static site from exported tables: atomically, and byte for byte the same for the same tables."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from leaderboard import fixes
from leaderboard.advice import Advice
from leaderboard.boards import Board, Row, board, factor_title
from leaderboard.cells import CellPages, verdict
from leaderboard.columns import Column, chips, columns, dot_style, erratic, interval_range, number
from leaderboard.findings import BoardFindings, across_tasks
from leaderboard.glossary import WORDS
from leaderboard.symptoms import symptoms_of
from suite.claims import published
from suite.claims.from_results import digest_of
from suite.pictures import axes, charts, numbers
from suite.pictures.cells import Drawn, draw_figures
from suite.pictures.drawing import stylesheet
from suite.protocol.calibration import CALIBRATION
from suite.protocol.calibration import TABLES as CALIBRATION_TABLES
from suite.protocol.columns import TABLES
from suite.protocol.labels import label_text
from suite.protocol.records import PROTOCOL_VERSION
from suite.protocol.run_statistics import STATISTICS
from suite.results import reader
from suite.results.errors import ResultsError, told_as
from suite.results.folders import files_in, rebuilt
from suite.results.manifest import MANIFEST, Manifest, TaskFacts

HERE = Path(__file__).parent
GENERATOR = "suite leaderboard"
INDEX = "site.json"
"""Lists all other files of a site. A later build only replaces or removes these."""


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


def build(results: Path, out: Path) -> BuildReport:
    """Builds the site from all exported folders in `results`.

    The site is written to a temporary folder and moved to `out` at the end: an error leaves the old site unchanged, and
    files in `out` that no build wrote are kept.

    Raises:
        ResultsError: The results cannot be used, or `out` is a folder that holds something else.
    """
    start = time.perf_counter()
    boards, advice = _read(results)
    with told_as("written", out), rebuilt(out.absolute(), INDEX, _listed) as fresh:
        Renderer(fresh).site(boards, advice)
        files = [fresh / path for path in files_in(fresh)]
        size, pages = sum(path.stat().st_size for path in files), sum(path.suffix == ".html" for path in files)
    recorded, missing = sum(len(b.recorded) for b in boards), sum(len(b.missing) for b in boards)
    return BuildReport(out.absolute(), len(boards), recorded, missing, pages, size, time.perf_counter() - start)


def check(results: Path, out: Path) -> list[str]:
    """Differences between the site in `out` and a fresh build, one line per file; empty if there are none.

    Files that no build wrote are ignored.

    Raises:
        ResultsError: The results cannot be used, or there is no such site.
    """
    if _listed(out) is None:
        raise ResultsError([f"{out}: contains no site: build one with `suite leaderboard --out {out}`."])
    boards, advice = _read(results)
    with told_as("compared", out), tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch)
        Renderer(fresh).site(boards, advice)
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


def _listed(out: Path) -> Collection[str] | None:
    """The files listed by the site in `out`, ignoring paths outside it; None if there is no site."""
    try:
        index = json.loads((out / INDEX).read_text(encoding="utf-8"))
        if index["generator"] != GENERATOR:
            return None
        paths = map(Path, index["files"])
        return {path.as_posix() for path in paths if not path.is_absolute() and ".." not in path.parts}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _read(results: Path) -> tuple[list[Board], Advice]:
    """All boards, and the verdicts based on them."""
    boards = _boards(results)
    manifests = [each.manifest for each in boards]
    judged = [each for each in manifests if each.protocol_version == PROTOCOL_VERSION and not each.quick]
    digests = {each.benchmark: digest_of(each) for each in judged}
    return boards, Advice(published.read(results, digests))


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


class Renderer:
    """Writes pages into the folder `out`, which is created."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.jinja.filters |= {
            "text": label_text,
            "code": _code,
            "as_text": _as_text,
            "commits": _commits,
            "task_text": _task_text,
            "significant": numbers.significant,
            "factor_title": factor_title,
            "lower_first": lambda text: text[:1].lower() + text[1:],
            "tick_sign": _tick_sign,
        }
        self.jinja.globals |= {
            "generator": GENERATOR,
            "protocol_version": PROTOCOL_VERSION,
            "table_names": TABLES,
            "calibration": CALIBRATION,
            "calibration_tables": CALIBRATION_TABLES,
            "color_key": charts.color_key(),
            "verdict": verdict,
            "words": WORDS,
            "statistics": STATISTICS,
            "chips": chips,
            "erratic": erratic,
            "written_range": numbers.written_range,
            "reach": axes.reach,
            "dot_style": dot_style,
            "interval_range": interval_range,
        }

    def page(self, path: str, template: str, **context: Any) -> None:
        """Renders one page; its variable `root` is the relative path to the front page."""
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * path.count("/")
        target.write_text(
            self.jinja.get_template(template).render(root=root, **context), encoding="utf-8", newline="\n"
        )

    def site(self, boards: list[Board], advice: Advice) -> None:
        """Writes all pages, tables and static files."""
        shutil.copytree(HERE / "static", self.out / "static")
        (self.out / "static" / "charts.css").write_text(stylesheet(), encoding="utf-8", newline="\n")
        findings = [BoardFindings(each) for each in boards]
        self.page("index.html", "index.html", findings=findings, across=across_tasks(boards), advice=advice)
        self.advice(boards, advice)
        self.page("method.html", "method.html")
        self.page("fix.html", "fix.html", evidence=fixes.all_evidence(boards), least=fixes.LEAST)
        for found in findings:
            self.benchmark(found, advice)
        index = {"generator": GENERATOR, "files": files_in(self.out)}
        (self.out / INDEX).write_text(json.dumps(index, indent=0) + "\n", encoding="utf-8", newline="\n")

    def advice(self, boards: list[Board], advice: Advice) -> None:
        """Writes the list of claims and a page for each."""
        names = [each.results.name for each in boards]
        self.page("advice.html", "advice.html", advice=advice, names=names)
        recipes = {row.cell: row.name for each in boards for row in each.rows}
        for one in advice.claims:
            self.page(f"advice/{one.claim.id}.html", "claim.html", one=one, names=names, recipes=recipes)

    def benchmark(self, findings: BoardFindings, advice: Advice) -> None:
        """Writes the pages of one benchmark and its tables."""
        found = findings.board
        name = found.results.name
        shared = {"board": found, "findings": findings}
        shown = columns(found)
        self.page(f"{name}/index.html", "board.html", columns=shown, **shared)
        self.page(f"{name}/factors.html", "factors.html", **shared)
        self.page(f"{name}/compare.html", "compare.html", columns=shown, **shared)
        data = self.out / name / "data"
        data.mkdir()
        for file in (MANIFEST, *found.manifest.files):
            with told_as("read", found.results.folder / file):
                shutil.copyfile(found.results.folder / file, data / file)
        pages = CellPages(found)
        (self.out / name / "cell").mkdir()
        for before, row, after in zip((None, *found.rows), found.rows, (*found.rows[1:], None), strict=False):
            figures = {} if row.missing else draw_figures(pages.view(row))
            around = {"previous": before, "next": after, "symptoms": symptoms_of(found, row)}
            self.page(
                f"{name}/cell/{row.cell}.html", "cell.html", row=row, pages=pages, figures=figures,
                claims=advice.on_cell(row.cell), **around, **shared,
            )  # fmt: skip
            script = self.out / name / "cell" / f"{row.cell}.js"
            script.write_text(_compare_data(found, row, shown, figures), encoding="utf-8", newline="\n")


def _compare_data(found: Board, row: Row, shown: Sequence[Column], figures: Mapping[str, Drawn]) -> str:
    """A cell's data for the compare page, as a script: a page opened from a file cannot fetch."""
    facts: dict[str, Any] = {}
    if not row.missing:
        facts["Tier"] = number(row["tier"], str(row["tier"]))
        facts |= {column.title: column.write(row) for column in shown if not column.key.startswith("f.")}
    data = {
        "cell": row.cell, "name": row.name, "labels": row.labels, "verdict": verdict(found, row),
        "facts": facts,
        "figures": {drawn.title: drawn.drawing.__html__() for drawn in figures.values()},
    }  # fmt: skip
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"cellLoaded({text});\n"


def _task_text(task: TaskFacts) -> str:
    """The task as written in a spec, without facts derived from it."""
    facts = ("classes", "train_size", "validation_size", "test_size")
    given = {
        key: value for key, value in (task.model_extra or {}).items() if key not in facts and value not in (None, False)
    }
    return _as_text({"name": task.name, **given})


def _commits(manifest: Manifest) -> str:
    """The commit of the results; if there are several, each with its number of cells."""
    found = manifest.cells_by_commit or {manifest.git_commit or "unknown": 0}
    short = {f"{commit[:12]}{'-dirty' if commit.endswith('-dirty') else ''}": cells for commit, cells in found.items()}
    return next(iter(short)) if len(short) == 1 else ", ".join(f"{c} ({cells} cells)" for c, cells in short.items())


def _tick_sign(value: float) -> str:
    return "0" if value == 0 else f"{value:+g}".replace("-", "−")


def _code(text: str) -> Markup:
    """Marks text between backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def _as_text(value: Any) -> str:
    """A canonical level or setting in one line: `random_normal(stddev=0.01)`."""
    if isinstance(value, dict) and "name" in value:
        arguments = ", ".join(f"{key}={_as_text(item)}" for key, item in value.items() if key not in ("name", "label"))
        return f"{value['name']}({arguments})" if arguments else str(value["name"])
    if isinstance(value, dict):
        return ", ".join(f"{key} {_as_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return "–" if value is None else label_text(value)
