"""The site as files: the same bytes, whole or not at all, small, and free of anything a name could smuggle in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from leaderboard import site
from suite.protocol.ranks import standings
from suite.results.errors import ResultsError
from suite.results.writer import export
from tests.leaderboard.conftest import Built
from tests.leaderboard.synthetic import GRID, made_results, write_results

SMALL = {"activation": ["relu", "sigmoid", "tanh"], "initializer": ["he_normal", "small"]}


def write_small(results: Path) -> Path:
    return write_results(results, "tiny", grid=SMALL, layers=3, probes=4, missing=1)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_page_is_there(built: Built) -> None:
    found = files(built.site)
    for name in ("deep_mlp", "rnn_adding", "depth"):
        for page in ("index", "factors", "compare"):
            assert f"{name}/{page}.html" in found
        assert f"{name}/data/manifest.json" in found
        assert f"{name}/data/cells.csv" in found
    assert built.report.pages == sum(path.endswith(".html") for path in found)
    assert (built.report.cells, built.report.missing) == (105 + 16 + 12, 3 + 2)
    assert sum(path.startswith("deep_mlp/cell/") and path.endswith(".html") for path in found) == 108


def test_two_builds_are_the_same_bytes_and_check_says_so(built: Built, tmp_path: Path) -> None:
    site.build(built.results, tmp_path / "again")
    assert files(tmp_path / "again") == files(built.site)
    assert site.check(built.results, built.site) == []


def test_check_names_what_differs(built: Built, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built.site, copy)
    (copy / "index.html").write_text("changed")
    (copy / "method.html").unlink()
    listed = json.loads((copy / "site.json").read_text())
    (copy / "site.json").write_text(json.dumps({**listed, "files": [*listed["files"], "extra.html"]}))
    for own in ("extra.html", "CNAME"):
        (copy / own).write_text("")
    assert site.check(built.results, copy) == [
        f"{copy / 'method.html'}: is missing",
        f"{copy / 'extra.html'}: is not part of the site",
        f"{copy / 'index.html'}: differs from its results",
        f"{copy / 'site.json'}: differs from its results",
    ]
    with pytest.raises(ResultsError, match="nowhere: contains no site"):
        site.check(built.results, tmp_path / "nowhere")


def test_a_folder_without_exported_folders_gives_no_empty_site(built: Built, tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"contains no exported folder, .*did you mean its parent"):
        site.build(built.results / "deep_mlp", tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_one_changed_record_changes_only_the_pages_it_touches(tmp_path: Path) -> None:
    results, grid = tmp_path / "results", {name: levels[:2] for name, levels in GRID.items()}
    manifest, records = made_results("tiny", grid=grid, layers=3, probes=4, missing=1)
    write_results(results, "other", grid=SMALL, layers=3, probes=4, missing=1)
    worst = min(range(len(records)), key=lambda index: standings(records)[index].figures["test_score"])
    cell = records[worst].cell.fingerprint

    def built() -> dict[str, bytes]:
        export(manifest, records, results)
        site.build(results, tmp_path / "site")
        return files(tmp_path / "site")

    before = built()
    records[worst] = replace(records[worst], seconds=1234.5)
    after = built()
    assert {path for path in after if after[path] != before.get(path)} == {
        "tiny/index.html",
        f"tiny/cell/{cell}.js",
        "tiny/data/cells.parquet",
        "tiny/data/cells.csv",
        "tiny/data/manifest.json",
    }
    runs = tuple(replace(run, test_score=0.05) for run in records[worst].replicates)
    records[worst] = replace(records[worst], replicates=runs)
    changed = {path for path, data in built().items() if data != after[path]}
    pages = {path for path in changed if path.startswith("tiny/cell/") and path.endswith(".html")}
    assert f"tiny/cell/{cell}.html" in pages
    mine = records[worst].cell.factors
    neighbours = [r.cell for r in records if sum(r.cell.factors[name] != mine[name] for name in grid) <= 1]
    assert {f"tiny/cell/{each.fingerprint}.html" for each in neighbours} <= pages
    assert len(neighbours) > 3
    assert not any(path.startswith("other/") for path in changed)


def test_bad_results_leave_the_old_site_as_it_was(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    folder = write_small(results)
    site.build(results, out)
    before = files(out)
    (folder / "cells.parquet").write_bytes(b"PAR1")
    with pytest.raises(ResultsError, match=r"cells\.parquet: is not the file that manifest\.json describes"):
        site.build(results, out)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_a_failure_in_the_middle_leaves_the_old_site_as_it_was(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    write_small(results)
    site.build(results, out)
    before = files(out)
    code = (
        "import resource, sys; from pathlib import Path; from leaderboard import site; from suite.results.errors import ResultsError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # as a full disk would, no file grows past it\n"
        "try: site.build(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except ResultsError as error: print(error); sys.exit(2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(results), str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert f"{out}: cannot be written" in done.stdout
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_a_folder_of_somebody_elses_is_never_replaced(tmp_path: Path) -> None:
    out, results = tmp_path / "precious", tmp_path / "results"
    write_small(results)
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(ResultsError, match=r"precious: holds 'thesis\.tex', and no site\.json of ours"):
        site.build(results, out)
    assert files(out) == {"thesis.tex": b"years of work"}


def test_what_others_put_into_a_site_stays(tmp_path: Path) -> None:
    """A branch for Pages: its history, its domain, a page of one's own, and a link as the way to it."""
    results, real, out = tmp_path / "results", tmp_path / "real", tmp_path / "site"
    folder = write_small(results)
    write_results(results, "other", grid=SMALL, layers=3, probes=4, missing=1)
    real.mkdir()
    subprocess.run(["git", "init", "-q", str(real)], check=True)
    out.symlink_to(real, target_is_directory=True)
    site.build(results, out)
    own = {"CNAME": "example.org", "tiny/cell/note.txt": "mine", "paper/index.html": "mine", "tiny/notes/a.txt": "mine"}
    for path, text in own.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text)
    history = files(real / ".git")
    shutil.rmtree(results / "other")
    site.build(results, out)
    assert out.is_symlink()
    found = files(real)
    assert {path: found[path].decode() for path in own} == own
    assert files(real / ".git") == history
    assert not (real / "other").exists(), "what is ours and no longer built goes"
    assert site.check(results, out) == []
    shutil.rmtree(folder)
    site.build(results, out)
    assert sorted(path.name for path in (real / "tiny").iterdir()) == ["cell", "notes"]
    assert (real / "tiny" / "cell" / "note.txt").read_text() == "mine"


def test_a_file_of_somebody_else_in_the_way_is_named(tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    write_small(results)
    site.build(results, out)
    (out / "other").mkdir()
    (out / "other" / "index.html").write_text("mine")
    before = files(out)
    write_results(results, "other", grid=SMALL, layers=3, probes=4, missing=1)
    with pytest.raises(ResultsError, match=r"other/index\.html: is not ours to replace"):
        site.build(results, out)
    assert files(out) == before


def test_a_benchmark_in_which_nothing_differs_is_built(tmp_path: Path) -> None:
    """Every run scores the same to the bit: all differences are 0."""
    manifest, records = made_results("tiny", grid=SMALL, layers=3, probes=4, missing=0)
    alike = [replace(r, replicates=tuple(replace(run, test_score=0.1) for run in r.replicates)) for r in records]
    export(manifest, alike, tmp_path / "results")
    site.build(tmp_path / "results", tmp_path / "site")
    page = (tmp_path / "site" / "tiny" / "factors.html").read_text()
    assert page.count("0.000") >= 3
    assert "nan" not in page


def test_no_results_yet(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    report = site.build(tmp_path / "results", tmp_path / "site")
    assert report.benchmarks == 0
    assert "No results yet" in (tmp_path / "site" / "index.html").read_text()


class _Names(HTMLParser):
    """Collects what a browser would take for elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        self.ids |= {value or "" for name, value in attrs if name == "id"}
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset")]


def test_names_are_text_and_nothing_else(built: Built) -> None:
    ours = {
        "theme.js",
        "advice.js",
        "board.js",
        "cell.js",
        "compare.js",
        "dataTables.min.js",
        "search.js",
        "search-index.js",
    }
    for path in built.site.rglob("*.html"):
        names = _Names()
        names.feed(path.read_text())
        assert all(script and Path(script).name in ours for script in names.scripts), path
        assert names.handlers == [], path
    for path in (built.site / "depth" / "cell").glob("*.js"):
        assert "<" not in path.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in (built.site / "depth" / "index.html").read_text()


def test_every_address_is_a_place_on_the_site(built: Built) -> None:
    pages = {}
    for path in built.site.resolve().rglob("*.html"):
        pages[path] = _Names()
        pages[path].feed(path.read_text())
    for path, names in pages.items():
        for address in names.addresses:
            if not address.startswith("data:"):
                file, _, place = address.partition("#")
                target = (path.parent / file).resolve() if file else path
                assert target.is_relative_to(built.site.resolve()), (path, address)
                assert target.is_file(), (path, address)
                if place and "=" not in place:  # what a script reads is no place
                    assert place in pages[target].ids, (path, address)
    for style in built.site.rglob("*.css"):
        for address in re.findall(r"url\(([^)]*)\)", style.read_text()):
            assert (style.parent / address).is_file()


def test_pages_carry_no_time_of_their_own(built: Built) -> None:
    year = time.strftime("%Y-%m-%d")
    assert year not in (built.site / "index.html").read_text().replace("2026-11-21", "")


def test_failed_missing_and_broken_cells_are_shown_as_what_they_are(built: Built) -> None:
    page = (built.site / "deep_mlp" / "index.html").read_text()
    assert page.count('data-r="missing"') == 3
    assert page.count("o-missing") == 3
    assert page.count('<span class="chip o-missing">infrastructure error</span>') == 2
    assert "not run yet" in page
    assert "nonfinite" in page
    assert "diverged" in page


def test_two_hundred_cells_are_quick_to_build_and_light_to_read(tmp_path: Path) -> None:
    grid = {**GRID, "batch_size": [32, 64]}
    write_results(tmp_path / "results", "large", grid=grid, cells=200, missing=4)
    start = time.process_time()
    site.build(tmp_path / "results", tmp_path / "site")
    assert time.process_time() - start < 10
    static = tmp_path / "site" / "static"
    common = [static / "style.css", static / "theme.js", static / "icon.svg", *static.glob("vendor/*.woff2")]
    front = sum(path.stat().st_size for path in [tmp_path / "site" / "index.html", *common])
    assert front < 300_000
    scripts = [static / "board.js", static / "vendor" / "dataTables.min.js"]
    board = sum(path.stat().st_size for path in [tmp_path / "site" / "large" / "index.html", *common, *scripts])
    assert board < 1_500_000


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, leaderboard.site, suite.results.writer\n"
        "heavy = {'keras', 'tensorflow', 'optuna', 'mlflow', 'distributed', 'matplotlib', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
