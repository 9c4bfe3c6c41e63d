"""A board in a real browser: sorted, filtered, searched, shared, compared and taken away."""

from __future__ import annotations

import csv
from pathlib import Path

from leaderboard.boards import board
from suite.results import reader
from tests.leaderboard.browser import Visit
from tests.leaderboard.conftest import Built


def test_sorting_puts_missing_cells_last_either_way(file_visit: Visit) -> None:
    file_visit.open("deep_mlp/index.html")
    file_visit.page.select_option(".dt-length select", "200")
    for direction in ("ascending", "descending"):
        file_visit.sort("seconds", direction)
        values = file_visit.column("seconds")
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


def test_filters_and_their_counts(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.check('[data-facet="f.activation"] input[value="relu"]')
    page.check('[data-facet="f.optimizer"] input[value="adam"]')
    assert file_visit.names()
    assert all("relu" in name and "adam" in name for name in file_visit.names())
    counts = page.locator('[data-facet="f.optimizer"] .count').all_inner_texts()
    assert counts == ["9", "9", "9"]  # under relu
    assert page.inner_text('[data-facet="f.initializer"] label:nth-of-type(1) .count') == "3"
    page.check('[data-facet="f.activation"] input[value="tanh"]')
    assert file_visit.status().startswith("18 of 108 recipes")
    page.uncheck('[data-facet="f.optimizer"] input[value="adam"]')
    page.check('[data-facet="result"] input[value="missing"]')
    assert page.locator("#board tbody tr").count() == page.locator("#board tbody tr .o-missing").count() > 0


def test_searching(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    page.fill("#search", "ADAM he_normal")
    file_visit.wait_for_count(12)
    assert all("adam" in name and "he_normal" in name for name in file_visit.names())
    page.fill("#search", "no such recipe")
    file_visit.wait_for_count(0)
    assert "No recipe matches" in page.inner_text("#board tbody")


def test_a_link_shows_what_its_sender_saw(visit: Visit) -> None:
    page = visit.open("deep_mlp/index.html").page
    page.check('[data-facet="f.activation"] input[value="tanh"]')
    page.check('[data-facet="cause"] input[value="vanishing"]')
    page.fill("#search", "sgd")
    visit.sort("gradient_factor_init", "ascending")
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


def test_a_name_that_is_a_script_stays_a_name(file_visit: Visit, built: Built) -> None:
    page = file_visit.open("depth/index.html").page
    page.on("dialog", lambda dialog: file_visit.trouble.append("a dialog opened"))
    page.check('[data-facet="f.activation"] input[value="<script>alert(1)</script>"]')
    assert all(name.startswith("<script>alert(1)</script>") for name in file_visit.names())
    assert len(file_visit.names()) == 4
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
    for word in ("tier", "basin", "gradient_factor_init"):
        page.click(f'#compare th [popovertarget="word-{word}"]')
        assert page.locator(f"#word-{word}").is_visible()
        page.keyboard.press("Escape")
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
    assert page.inner_text("#trouble") == "1 of the requested recipes is not on this board."
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


def test_best_failures_and_all_are_a_switch(file_visit: Visit, built: Built) -> None:
    found = board(reader.read(built.results / "deep_mlp"))
    page = file_visit.open("deep_mlp/index.html").page
    expected = {"best": found.rows, "failures": found.recorded, "all": found.rows}
    for view, trains in (("best", True), ("failures", False), ("all", None)):
        page.click(f'#view button[value="{view}"]')
        rows = [row for row in expected[view] if trains is None or row.trains == trains]
        file_visit.wait_for_count(len(rows))
        assert page.locator("#board tbody tr").evaluate_all("rows => rows.map(row => row.dataset.c)") == [
            row.cell for row in rows[:50]
        ]
        assert page.locator('#view [aria-pressed="true"]').get_attribute("value") == view
    cause = page.locator(".keyed a[href*='cause=']").first
    page.evaluate("document.querySelector('.keyed').scrollIntoView()")
    shown = [row for row in found.recorded if not row.trains and cause.inner_text() in row.causes]
    cause.click()
    file_visit.wait_for_count(len(shown))
    page.click("#reset")
    page.click('#view button[value="failures"]')
    page.wait_for_url("**view=failures*")
    sent = file_visit.names()
    file_visit.open(page.url.removeprefix(file_visit.root))
    assert file_visit.names() == sent


def test_the_bars_of_the_scores_span_what_is_in_view(file_visit: Visit) -> None:
    page = file_visit.open("deep_mlp/index.html").page
    ends = """() => {
      const of = (node, name) => Number(node.style.getPropertyValue(name));
      const table = document.getElementById("board");
      const cells = [...table.querySelectorAll("tbody .score")];
      return [of(table, "--lo"), Math.min(...cells.map((td) => of(td, "--a"))),
              of(table, "--hi"), Math.max(...cells.map((td) => of(td, "--b")))];
    }"""
    seen = []
    for view in ("best", "failures"):
        page.click(f'#view button[value="{view}"]')
        low, least, high, most = page.evaluate(ends)
        assert (low, high) == (least, most)
        seen.append((low, high))
    assert seen[0] != seen[1]


def test_comparing_begins_with_the_best_and_the_worst_and_adds_what_is_picked(visit: Visit, built: Built) -> None:
    found = board(reader.read(built.results / "deep_mlp"))
    page = visit.open("deep_mlp/compare.html").page
    page.wait_for_selector('#compare[data-ready="2"]')
    links = "links => links.map(link => link.getAttribute('href'))"
    ends = [f"cell/{row.cell}.html" for row in (found.recorded[0], found.recorded[-1])]
    assert page.locator("#compare thead a").evaluate_all(links) == ends
    other = found.recorded[5].cell
    page.select_option("#pick", other)
    page.wait_for_selector('#compare[data-ready="3"]')
    assert page.locator("#compare thead a").evaluate_all(links) == [*ends, f"cell/{other}.html"]
    assert page.url.count("cell=") == 3
    assert page.locator(f'#pick option[value="{other}"]').is_disabled()


def test_a_phone_shows_rows_as_cards_that_can_be_sorted(browser: object, built: Built) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto((built.site / "deep_mlp" / "index.html").as_uri())
    page.wait_for_selector("#board.ready")
    row = page.locator("#board tbody tr").first
    for part in ("th a", ".score", ".outcomes", ".h"):
        box = row.locator(part).bounding_box()
        assert box, part
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390, part
    page.select_option("#sort", "seconds")
    page.wait_for_url("**sort=seconds*")
    context.close()


def test_pictures_of_a_recipe_can_be_saved(file_visit: Visit, built: Built, tmp_path: Path) -> None:
    best = board(reader.read(built.results / "deep_mlp")).rows[0]
    page = file_visit.open(f"deep_mlp/cell/{best.cell}.html").page
    for ending, begins in (("svg", b"<svg "), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.click(f'figure[data-figure="gradients"] button:text-is("{ending.upper()}")')
        assert download.value.suggested_filename == f"deep_mlp-{best.cell}-gradients.{ending}"
        download.value.save_as(tmp_path / ending)
        data = (tmp_path / ending).read_bytes()
        assert data.startswith(begins)
        assert ending == "png" or b"var(--" not in data
    page.click('a[rel="next"]')
    assert board(reader.read(built.results / "deep_mlp")).rows[1].cell in page.url
