"""Recurrent networks of every cell, on real and generated sequences."""

from __future__ import annotations

import pytest

from suite.catalog import KINDS
from tests.families.plain import K, assert_alike, plain_keras, recurrent, small, train

KERAS_CELLS = {"simple_rnn": K.SimpleRNN, "lstm": K.LSTM, "gru": K.GRU}


@pytest.mark.parametrize("cell", KINDS["cells"])
def test_cells_on_rows_of_digits(cell: str) -> None:
    task = small(layout="rows")
    _, fed, ours = train("recurrent", task, recurrent(cell_type=cell, layers=2, normalization="layer"))
    layer = KERAS_CELLS[cell]
    layers = [layer(6, return_sequences=True), K.LayerNormalization(), layer(6, return_sequences=True),
              K.LayerNormalization(), K.Lambda(lambda x: x[:, -1]), K.Dense(10)]  # fmt: skip
    assert_alike(ours, plain_keras(layers, task, fed), fed)


def test_an_answer_at_every_time_step() -> None:
    task = small("copy_memory", length=3)
    _, fed, ours = train("recurrent", task, recurrent(cell_type="gru"))
    assert_alike(ours, plain_keras([K.GRU(6, return_sequences=True), K.Dense(10)], task, fed), fed)


def test_gates_and_candidates_have_activations_of_their_own() -> None:
    task = small("adding", length=5)
    _, fed, ours = train("recurrent", task, recurrent(activation="softsign", recurrent_activation="hard_sigmoid"))
    layers = [K.LSTM(6, activation="softsign", recurrent_activation="hard_sigmoid"), K.Dense(1)]
    assert_alike(ours, plain_keras(layers, task, fed), fed)


def test_every_recurrent_cell_is_tested_here() -> None:
    assert set(KERAS_CELLS) == set(KINDS["cells"])
