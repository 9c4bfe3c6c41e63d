"""Residual connections: whether the input of a block of layers is added to its output."""

from __future__ import annotations

from suite.catalog.entries import Catalog, Entry, Parameter

RESIDUALS = Catalog(
    [
        Entry("none", "plain layers, one after another"),
        Entry("skip", "x + alpha * block(x) around every few layers (He et al. 2016)",
              parameters=(Parameter("every", "layers in a block", "integer", 2, low=1),
                          Parameter("alpha", "factor on the block's output", "number", 1.0, low=0)),
              aliases=("residual",)),
    ]
)  # fmt: skip
