"""Recurrent cells: names to ours, which are Keras's with a place to look into."""

from __future__ import annotations

from dataclasses import dataclass

from suite.catalog.entries import Catalog, Entry


@dataclass(frozen=True)
class CellEntry(Entry):
    """A recurrent cell.

    Attributes:
        gates: Their names, in the order in which the kernels hold what `suite.models.recurrent_cells` makes of them.
        xla_units: Units up to which it trains faster under XLA. On one core, batch 32, 50 time steps, it is 2.3 to 2.8
            times faster at 64 units, 1.7 to 1.9 times at 100; at 128 a simple RNN and a GRU still gain 1.7 times, an
            LSTM nothing; at 192 none does.
    """

    gates: tuple[str, ...] = ()
    xla_units: int = 128


CELLS: Catalog[CellEntry] = Catalog(
    [
        CellEntry("simple_rnn", "h = phi(W x + U h + b)", "suite.models.recurrent_cells:SimpleRNNCell", aliases=("rnn",)),
        CellEntry("lstm", "gates around a cell state (Hochreiter and Schmidhuber 1997)",
                  "suite.models.recurrent_cells:LSTMCell", gates=("input", "forget", "output"), xla_units=100),
        CellEntry("gru", "update and reset gates (Cho et al. 2014)", "suite.models.recurrent_cells:GRUCell",
                  gates=("update", "reset")),
    ]
)  # fmt: skip
