"""The site in a real browser: from files and served, light and dark, wide and narrow, by mouse and by keyboard."""

from __future__ import annotations

import csv
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from leaderboard.boards import board
from suite.results import reader
from tests.leaderboard.conftest import CLAIMS, Built

PAGES = (
    "index.html",
    "method.html",
    "advice.html",
    "advice/batch.html",
    "advice/predicts.html",
    "deep_mlp/index.html",
    "deep_mlp/factors.html",
    "depth/factors.html",
)


def chromium() -> str | None:
    """A browser to drive: `$CHROMIUM`, or one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    path = chromium()
    if path is None and not os.environ.get("CI"):
        pytest.skip("no chromium, chromium-browser or google-chrome on the path, and CHROMIUM is not set")
    assert path is not None, "CI needs a browser: set CHROMIUM, or install chromium"
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(built: Built) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built.site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@dataclass
class Visit:
    """A window on the site that writes down all that goes wrong."""

    page: object
    root: str
    trouble: list[str] = field(default_factory=list)

    def open(self, path: str) -> Visit:
        self.page.goto("about:blank")
        self.page.goto(self.root + path)
        if path.split("#")[0].endswith("/index.html"):
            self.page.wait_for_selector("#board.ready")
        return self

    def names(self) -> list[str]:
        """The recipes in view."""
        return [text.strip() for text in self.page.locator("#board tbody th a").all_inner_texts()]

    def column(self, key: str) -> list[str]:
        """A column's sort values in view."""
        index = self.page.evaluate(
            "key => [...document.querySelectorAll('#board thead th')].findIndex(th => th.dataset.key === key)", key
        )
        return self.page.locator(f"#board tbody tr > :nth-child({index + 1})").evaluate_all(
            "cells => cells.map(cell => cell.dataset.order ?? cell.textContent)"
        )

    def sort(self, key: str, direction: str) -> None:
        """Clicks on a heading and waits until the rows have their order."""
        self.page.click(f'th[data-key="{key}"]')
        self.page.wait_for_selector(f'th[data-key="{key}"][aria-sort="{direction}"]')

    def status(self) -> str:
        return self.page.inner_text("#status")

    def wait_for_count(self, count: int) -> None:
        """Until so many cells are found."""
        self.page.locator("#status", has_text=re.compile(f"^{count} of")).wait_for()


@pytest.fixture(params=["file", "served"])
def visit(request: pytest.FixtureRequest, browser: object, built: Built, served: str) -> Iterator[Visit]:
    root = built.site.as_uri() + "/" if request.param == "file" else served
    yield from _visits(browser, root)


@pytest.fixture
def file_visit(browser: object, built: Built) -> Iterator[Visit]:
    yield from _visits(browser, built.site.as_uri() + "/")


def _visits(browser: object, root: str, **options: object) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1360, "height": 900}, **options)
    seen = Visit(context.new_page(), root)
    context.on("console", lambda message: seen.trouble.append(f"console {message.type}: {message.text}"))
    context.on("weberror", lambda error: seen.trouble.append(f"error: {error.error}"))
    context.on("request", lambda request: _outside(seen, request.url))
    context.on("requestfailed", lambda request: _failed(seen, request))
    yield seen
    context.close()
    assert seen.trouble == []


def _failed(seen: Visit, request: object) -> None:
    if request.failure != "net::ERR_ABORTED":  # the window went on to the next page
        seen.trouble.append(f"failed: {request.url}, {request.failure}")


def _outside(seen: Visit, url: str) -> None:
    if not url.startswith((seen.root, "data:", "blob:", "about:")):
        seen.trouble.append(f"request to {url}")


def test_every_kind_of_page_opens_without_a_word(visit: Visit, built: Built) -> None:
    cells = [next((built.site / name / "cell").glob("*.html")).name for name in ("deep_mlp", "rnn_adding")]
    for path in (*PAGES, f"deep_mlp/cell/{cells[0]}", f"rnn_adding/cell/{cells[1]}", "deep_mlp/compare.html"):
        visit.open(path)
        assert visit.page.locator("h1").count() == 1


def test_sorting_puts_missing_cells_last_either_way(visit: Visit) -> None:
    visit.open("deep_mlp/index.html")
    visit.page.select_option(".dt-length select", "200")
    for direction in ("ascending", "descending"):
        visit.sort("seconds", direction)
        values = visit.column("seconds")
        numbers = [float(value) for value in values if value]
        assert numbers == sorted(numbers, reverse=direction == "descending")
        assert values[-3:] == ["", "", ""]
        assert len(values) == 108


def test_the_first_click_on_a_score_shows_the_best(file_visit: Visit) -> None:
    file_visit.open("deep_mlp/index.html").sort("test", "descending")
    values = [float(value) for value in file_visit.column("test")]
    assert values == sorted(values, reverse=True)
    file_visit.open("rnn_adding/index.html").sort("test", "ascending")
    values = [float(value) for value in file_visit.column("test") if value]
    assert values == sorted(values)


def test_filters_and_their_counts(visit: Visit) -> None:
    page = visit.open("deep_mlp/index.html").page
    page.check('[data-facet="f.activation"] input[value="relu"]')
    page.check('[data-facet="f.optimizer"] input[value="adam"]')
    assert visit.names()
    assert all("relu" in name and "adam" in name for name in visit.names())
    counts = page.locator('[data-facet="f.optimizer"] .count').all_inner_texts()
    assert counts == ["9", "9", "9"]  # under relu
    assert page.inner_text('[data-facet="f.initializer"] label:nth-of-type(1) .count') == "3"
    page.check('[data-facet="f.activation"] input[value="tanh"]')
    assert visit.status().startswith("18 of 108 cells")
    page.uncheck('[data-facet="f.optimizer"] input[value="adam"]')
    page.check('[data-facet="result"] input[value="missing"]')
    assert page.locator("#board tbody tr").count() == page.locator("#board tbody tr .o-missing").count() > 0


def test_searching(visit: Visit) -> None:
    page = visit.open("deep_mlp/index.html").page
    page.fill("#search", "ADAM he_normal")
    visit.wait_for_count(12)
    assert all("adam" in name and "he_normal" in name for name in visit.names())
    page.fill("#search", "no such recipe")
    visit.wait_for_count(0)
    assert "No cell fits" in page.inner_text("#board tbody")


def test_a_link_shows_what_its_sender_saw(visit: Visit) -> None:
    page = visit.open("deep_mlp/index.html").page
    page.check('[data-facet="f.activation"] input[value="tanh"]')
    page.check('[data-facet="cause"] input[value="vanishing"]')
    page.fill("#search", "sgd")
    visit.sort("factor", "ascending")
    page.click("#choose summary")
    page.check('#choose input[value="rate"]')
    page.uncheck('#choose input[value="seconds"]')
    page.locator(".pick").first.check()
    page.wait_for_url("**cell=*")  # what was done last is in the address
    sent = visit.names()
    assert sent

    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#board.ready")
    received = Visit(other, visit.root)
    assert received.names() == sent
    assert received.status() == visit.status()
    heads = other.locator("#board thead th").evaluate_all("heads => heads.map(th => th.dataset.key)")
    assert "rate" in heads
    assert "seconds" not in heads
    assert other.locator(".pick:checked").count() == 1
    other.click("#reset")
    assert received.status().startswith("108 of 108")
    assert other.url.endswith("#")


def test_the_second_page_of_rows_is_in_the_address(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.click(".dt-paging-button:text-is('2')")
    page.wait_for_url("**page=2*")
    sent = file_visit.names()
    file_visit.open(page.url.removeprefix(file_visit.root))
    assert file_visit.names() == sent


def test_a_name_that_is_a_script_stays_a_name(visit: Visit, built: Built) -> None:
    page = visit.open("depth/index.html").page
    page.on("dialog", lambda dialog: visit.trouble.append("a dialog opened"))
    page.check('[data-facet="f.activation"] input[value="<script>alert(1)</script>"]')
    assert all(name.startswith("<script>alert(1)</script>") for name in visit.names())
    assert len(visit.names()) == 4
    page.locator(".pick").nth(0).check()
    page.locator(".pick").nth(1).check()
    page.click("#tray-go")
    page.wait_for_selector("#compare[data-ready]")
    assert "<script>alert(1)</script>" in page.inner_text("#compare")
    assert page.locator("main script").count() == 0


def test_comparing_cells_chosen_on_the_board(visit: Visit) -> None:
    page = visit.open("deep_mlp/index.html").page
    names = visit.names()[:3]
    page.locator(".pick").nth(0).check()
    assert page.locator("#tray-go").get_attribute("aria-disabled") == "true"
    page.locator(".pick").nth(1).check()
    page.locator(".pick").nth(2).check()
    page.click("#tray-go")
    page.wait_for_selector('#compare[data-ready="3"]')
    assert page.locator("#compare thead a").all_inner_texts() == names
    assert page.locator("#compare .figure svg").count() == 18
    page.get_by_role("button", name=f"Remove {names[0]}").click()
    page.wait_for_selector('#compare[data-ready="2"]')
    assert page.locator("#compare thead a").all_inner_texts() == names[1:]
    assert page.url.count("cell=") == 2


def test_a_board_lets_four_cells_be_chosen(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    for index in range(4):
        page.locator(".pick").nth(index).check()
    assert page.locator(".pick").nth(5).is_disabled()
    page.click("#tray-clear")
    assert page.locator(".pick").nth(5).is_enabled()


def test_cells_that_do_not_exist_are_reported(browser: object, built: Built) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((built.site / "deep_mlp" / "compare.html").as_uri() + f"#cell={'0' * 16}&cell=../../../etc")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble") == "1 of the cells asked for is not on this board."
    context.close()


def test_the_view_as_csv(visit: Visit, built: Built, tmp_path: Path) -> None:
    page = visit.open("deep_mlp/index.html#q=tanh&sort=test.desc").page
    with page.expect_download() as download:
        page.click("#csv")
    download.value.save_as(tmp_path / "view.csv")
    rows = list(csv.DictReader((tmp_path / "view.csv").open(newline="")))
    assert len(rows) == 27
    assert [row["recipe"].replace("\u00a0", " ") for row in rows] == [
        name.replace("\u00a0", " ") for name in visit.names()
    ]
    scores = [float(row["test"]) for row in rows if row["test"]]
    assert scores == sorted(scores, reverse=True)
    assert rows[0]["trained_interval"]
    known = {row.cell: row["erratic"] for row in board(reader.read(built.results / "deep_mlp")).recorded}
    assert {row["cell"]: row["erratic"] == "true" for row in rows if row["test"]} == {
        row["cell"]: known[row["cell"]] for row in rows if row["test"]
    }
    assert any(row["erratic"] == "true" for row in rows)


def test_the_board_opens_in_the_order_of_ranks_and_marks_what_is_erratic(file_visit: Visit, built: Built) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    expected = board(reader.read(built.results / "deep_mlp")).rows[:50]
    shown = page.locator("#board tbody tr").evaluate_all("rows => rows.map(row => row.dataset.c)")
    assert shown == [row.cell for row in expected]
    marked = page.locator("#board tbody tr:has(.erratic)").evaluate_all("rows => rows.map(row => row.dataset.c)")
    assert marked == [row.cell for row in expected if row["erratic"]]
    assert marked
    scores = [float(value) for value in file_visit.column("test")]
    assert scores == sorted(scores, reverse=True)


def test_claims_are_filtered_and_a_link_shows_what_its_sender_saw(visit: Visit) -> None:
    page = visit.open("advice.html").page
    every = page.locator("article.claim").count()
    assert page.inner_text("#status") == f"{every} of {every} claims"
    page.check('[data-facet="topic"] input >> nth=1')
    page.check('[data-facet="source"] input[value="0"]')
    shown = page.locator("article.claim:visible h3").all_inner_texts()
    assert shown == ["Of spread."]
    assert page.inner_text("#status") == f"1 of {every} claims"
    assert page.locator("section.topic:visible").count() == 1
    counts = page.locator('[data-facet="topic"] .count').all_inner_texts()
    assert sum(map(int, counts)) == every - 1, "under that source"
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("article.claim:visible h3").all_inner_texts() == shown
    other.click("#facets button")
    other.locator("#status", has_text=f"{every} of {every}").wait_for()
    other.close()


def test_a_claim_has_a_link_of_its_own_and_its_evidence_a_click_away(visit: Visit) -> None:
    page = visit.open("advice.html#predicts").page
    assert page.locator("article.claim:visible").count() > 5
    assert page.locator("#predicts:target").is_visible()
    page.click("#batch h3 a")
    assert page.inner_text("h1") == "Of batch."
    rows = page.locator(".forest tbody tr")
    assert rows.count() == page.locator(".forest tbody .dots > span").count()
    page.click(".forest tbody th a >> nth=0")
    page.wait_for_selector('#compare[data-ready="2"]')
    names = page.locator("#compare thead a").all_inner_texts()
    assert "batch" in names[0]
    assert "no normalization" in names[1]


def test_claims_are_readable_without_javascript(browser: object, built: Built) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built.site / "advice.html").as_uri())
    assert page.locator("article.claim:visible").count() == len(CLAIMS)
    assert not page.locator("#facets").is_visible()
    assert not page.locator("#status").is_visible()
    context.close()


def test_dark_and_light(file_visit: Visit) -> None:
    page = file_visit.open("index.html").page
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.click("#theme")
    assert page.inner_text("#theme") == "Theme: dark"
    assert page.evaluate(background) == "rgb(15, 19, 24)"
    file_visit.open("method.html")
    assert page.evaluate(background) == "rgb(15, 19, 24)"  # remembered
    page.click("#theme")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(15, 19, 24)"  # as the system has it


def test_a_phone(browser: object, built: Built) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    cell = next((built.site / "deep_mlp" / "cell").glob("*.html")).stem
    other = next((built.site / "deep_mlp" / "cell").glob("f*.html")).stem
    for path in (*PAGES, f"deep_mlp/cell/{cell}.html", f"deep_mlp/compare.html#cell={cell}&cell={other}"):
        page.goto(f"{built.site.as_uri()}/{path}")
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(f"{built.site.as_uri()}/deep_mlp/index.html")
    page.wait_for_selector("#board.ready")
    assert not page.locator("#facets form").is_visible()
    page.tap("#facets summary")
    page.locator('[data-facet="f.activation"] input[value="relu"]').check()
    assert page.inner_text("#status").startswith("27 of 108")
    context.close()


def test_by_keyboard_alone(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.focus('th[data-key="test"] .dt-column-order')
    page.keyboard.press("Enter")
    page.wait_for_selector('th[data-key="test"][aria-sort="descending"]')
    page.focus(".pick >> nth=0")
    page.keyboard.press("Space")
    assert page.locator("#tray").is_visible()


@pytest.mark.parametrize("by", ["mouse", "keyboard", "touch"])
def test_words_explain_themselves_where_they_stand(browser: object, built: Built, by: str) -> None:
    context = browser.new_context(has_touch=True)
    page = context.new_page()
    page.goto((built.site / "deep_mlp" / "index.html").as_uri())
    page.wait_for_selector("#board.ready")
    order = page.locator("#board tbody th a").all_inner_texts()
    for word in ("tier", "erratic", "outcomes", "factor", "basin"):
        button, said = page.locator(f'th [popovertarget="word-{word}"]'), page.locator(f"#word-{word}")
        assert not said.is_visible()
        if by == "keyboard":
            button.focus()
            page.keyboard.press("Enter")
        else:
            button.click() if by == "mouse" else button.tap()
        assert said.is_visible()
        box = said.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 1280
        assert said.locator("a").get_attribute("href").startswith("../method.html#")
        page.keyboard.press("Escape")
        assert not said.is_visible()
    assert page.locator("#board tbody th a").all_inner_texts() == order, "the headings still sort, their words do not"
    slow = next(path for path in (built.site / "deep_mlp" / "cell").glob("*.html") if "word-slow" in path.read_text())
    page.goto(slow.as_uri())
    page.locator('#runs ~ div [popovertarget="word-slow"]').first.click()
    assert "short of the target" in page.inner_text("#word-slow")
    context.close()


def test_no_column_is_cut_off_on_a_laptop(browser: object, built: Built) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    for name in ("deep_mlp", "depth", "rnn_adding"):
        page.goto((built.site / name / "index.html").as_uri())
        page.wait_for_selector("#board.ready")
        assert page.evaluate("(node => node.scrollWidth - node.clientWidth)(document.querySelector('.scroll'))") <= 0, (
            name
        )
    context.close()


def test_readable_without_javascript(browser: object, built: Built) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built.site / "deep_mlp" / "index.html").as_uri())
    assert page.locator("#board tbody tr").count() == 108
    assert page.locator("#board tbody tr").last.is_visible()
    assert not page.locator("#tools").is_visible()
    assert not page.locator("#facets").is_visible()
    assert not page.locator("#theme").is_visible(), "a button that does nothing"
    page.click("th .why >> nth=0")
    assert page.locator("#word-tier").is_visible()
    page.goto((built.site / "deep_mlp" / "compare.html").as_uri())
    assert "needs JavaScript" in page.inner_text("main")
    context.close()


def test_on_paper(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#tools").is_visible()
    assert page.locator("#board").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: object, built: Built, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=theme, viewport={"width": 1360, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    cells = built.site / "deep_mlp" / "cell"
    trained, failed, missing = (
        next(path.stem for path in sorted(cells.glob("*.html")) if words in path.read_text())
        for words in ("r-all", "hidden_3", "r-missing")
    )
    recurrent = next((built.site / "rnn_adding" / "cell").glob("*.html")).name
    pages = (
        "index.html",
        "method.html",
        "advice.html",
        *(f"advice/{claim}.html" for claim in ("batch", "initializer", "predicts", "value", "waiting")),
        "rnn_adding/index.html",
        "depth/factors.html",
        *(f"deep_mlp/cell/{cell}.html" for cell in (trained, failed, missing)),
        f"rnn_adding/cell/{recurrent}",
        f"deep_mlp/compare.html#cell={trained}&cell={failed}",
    )
    found = []
    for path in pages:
        page.goto("about:blank")
        page.goto(f"{built.site.as_uri()}/{path}")
        page.wait_for_timeout(200)
        for details in page.locator("details").all():
            details.evaluate("node => { node.open = true; }")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                found.append(f"{path}: {violation['id']} ({len(violation['nodes'])}): {nodes}")
    context.close()
    assert found == []
