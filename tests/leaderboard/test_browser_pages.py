"""Every page in a real browser: from files and served, light and dark, wide and narrow, by mouse and by keyboard."""

from __future__ import annotations

import pytest

from tests.leaderboard.browser import Visit
from tests.leaderboard.conftest import CLAIMS, Built

PAGES = (
    "index.html",
    "embed.html",
    "choices.html",
    "levels.html",
    "own.html",
    "changes.html",
    "search.html",
    "method.html",
    "advice.html",
    "fix.html",
    "advice/batch.html",
    "advice/predicts.html",
    "deep_mlp/index.html",
    "deep_mlp/factors.html",
    "depth/factors.html",
)


def test_every_kind_of_page_opens_without_a_word(visit: Visit, built: Built) -> None:
    cells = [next((built.site / name / "cell").glob("*.html")).name for name in ("deep_mlp", "rnn_adding")]
    for path in (*PAGES, f"deep_mlp/cell/{cells[0]}", f"rnn_adding/cell/{cells[1]}", "deep_mlp/compare.html"):
        visit.open(path)
        assert visit.page.locator("h1").count() == 1


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
    page.click("[aria-labelledby=contexts] tbody th a >> nth=0")
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
    context = browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    cell = next((built.site / "deep_mlp" / "cell").glob("*.html")).stem
    other = next((built.site / "deep_mlp" / "cell").glob("f*.html")).stem
    for path in (*PAGES, f"deep_mlp/cell/{cell}.html", f"deep_mlp/compare.html#cell={cell}&cell={other}"):
        page.goto(f"{built.site.as_uri()}/{path}")
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
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
    for word in ("tier", "erratic", "outcomes", "gradient_factor_init", "basin"):
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
    assert "missed the target" in page.inner_text("#word-slow")
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
    assert not page.locator("#picker").is_visible()
    context.close()


def test_on_paper(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("#tools").is_visible()
    assert page.locator("#board").is_visible()


@pytest.mark.parametrize(("theme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})])
def test_axe_finds_nothing_serious(browser: object, built: Built, theme: str, rules: dict[str, object]) -> None:
    """Every rule in the light; in the dark those of colour, since all else of a page is the same there."""
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
        *(page for page in PAGES if "/" not in page),
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
        for violation in Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                found.append(f"{path}: {violation['id']} ({len(violation['nodes'])}): {nodes}")
    context.close()
    assert found == []
