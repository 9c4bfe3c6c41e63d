"""What the monitor says of remedies is what is counted in the published tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from suite.monitor.advice import LESS
from suite.monitor.evidence import Kind, measured
from tools.remedies import Recipe, counted, kind_of, tried

FACTORS = ("depth", "normalization", "learning_rate")


def recipe(*labels: Any, trains: bool = False, **levels: Any) -> Recipe:
    given = dict(zip(FACTORS, labels, strict=True))
    given["normalization"] = {"name": given["normalization"]}
    return Recipe({**given, **levels}, tuple(map(str, labels)), frozenset({"vanishing"}), frozenset(), trains)


def table(*recipes: Recipe) -> Mapping[tuple[str, ...], Recipe]:
    return {each.labels: each for each in recipes}


def test_the_table_is_that_of_the_published_results() -> None:
    """`python -m tools.remedies` writes it."""
    assert list(measured()) == counted()


def test_a_pair_differs_in_one_factor() -> None:
    deep = recipe(40, "none", None)
    others = table(deep, recipe(40, "batch", None, trains=True), recipe(5, "layer", None, trains=True))
    assert tried(deep, others, FACTORS) == {("normalization", "batch"): True}


def test_of_several_smaller_numbers_one_that_helps_is_enough_and_larger_ones_do_not_count() -> None:
    deep = recipe(20, "none", None)
    shallow = [recipe(10, "none", None), recipe(5, "none", None, trains=True)]
    assert tried(deep, table(deep, *shallow), FACTORS) == {("depth", LESS): True}
    assert tried(deep, table(deep, shallow[0], recipe(40, "none", None, trains=True)), FACTORS) == {
        ("depth", LESS): False
    }


def test_a_recipe_of_a_fixed_rate_speaks_of_smaller_rates_alone() -> None:
    fast = recipe(20, "none", 1.0)
    others = table(fast, recipe(20, "none", 0.1, trains=True), recipe(20, "batch", 1.0, trains=True))
    assert tried(fast, others, FACTORS) == {("learning_rate", LESS): True}


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
