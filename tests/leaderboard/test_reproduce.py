"""The fragment that runs one cell alone means what its authors wrote."""

from __future__ import annotations

import yaml

from leaderboard.reproduce import cut, documents

SPEC = """\
name: other
grid: {activation: [relu]}
---
# yaml-language-server: $schema=./schema.json
name: mine
title: "A colon: and quotes"
seed: 0
task: {name: adding, length: 100}
fixed: {norm_position: off, rate: 1e-3}
grid:
  activation: [sigmoid, {name: "my_module:act", label: mine}]
  initializer:
  - {name: random_normal, stddev: 1e-2, label: small}
  - glorot
  dropout: [0, 0.5, 1e-3]
  residual: [true, false]
exclude:
  - {activation: sigmoid}
budget: {steps: 340, learning_rate: {low: 1e-4, high: 1.0}}
"""


FACTORS = {
    "activation": ("sigmoid", "mine"),
    "initializer": ("small", "glorot_uniform"),
    "dropout": ("0", "0.5", "0.001"),
    "residual": ("true", "false"),
}


def test_one_level_of_each_factor_is_left_as_it_was_written() -> None:
    text = cut(documents(SPEC)["mine"], FACTORS, ("mine", "small", "0.001", "false"))
    assert text is not None
    assert "stddev: 1e-2" in text
    assert "norm_position: off" in text
    assert "rate: 1e-3" in text
    assert "low: 1e-4" in text
    read = yaml.safe_load(text)
    assert read["grid"] == {
        "activation": [{"name": "my_module:act", "label": "mine"}],
        "initializer": [{"name": "random_normal", "stddev": "1e-2", "label": "small"}],
        "dropout": ["1e-3"],
        "residual": [False],
    }
    assert read["task"] == {"name": "adding", "length": 100}
    assert read["title"] == "A colon: and quotes"
    assert "exclude" not in read


def test_rates_of_the_grid_have_a_column_of_another_name() -> None:
    document = documents("name: rates\ngrid: {learning_rate: [1e-2, 1e-1], activation: [relu, tanh]}\n")["rates"]
    text = cut(document, {"learning_rate_level": ("0.01", "0.1"), "activation": ("relu", "tanh")}, ("0.1", "tanh"))
    assert text is not None
    assert yaml.safe_load(text)["grid"] == {"learning_rate": ["1e-1"], "activation": ["tanh"]}


def test_a_level_that_the_text_calls_by_another_name() -> None:
    text = cut(documents(SPEC)["mine"], FACTORS, ("sigmoid", "glorot_uniform", "0", "true"))
    assert text is not None
    assert yaml.safe_load(text)["grid"]["initializer"] == ["glorot"]


def test_what_the_text_does_not_hold() -> None:
    mine = documents(SPEC)["mine"]
    assert cut(mine, {"activation": ("sigmoid", "mine")}, ("mine",)) is None
    assert cut(mine, {**FACTORS, "dropout": ("0", "0.5")}, ("mine", "small", "0", "true")) is None
    assert cut(mine, FACTORS, ("gelu", "small", "0", "true")) is None
    assert cut(mine, {**FACTORS, "residual": ("1", "1")}, ("mine", "small", "0", "1")) is None
    assert cut(documents("name: bare")["bare"], {}, ()) is None
    assert "nobody" not in documents(SPEC)
    assert documents("{") == {}
