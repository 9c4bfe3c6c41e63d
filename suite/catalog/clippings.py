"""Gradient clipping: names to the arguments by which Keras optimizers do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog.base import Entry, Parameter, catalog_of

_NORM = Parameter("norm", "the threshold", "number", 1.0, low=0, low_open=True)

CLIPPINGS = catalog_of(
    [
        Entry("none", "gradients as they are"),
        Entry("global_norm", "all gradients scaled together to at most a norm (Pascanu et al. 2013)",
              parameters=(_NORM,), aliases=("global_clipnorm",)),
        Entry("norm", "each weight array's gradient scaled to at most a norm", parameters=(_NORM,),
              aliases=("clipnorm",)),
        Entry("value", "each gradient cut to [-value, value]",
              parameters=(Parameter("value", "the threshold", "number", 1.0, low=0, low_open=True),), aliases=("clipvalue",)),
    ]
)  # fmt: skip

_KERAS_ARGUMENT = {
    "global_norm": ("global_clipnorm", "norm"),
    "norm": ("clipnorm", "norm"),
    "value": ("clipvalue", "value"),
}


def clipping_arguments(level: Mapping[str, Any]) -> dict[str, float]:
    """The arguments for a Keras optimizer."""
    if level["name"] == "none":
        return {}
    keyword, argument = _KERAS_ARGUMENT[level["name"]]
    return {keyword: level[argument]}
