"""What the monitor says of remedies is what is counted in the published tables."""

from __future__ import annotations

from typing import Any

import pytest

from leaderboard.boards import Row, board
from leaderboard.cells import CellPages
from suite.monitor.advice import LESS
from suite.monitor.evidence import Kind, measured
from suite.results import reader
from tools.remedies import RESULTS, counted, kind_of, tried


def published(name: str, labels: tuple[str, ...]) -> tuple[CellPages, Row]:
    """The pages of a benchmark and its recipe with these labels."""
    found = board(reader.read(RESULTS / name))
    return CellPages(found), next(row for row in found.recorded if row.labels == labels)


def test_the_table_is_that_of_the_published_results() -> None:
    """`python -m tools.remedies` writes it."""
    assert list(measured()) == counted()


def test_of_several_smaller_numbers_one_that_helps_is_enough_and_larger_ones_do_not_count() -> None:
    pages, row = published("depth", ("20", "sigmoid", "glorot_uniform"))
    assert not row.trains
    smaller = [
        n.row.trains for n in pages.neighbours(row) if n.swaps[0].factor == "depth" and int(n.swaps[0].becomes) < 20
    ]
    assert tried(pages, row)["depth", LESS] == any(smaller)


def test_a_recipe_of_a_fixed_rate_speaks_of_smaller_rates_alone() -> None:
    pages, row = published("learning_rates", ("10", "tanh", "sgd", "glorot_uniform"))
    assert not row.trains
    assert tried(pages, row) == {("learning_rate", LESS): True}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, Kind("mlp", "tanh", scaled=True)),
        ({"initializer": {"name": "random_normal", "stddev": 1.0}}, Kind("mlp", "tanh")),
        ({"cell_type": {"name": "lstm"}}, Kind("mlp", "lstm", scaled=True)),
        ({"residual": {"name": "skip", "every": 1}}, Kind("mlp", "tanh", scaled=True, skips=True)),
    ],
)
def test_of_a_recipe_is_kept_what_can_be_seen_in_a_model(changed: dict[str, Any], kind: Kind) -> None:
    levels = {"activation": "tanh", "initializer": "he_normal", "residual": "none", "normalization": "none"}
    assert kind_of("mlp", {**{name: {"name": level} for name, level in levels.items()}, **changed}) == kind
