"""The atlas: every recipe at its place, its word without colour, its number readable on its colours."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import leaderboard
from leaderboard.boards import Board, board
from suite.pictures.atlas import WORDS, Layout, Tile, atlas, atlas_sheet, legend, preview
from suite.pictures.drawing import Image, Link
from suite.pictures.scale import median_over_replicates
from suite.results import reader

RESULTS = Path(leaderboard.__file__).parent / "results"


def tile(gradients: list[list[float]], looks: int = 2, score: str = "0.50") -> Tile:
    return Tile(("relu",), np.array(gradients), looks, score, 3, 5, "a.html")


@pytest.fixture(scope="module")
def published() -> Board:
    return board(reader.read(RESULTS / "deep_mlp"))


def tiles_of(found: Board) -> list[Tile]:
    return [
        Tile(row.labels, row.gradients, row.looks, found.scale.short(row["test_score"]), row["trained"], row["replicates"], row.cell)
        for row in found.recorded
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gradients", "word"),
    [
        ([[1e-8, 1e-3], [1e-7, 1e-3]], "vanishes"),
        ([[0.0, 0.0], [0.0, 0.0]], "vanishes"),
        ([[1e-3, 1e-3], [2e-3, 1e-3]], "healthy"),
        ([[1e2, 1e-3], [1e2, 1e-3]], "explodes"),
        ([[1e-3, 1e-3], [np.inf, 1e-3]], "explodes"),
    ],
)
def test_the_word_of_a_gradient(gradients: list[list[float]], word: str) -> None:
    assert tile(gradients).word == word
    assert word in tile(gradients).label


def test_a_run_that_ended_early_is_not_finite_from_there_on() -> None:
    pixels = tile([[1e-3, 1e-4]], looks=4).pixels
    assert np.isinf(pixels[:, 5:]).all()
    assert np.isfinite(pixels[:, :5]).all()
    assert (pixels[0, 0], pixels[-1, 0]) == (1e-4, 1e-3), "the last layer is on top"


def test_two_to_four_factors_have_a_layout() -> None:
    grid = {"a": "12", "b": "1", "c": "123"}
    assert Layout.of(grid) == Layout(None, "a", None, "c")
    assert Layout.of({**grid, "d": "12", "e": "12"}) == Layout("a", "c", "d", "e")
    assert Layout.of({"a": "12"}) is None
    assert Layout.of(dict.fromkeys("abcde", "12")) is None


def test_every_published_recipe_has_its_place_and_its_link(published: Board) -> None:
    """Of a grid of four factors: each pixel of a panel is that of the recipe whose link lies over it."""
    tiles = tiles_of(published)
    panels = atlas(published.factors, tiles)
    assert list(panels) == ["no normalization", "batch normalization", "layer normalization"]
    links = [shape for panel in panels.values() for shape in panel.shapes if isinstance(shape, Link)]
    assert {link.href for link in links} == {row.cell for row in published.recorded}
    by_cell = {each.href: each for each in tiles}
    for panel in panels.values():
        (image,) = (shape for shape in panel.shapes if isinstance(shape, Image))
        for link in (shape for shape in panel.shapes if isinstance(shape, Link)):
            x, y = round((link.x - image.x) / 5), round((link.y - image.y) / 1.5)
            shown = image.gradients[y : y + 20, x : x + 20]
            np.testing.assert_array_equal(shown, by_cell[link.href].pixels)
            assert link.text.text.endswith(by_cell[link.href].score)
            assert WORDS[by_cell[link.href].word] in link.text.text
    boxes = [(link.x, link.y) for link in links[:60]]
    assert len(set(boxes)) == 60


def test_the_story_of_the_board_is_in_its_words(published: Board) -> None:
    words = {each.levels: each.word for each in tiles_of(published)}
    assert {words["sigmoid", i, "none", o] for i, o in itertools.product(("small", "glorot_uniform"), ("sgd", "adam"))} == {
        "vanishes"
    }  # fmt: skip
    assert words["relu", "large", "none", "sgd"] == "explodes"
    batch = {levels: word for levels, word in words.items() if levels[2] == "batch"}
    assert len(batch) == 60
    assert [levels for levels, word in batch.items() if word != "healthy"] == [("sigmoid", "small", "batch", "sgd")]


def test_a_page_reads_the_atlas_out_and_a_file_is_one_image(published: Board) -> None:
    panel = atlas(published.factors, tiles_of(published))["no normalization"]
    assert panel.__html__().count("<a href=") == 60
    assert 'role="group"' in panel.__html__()
    assert "runs train, gradient vanishes</title>" in panel.__html__()
    sheet = atlas_sheet("A board", "180 recipes", {"": panel})
    assert 'role="img"' in sheet.svg()
    assert all(word in "".join(shape.text for shape in legend().shapes if hasattr(shape, "text")) for word in WORDS)


def test_a_preview_has_every_tile(published: Board) -> None:
    canvas = preview(published.factors, tiles_of(published), 600, 315)
    assert canvas.shape == (315, 600)
    assert np.isnan(canvas[:, 0]).all()
    columns, rows = (~np.isnan(canvas).all(axis=axis) for axis in (0, 1))
    assert [(np.diff(there.astype(int)) == 1).sum() for there in (columns, rows)] == [9, 20]


def test_a_preview_of_a_board_that_is_too_long_shows_its_beginning() -> None:
    grid = {"a": [str(level) for level in range(300)], "b": ["x", "y"]}
    many = [Tile((a, "x"), np.full((2, 2), 1e-3), 2, "0.50", 1, 1) for a in grid["a"]]
    canvas = preview(grid, many, 60, 31)
    assert np.isfinite(canvas).any(axis=1).sum() == 10


def test_the_median_of_no_replicate_is_empty() -> None:
    empty = Tile(("relu",), median_over_replicates(np.zeros((0, 0, 3))), 4, "–", 0, 0)
    assert empty.word == "healthy"
    assert np.isnan(empty.pixels).all()
