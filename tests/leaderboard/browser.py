"""A real browser on the site, and a window that writes down all that goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.leaderboard.conftest import Built


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
    yield from visits(browser, root)


@pytest.fixture
def file_visit(browser: object, built: Built) -> Iterator[Visit]:
    yield from visits(browser, built.site.as_uri() + "/")


def visits(browser: object, root: str, **options: object) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1360, "height": 900}, **options)
    seen = Visit(context.new_page(), root)
    context.on("console", lambda message: seen.trouble.append(f"console {message.type}: {message.text}"))
    context.on("weberror", lambda error: seen.trouble.append(f"error: {error.error}"))
    context.on("request", lambda request: _outside(seen, request.url))
    context.on("requestfailed", lambda request: _failed(seen, request))
    yield seen
    context.close()
    assert seen.trouble == [], seen.trouble


def _failed(seen: Visit, request: object) -> None:
    if request.failure != "net::ERR_ABORTED":  # the window went on to the next page
        seen.trouble.append(f"failed: {request.url}, {request.failure}")


def _outside(seen: Visit, url: str) -> None:
    if not url.startswith((seen.root, "data:", "blob:", "about:")):
        seen.trouble.append(f"request to {url}")
