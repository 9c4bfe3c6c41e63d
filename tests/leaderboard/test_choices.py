"""What to use: every line is a count of recipes, made again here from the exported tables."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from leaderboard import site
from leaderboard.choices import FEWEST
from suite.results.reader import read
from tests.leaderboard.synthetic import write_results

GRID = {
    "activation": ["relu", "tanh"],
    "initializer": ["he_normal", "glorot_uniform", "small", "large", "zeros"],
    "normalization": ["none", "batch"],
    "optimizer": ["sgd", "adam"],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("choices")
    write_results(folder / "results", "tiny", grid=GRID, missing=0)
    site.build(folder / "results", folder / "site")
    return folder


def test_lines_count_the_recipes_that_train(results: Path) -> None:
    lines = json.loads((results / "site" / "choices.json").read_text())
    cells = read(results / "results" / "tiny").cells
    assert {line["factor"] for line in lines} == {"activation", "optimizer"}, "initializers have fewer recipes a level"
    for line in lines:
        own = cells[
            (cells["normalization"] == line["given"]["normalization"]) & (cells[line["factor"]] == line["level"])
        ]
        assert line["recipes"] == len(own) >= FEWEST
        assert line["trained"] == int((own["success_rate"] >= 0.5).sum())
        assert set(line["cells"]) == set(own["cell"])
    assert len(lines) == 2 * (2 + 2)


def test_a_line_leads_to_its_recipes(results: Path) -> None:
    page = (results / "site" / "choices.html").read_text()
    board = (results / "site" / "tiny" / "index.html").read_text()
    assert "no normalization" in page.lower()
    assert "batch normalization" in page.lower()
    href = page.partition('href="tiny/index.html#')[2].partition('"')[0].replace("&amp;", "&")
    asked = parse_qs(href)
    assert len(asked) == 2
    for key in asked:
        assert f'data-facet="{key}"' in board


def test_without_enough_recipes_the_page_says_so(tmp_path: Path) -> None:
    write_results(tmp_path / "results", "tiny", grid={"activation": ["relu", "tanh"]}, missing=0)
    site.build(tmp_path / "results", tmp_path / "site")
    assert "No benchmark has enough recipes yet." in (tmp_path / "site" / "choices.html").read_text()
    assert json.loads((tmp_path / "site" / "choices.json").read_text()) == []
