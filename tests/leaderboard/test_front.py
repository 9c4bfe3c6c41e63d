"""The front page: its atlas, findings as the tables have them, groups, and what it weighs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import leaderboard
from leaderboard import site
from leaderboard.advice import Advice
from leaderboard.boards import Board
from leaderboard.factor_names import is_condition
from leaderboard.findings import BoardFindings
from leaderboard.front import START, Front
from leaderboard.shared_levels import FEWEST_BENCHMARKS, FEWEST_PAIRS, shared_differences
from tests.leaderboard.browser import Visit
from tests.leaderboard.conftest import Built

PUBLISHED = Path(leaderboard.__file__).parent / "results"


@pytest.fixture(scope="module")
def front(boards: dict[str, Board]) -> Front:
    return Front([BoardFindings(board) for board in boards.values()], Advice([]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the published results."""
    out = tmp_path_factory.mktemp("published") / "site"
    site.build(PUBLISHED, out)
    return out


def test_the_atlas_is_of_the_first_board_to_begin_with(front: Front) -> None:
    assert front.featured is not None
    assert front.featured.board.results.name == START[0]
    links = re.findall(r'<a href="([^"]*)"', "".join(panel.__html__() for panel in front.panels.values()))
    assert sorted(links) == sorted(f"deep_mlp/cell/{row.cell}.html" for row in front.featured.board.recorded)


def test_headlines_are_the_numbers_of_the_pages_they_lead_to(front: Front, built: Built) -> None:
    assert front.featured is not None
    effect, scale = front.featured.biggest, front.featured.board.scale
    assert effect is not None
    first = front.headlines[0]
    assert scale.difference(effect.mean) in first.numbers
    assert f"largest of {front.featured.compared} differences" in first.numbers
    for headline in front.headlines:
        path, _, anchor = headline.href.partition("#")
        page = (built.site / path).read_text()
        assert f'id="{anchor}"' in page
        for number in re.findall(r"[+−]\d\.\d{3}", headline.numbers):
            assert number in page, headline


def test_a_finding_that_the_tables_lack_is_not_told(boards: dict[str, Board]) -> None:
    """A board of which nothing trains at any depth has no depth to tell of, and one factor has no interaction."""
    told = Front([BoardFindings(boards["depth"])], Advice([])).headlines
    assert all("depends on" in one.claim or "beats" in one.claim or "depth" in one.claim for one in told)
    assert Front([], Advice([])).headlines == []
    assert Front([], Advice([])).panels == {}


def test_every_benchmark_is_in_one_group(boards: dict[str, Board]) -> None:
    findings = [BoardFindings(board) for board in boards.values()]
    groups = Front(findings, Advice([])).groups
    names = [each.board.results.name for found in groups.values() for each in found]
    assert sorted(names) == sorted(boards)
    assert [each.board.results.name for each in groups["Start here"]] == [name for name in START if name in boards]


def test_levels_are_compared_within_benchmarks_and_conditions_never(boards: dict[str, Board]) -> None:
    findings = [BoardFindings(board) for board in boards.values()]
    assert shared_differences(findings) == [], "three benchmarks, but no level in all of them"
    alike = [findings[0]] * FEWEST_BENCHMARKS
    shared = shared_differences(alike)
    assert shared
    for one in shared:
        assert not is_condition(one.factor)
        assert sum(one.count(sign) for sign in (-1, 0, 1)) == len(one.within) == FEWEST_BENCHMARKS
        for board, effect in one.within:
            assert effect.pairs >= FEWEST_PAIRS
            own = next(e for e in findings[0].pairs if {e.level, e.other} == {effect.level, effect.other})
            assert {abs(effect.low), abs(effect.high)} == {abs(own.low), abs(own.high)}
            assert effect.mean >= 0 or not board.scale.higher_is_better


def test_the_published_front_page_is_light_and_short(browser: object, whole: Path) -> None:
    static = whole / "static"
    loaded = [whole / "index.html", *static.glob("*.css"), static / "theme.js", static / "icon.svg"]
    assert sum(path.stat().st_size for path in [*loaded, *static.glob("vendor/*.woff2")]) < 300_000
    for width in (390, 1280):
        context = browser.new_context(viewport={"width": width, "height": 844})
        page = context.new_page()
        page.goto((whole / "index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollHeight") < 6_000
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tiles = page.locator(".panels a rect")
        assert tiles.count() == 180
        assert tiles.first.bounding_box()["height"] >= 24, "as large as a fingertip needs"
        context.close()


def test_a_tile_leads_to_its_recipe_by_mouse_and_keyboard(file_visit: Visit) -> None:
    page = file_visit.open("embed.html").page
    page.goto(f"{file_visit.root}embed.html")
    tile = page.locator(".panels a").first
    label = tile.locator("title").text_content()
    tile.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/deep_mlp/cell/*.html")
    assert all(part in page.inner_text("h1") for part in label.split(":")[0].split(" · ")[:2])
