"""Recurrent cells: names to Keras's RNN cells."""

from __future__ import annotations

from suite.catalog.base import Entry, catalog_of

CELLS = catalog_of(
    [
        Entry("simple_rnn", "h = phi(W x + U h + b)", "keras.layers:SimpleRNNCell", aliases=("rnn",)),
        Entry("lstm", "gates around a cell state (Hochreiter and Schmidhuber 1997)", "keras.layers:LSTMCell"),
        Entry("gru", "update and reset gates (Cho et al. 2014)", "keras.layers:GRUCell"),
    ]
)
