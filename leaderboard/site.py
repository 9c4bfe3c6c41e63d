"""From exported tables to a static site: rendered aside, swapped in whole, the same bytes for the same records."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from leaderboard import charts, scales
from leaderboard.boards import Board, Row, board, factor_title
from leaderboard.cells import CellPages, verdict
from leaderboard.columns import Column, columns, number
from leaderboard.findings import Findings, across_tasks
from suite.protocol.records import PROTOCOL_VERSION, TABLES
from suite.results import reader
from suite.results.errors import ResultsError
from suite.results.manifest import MANIFEST, TASK_KEYS

HERE = Path(__file__).parent
GENERATOR = "suite leaderboard"
"""Every page says so in its head; a folder whose front page does not is never replaced."""


@dataclass(frozen=True)
class BuildReport:
    """What was built.

    Attributes:
        out: Where.
        benchmarks: Boards.
        cells: Recorded cells.
        missing: Cells without a result.
        pages: HTML files.
        size: Bytes of all files.
        seconds: It took.
    """

    out: Path
    benchmarks: int
    cells: int
    missing: int
    pages: int
    size: int
    seconds: float


def build(results: Path, out: Path) -> BuildReport:
    """Builds the site of all exported folders in `results`.

    It is written to a folder beside `out` and takes its place at the end: on any error the old site stays as it was.

    Raises:
        ResultsError: Results cannot be used, or `out` is a folder that holds something else.
    """
    start = time.perf_counter()
    out = out.absolute()
    if out.exists() and not _is_site(out):
        raise ResultsError(
            [f"{out}: is not empty and holds no site of ours. Expected a new folder, or one built before."]
        )
    try:
        return _build(results, out, start)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError([f"{out}: cannot be written: {reason}. A site that was there is as it was."]) from error


def _build(results: Path, out: Path, start: float) -> BuildReport:
    with _rendered(results, out.parent) as (fresh, boards):
        files = [path for path in fresh.rglob("*") if path.is_file()]
        report = BuildReport(
            out, len(boards), sum(len(b.recorded) for b in boards), sum(len(b.missing) for b in boards),
            sum(path.suffix == ".html" for path in files), sum(path.stat().st_size for path in files),
            time.perf_counter() - start,
        )  # fmt: skip
        _swap(fresh, out)
    return report


def check(results: Path, out: Path) -> list[str]:
    """How the site in `out` differs from what `results` would give, one line per file; empty if it does not.

    Raises:
        ResultsError: The results cannot be used.
    """
    if not out.is_dir():
        return [f"{out}: no such folder"]
    with tempfile.TemporaryDirectory() as scratch, _rendered(results, Path(scratch)) as (fresh, _):
        expected, found = (
            {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} for folder in (fresh, out)
        )
        return [
            *(f"{out / path}: is missing" for path in sorted(expected - found)),
            *(f"{out / path}: is not part of the site" for path in sorted(found - expected)),
            *(
                f"{out / path}: differs from its results"
                for path in sorted(expected & found)
                if (fresh / path).read_bytes() != (out / path).read_bytes()
            ),
        ]


def _is_site(out: Path) -> bool:
    """Whether a folder may be replaced: it is empty, or its front page is ours."""
    if not out.is_dir():
        return False
    front = out / "index.html"
    if not front.is_file():
        return not any(out.iterdir())
    return f'<meta name="generator" content="{GENERATOR}">' in front.read_text(encoding="utf-8", errors="replace")


@contextmanager
def _rendered(results: Path, beside: Path) -> Iterator[tuple[Path, list[Board]]]:
    """A folder with the whole site, which is gone afterwards unless it was moved away."""
    boards: list[Board] = []
    problems: list[str] = []
    for folder in reader.folders(results):
        try:
            boards.append(board(reader.read(folder)))
        except ResultsError as error:
            problems += error.problems
    if problems:
        raise ResultsError(problems)
    beside.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".site-", dir=beside))
    try:
        fresh = scratch / "site"
        Renderer(fresh).site(boards)
        yield fresh, boards
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _swap(fresh: Path, out: Path) -> None:
    """Puts `fresh` in the place of `out`; what was there goes to the scratch folder that is about to be deleted."""
    old = fresh.with_name("old")
    if out.exists():
        out.rename(old)
    try:
        fresh.rename(out)
    except BaseException:
        if old.exists():
            old.rename(out)
        raise


class Renderer:
    """Writes pages into a folder.

    Args:
        out: The folder, which is made.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.jinja.filters |= {
            "text": reader.text,
            "as_text": _as_text,
            "commits": _commits,
            "task_text": _task_text,
            "significant": scales.significant,
            "factor_title": factor_title,
            "tick_sign": _tick_sign,
        }
        self.jinja.globals |= {
            "generator": GENERATOR,
            "protocol_version": PROTOCOL_VERSION,
            "table_names": TABLES,
            "color_key": charts.color_key(),
            "verdict": verdict,
            "written_range": scales.written_range,
            "reach": charts.reach,
            "axis_ticks": charts.axis_ticks,
            "dot_style": charts.dot_style,
        }

    def page(self, path: str, template: str, **context: Any) -> None:
        """Renders one page; `root` in it is the way back to the front."""
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * path.count("/")
        target.write_text(
            self.jinja.get_template(template).render(root=root, **context), encoding="utf-8", newline="\n"
        )

    def site(self, boards: list[Board]) -> None:
        """All pages, tables and static files."""
        shutil.copytree(HERE / "static", self.out / "static")
        findings = [Findings(each) for each in boards]
        self.page("index.html", "index.html", findings=findings, across=across_tasks(boards))
        self.page("method.html", "method.html")
        for found in findings:
            self.benchmark(found)

    def benchmark(self, findings: Findings) -> None:
        """The pages of one benchmark and its raw tables."""
        found = findings.board
        name = found.results.name
        shared = {"board": found, "findings": findings}
        shown = columns(found)
        self.page(f"{name}/index.html", "board.html", columns=shown, **shared)
        self.page(f"{name}/factors.html", "factors.html", **shared)
        self.page(f"{name}/compare.html", "compare.html", **shared)
        data = self.out / name / "data"
        data.mkdir()
        for file in (MANIFEST, *found.manifest["files"]):
            shutil.copyfile(found.results.folder / file, data / file)
        pages = CellPages(found)
        (self.out / name / "cell").mkdir()
        for row in found.rows:
            figures = {} if row.missing else pages.figures(row)
            self.page(f"{name}/cell/{row.cell}.html", "cell.html", row=row, pages=pages, figures=figures, **shared)
            script = self.out / name / "cell" / f"{row.cell}.js"
            script.write_text(_compare_data(found, row, shown, figures), encoding="utf-8", newline="\n")


def _compare_data(found: Board, row: Row, shown: Sequence[Column], figures: Mapping[str, Markup]) -> str:
    """What the compare page shows of a cell, as a script, since a page opened from a file may not fetch."""
    facts: dict[str, Any] = {}
    if not row.missing:
        facts["Tier"] = number(row["tier"], str(row["tier"]))
        facts |= {column.title: column.write(row) for column in shown if not column.key.startswith("f.")}
    data = {
        "cell": row.cell, "name": row.name, "labels": row.labels, "verdict": verdict(found, row),
        "facts": facts, "figures": figures,
    }  # fmt: skip
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"cellLoaded({text});\n"


def _task_text(task: Mapping[str, Any]) -> str:
    """The task as a spec would have it, without what it merely is known to be."""
    facts = (*TASK_KEYS[1:], "classes", "train_size", "validation_size", "test_size")
    return _as_text({key: value for key, value in task.items() if key not in facts and value not in (None, False)})


def _commits(manifest: Mapping[str, Any]) -> str:
    """The commit that the results were made at; where there are several, each with its number of cells."""
    found = manifest.get("cells_by_commit") or {manifest.get("git_commit") or "unknown": 0}
    short = {f"{commit[:12]}{'-dirty' if commit.endswith('-dirty') else ''}": cells for commit, cells in found.items()}
    return next(iter(short)) if len(short) == 1 else ", ".join(f"{c} ({cells} cells)" for c, cells in short.items())


def _tick_sign(value: float) -> str:
    """A tick of differences: `0`, `+0.2`."""
    return "0" if value == 0 else f"{value:+g}".replace("-", "−")


def _as_text(value: Any) -> str:
    """A canonical level or setting in one line: `random_normal(stddev=0.01)`."""
    if isinstance(value, dict) and "name" in value:
        arguments = ", ".join(f"{key}={_as_text(item)}" for key, item in value.items() if key not in ("name", "label"))
        return f"{value['name']}({arguments})" if arguments else str(value["name"])
    if isinstance(value, dict):
        return ", ".join(f"{key} {_as_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return "–" if value is None else reader.text(value)
