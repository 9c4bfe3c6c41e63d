"""To be found and followed: titles, the search, the change log, and with a base address links, sitemap and feed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leaderboard import site
from leaderboard.addresses import Addresses
from leaderboard.boards import Board
from leaderboard.titles import cell_title
from leaderboard.verified import Verified, read, write
from suite.results.errors import ResultsError
from tests.leaderboard.browser import Visit
from tests.leaderboard.conftest import Built
from tests.leaderboard.synthetic import NASTY, write_results

BASE = "https://example.org/bench/"
GRID = {"activation": ["relu", "sigmoid"], "initializer": ["he_normal", "small"]}
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site with addresses."""
    folder = tmp_path_factory.mktemp("online")
    write_results(folder / "results", "tiny", grid=GRID, layers=3, probes=4, missing=1)
    write_results(folder / "results", "other", title=f"Which {NASTY}?", grid=GRID, layers=3, probes=4, missing=0)
    addresses = Addresses("https://example.org/bench", "https://example.org/code", "https://example.org/docs/")
    site.build(folder / "results", folder / "site", addresses)
    assert site.check(folder / "results", folder / "site") == [], "a check knows the addresses of the site"
    return folder / "site"


def test_every_page_has_a_title_and_a_description_of_its_own(built: Built) -> None:
    titles = {}
    for path in built.site.rglob("*.html"):
        page = path.read_text()
        titles.setdefault(re.search("<title>(.*)</title>", page)[1], []).append(path)
        assert path.name == "embed.html" or re.search('<meta name="description" content="[^"]{20,}">', page), path
    assert [paths for paths in titles.values() if len(paths) > 1] == []


def test_the_title_of_a_recipe_says_what_became_of_it(deep: Board) -> None:
    titles = {row.labels: cell_title(deep, row) for row in deep.rows}
    trained = next(row for row in deep.recorded if row.result == "all")
    vanished = next(row for row in deep.recorded if row.result == "none" and "vanishing" in row.causes)
    assert f"trains, test accuracy {trained['test_score']:.3f}" in titles[trained.labels]
    assert titles[vanished.labels].endswith("the gradient vanishes, and what fixes it")
    assert titles[deep.missing[0].labels].endswith("no result yet")


def test_without_a_base_address_a_site_stays_offline(built: Built) -> None:
    assert not list(built.site.rglob("*.xml"))
    for path in built.site.rglob("*.html"):
        assert not re.search(r'(href|src|content)="https?://', path.read_text()), path


def test_with_a_base_address_every_page_is_linked_and_listed(online: Path) -> None:
    listed = {loc.text for loc in ElementTree.parse(online / "sitemap.xml").iter() if loc.tag.endswith("loc")}
    pages = {path.relative_to(online).as_posix() for path in online.rglob("*.html")} - {"embed.html"}
    assert listed == {BASE + page for page in pages}
    for page in pages:
        text = (online / page).read_text()
        assert f'<link rel="canonical" href="{BASE}{page.replace("index.html", "")}">' in text
        assert f'<meta property="og:image" content="{BASE}atlas.png">' in text
        for address in ("https://example.org/code", "https://example.org/docs/"):
            assert text.count(f'<a href="{address}">') >= 2, "in head and foot"
    assert (online / "atlas.png").is_file()


def test_the_feed_has_every_benchmark_by_time(online: Path) -> None:
    feed = ElementTree.parse(online / "feed.xml").getroot()
    entries = feed.findall(f"{ATOM}entry")
    assert {entry.find(f"{ATOM}link").get("href") for entry in entries} == {
        f"{BASE}{name}/index.html" for name in ("tiny", "other")
    }
    assert any(NASTY in entry.find(f"{ATOM}title").text for entry in entries)
    times = [entry.find(f"{ATOM}updated").text for entry in entries]
    assert times == sorted(times, reverse=True)
    assert feed.find(f"{ATOM}updated").text == times[0]
    assert len({entry.find(f"{ATOM}id").text for entry in entries}) == len(entries)


@pytest.mark.parametrize("address", ["example.org", "ftp://example.org", "javascript:alert(1)", "https:///path"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ResultsError, match=f"base address: got {re.escape(address)}, expected one such as"):
        Addresses(address)


def test_every_hit_of_the_search_index_is_a_page(built: Built) -> None:
    text = (built.site / "search-index.js").read_text()
    assert "<" not in text
    entries = json.loads(text.removeprefix("searchIndex(").removesuffix(");\n"))
    for _, title, path, _ in entries:
        page, _, anchor = path.partition("#")
        assert (built.site / page).is_file(), title
        assert not anchor or f'id="{anchor}"' in (built.site / page).read_text(), path
    cells = {path.relative_to(built.site).as_posix() for path in built.site.glob("*/cell/*.html")}
    assert cells <= {path for _, _, path, _ in entries}


def test_the_search_finds_recipes_advice_and_terms(visit: Visit) -> None:
    page = visit.open("search.html#q=relu+adam").page
    hits = page.locator("#hits li")
    hits.first.wait_for()
    assert all("relu" in text and "adam" in text for text in hits.all_inner_texts())
    page.fill("#query", "tier")
    assert "Term" in hits.first.inner_text()
    assert page.url.endswith("#q=tier")
    page.fill("#query", "no such words")
    assert page.inner_text("#status") == "0 found"
    page.fill("#query", "batch sgd sigmoid")
    hits.first.locator("a").click()
    page.wait_for_selector("h1 >> text=sigmoid")


def test_a_board_is_labelled_by_a_check_of_its_present_tables(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for name in ("checked", "changed", "author"):
        write_results(results, name, grid=GRID, layers=3, probes=4, missing=0)
    boards, _, _ = site._read(results)
    digests = {board.results.name: site.digest_of(board.manifest) for board in boards}
    check = {"recipes": 3, "of": 4, "seed": 1, "largest_gap": 0.0}
    write(
        results,
        {"checked": Verified(digest=digests["checked"], **check), "changed": Verified(digest="0" * 16, **check)},
    )
    site.build(results, tmp_path / "site")
    labels = {
        name: re.search(r'class="standing"><a [^>]*>(\w+)</a>', (tmp_path / "site" / name / "index.html").read_text())[
            1
        ]
        for name in digests
    }
    assert labels == {"checked": "verified", "changed": "author", "author": "author"}
    (results / "verified.json").write_text('{"checked": {"digest": 1}}')
    with pytest.raises(ResultsError, match=r"verified\.json: is not as tools\.verify writes it"):
        read(results)
