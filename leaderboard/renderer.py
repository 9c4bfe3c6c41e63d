"""Writes the pages of the site into a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leaderboard import choices, filters, fixes, following, titles, verified
from leaderboard.addresses import Addresses
from leaderboard.advice import Advice
from leaderboard.boards import Board, Row
from leaderboard.cells import CellPages, verdict
from leaderboard.columns import Column, chips, columns, dot_style, erratic, interval_range, number
from leaderboard.factor_names import factor_title
from leaderboard.findings import BoardFindings
from leaderboard.front import Front, tiles
from leaderboard.glossary import WORDS
from leaderboard.shared_levels import shared_differences
from leaderboard.symptoms import symptoms_of
from leaderboard.verified import Verified
from suite.pictures import axes, charts, numbers
from suite.pictures.atlas import legend, preview
from suite.pictures.cells import Drawn, draw_figures
from suite.pictures.drawing import stylesheet
from suite.pictures.strips import png
from suite.protocol import calibration
from suite.protocol.columns import TABLES
from suite.protocol.labels import label_text
from suite.protocol.records import PROTOCOL_VERSION
from suite.protocol.run_statistics import STATISTICS
from suite.results.errors import told_as
from suite.results.folders import files_in
from suite.results.manifest import MANIFEST

HERE = Path(__file__).parent
GENERATOR = "suite leaderboard"
INDEX = "site.json"
"""Lists all other files of a site. A later build only replaces or removes these."""

PREVIEW = (600, 315)
"""Width and height of the picture that links to the site show, in pixels."""


class Renderer:
    """Writes pages into the folder `out`, which is created."""

    def __init__(self, out: Path, addresses: Addresses, checked: Mapping[str, Verified]) -> None:
        self.out = out
        self.addresses = addresses
        self.jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.jinja.filters |= {
            "text": label_text,
            "code": filters.code,
            "as_text": filters.as_text,
            "commits": filters.commits,
            "task_text": filters.task_text,
            "significant": numbers.significant,
            "factor_title": factor_title,
            "lower_first": lambda text: text[:1].lower() + text[1:],
            "tick_sign": filters.tick_sign,
        }
        self.jinja.globals |= {
            "generator": GENERATOR,
            "protocol_version": PROTOCOL_VERSION,
            "table_names": TABLES,
            "calibration": calibration,
            "color_key": charts.color_key(),
            "verdict": verdict,
            "words": WORDS,
            "statistics": STATISTICS,
            "chips": chips,
            "erratic": erratic,
            "written_range": numbers.written_range,
            "reach": axes.reach,
            "dot_style": dot_style,
            "addresses": addresses,
            "checked": checked,
            "site_title": titles.SITE,
            "tolerance": verified.TOLERANCE,
            "interval_range": interval_range,
        }

    def page(self, path: str, template: str, *, title: str = "", description: str = "", **context: Any) -> None:
        """Renders one page; its variable `root` is the relative path to the front page.

        Without a title or description the page has those of its template.
        """
        target = self.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        root = "../" * path.count("/")
        target.write_text(
            self.jinja.get_template(template).render(
                root=root, path=path, title=title, description=description, **context
            ),
            encoding="utf-8",
            newline="\n",
        )

    def site(self, boards: list[Board], advice: Advice) -> None:
        """Writes all pages, tables and static files."""
        shutil.copytree(HERE / "static", self.out / "static")
        (self.out / "static" / "charts.css").write_text(stylesheet(), encoding="utf-8", newline="\n")
        findings = [BoardFindings(each) for each in boards]
        front = Front(findings, advice)
        self.page("index.html", "index.html", front=front, legend=legend(), boards=boards)
        if front.featured is not None:
            self.page("embed.html", "embed.html", front=front, legend=legend())
            board = front.featured.board
            (self.out / "atlas.png").write_bytes(png(preview(board.factors, tiles(board), *PREVIEW)))
        self.advice(boards, advice)
        self.page("levels.html", "levels.html", shared=shared_differences(findings))
        chosen = choices.situations(boards)
        self.page("choices.html", "choices.html", boards=choices.by_board(chosen))
        (self.out / "choices.json").write_text(choices.as_json(chosen), encoding="utf-8", newline="\n")
        year = max((each.manifest.created[:4] for each in boards), default="")
        self.page("own.html", "own.html", names=[each.results.name for each in boards], year=year)
        self.page("method.html", "method.html")
        self.page("fix.html", "fix.html", evidence=fixes.all_evidence(boards), least=fixes.LEAST)
        for found in findings:
            self.benchmark(found, advice)
        self.following(boards, advice)
        index = {"generator": GENERATOR, "addresses": asdict(self.addresses), "files": files_in(self.out)}
        (self.out / INDEX).write_text(json.dumps(index, indent=0) + "\n", encoding="utf-8", newline="\n")

    def following(self, boards: list[Board], advice: Advice) -> None:
        """Writes the search, the change log and, with a base address, the feed and the sitemap."""
        days = following.changes(boards)
        self.page("search.html", "search.html")
        self.page("changes.html", "changes.html", days=days)
        (self.out / "search-index.js").write_text(
            following.search_index(boards, advice), encoding="utf-8", newline="\n"
        )
        if base := self.addresses.base:
            pages = [path for path in files_in(self.out) if path.endswith(".html") and path != "embed.html"]
            (self.out / "sitemap.xml").write_text(following.sitemap(base, pages), encoding="utf-8", newline="\n")
            (self.out / "feed.xml").write_text(following.feed(base, days), encoding="utf-8", newline="\n")

    def advice(self, boards: list[Board], advice: Advice) -> None:
        """Writes the list of claims and a page for each."""
        names = [each.results.name for each in boards]
        self.page("advice.html", "advice.html", advice=advice, names=names)
        recipes = {row.cell: row.name for each in boards for row in each.rows}
        for one in advice.claims:
            said = {
                "title": f"{one.claim.says.rstrip('.')}: {one.verdict} – {titles.SITE}",
                "description": f"{one.claim.says} {one.claim.because}",
            }
            self.page(f"advice/{one.claim.id}.html", "claim.html", one=one, names=names, recipes=recipes, **said)

    def benchmark(self, findings: BoardFindings, advice: Advice) -> None:
        """Writes the pages of one benchmark and its tables."""
        found = findings.board
        name = found.results.name
        shared: dict[str, Any] = {"board": found, "findings": findings}
        shown = columns(found)
        described = {"title": titles.board_title(found), "description": titles.board_description(found)}
        self.page(f"{name}/index.html", "board.html", columns=shown, **described, **shared)
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
            described = {"title": titles.cell_title(found, row), "description": titles.cell_description(found, row)}
            around: dict[str, Any] = {"previous": before, "next": after, "symptoms": symptoms_of(found, row)}
            self.page(
                f"{name}/cell/{row.cell}.html", "cell.html", row=row, pages=pages, figures=figures,
                claims=advice.on_cell(row.cell), **described, **around, **shared,
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
