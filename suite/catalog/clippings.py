"""Gradient clipping by arguments of Keras optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suite.catalog.entries import Catalog, Entry, Parameter

_NORM = Parameter("norm", "threshold", "number", 1.0, low=0, low_open=True)

CLIPPINGS = Catalog(
    [
        Entry("none", "no clipping"),
        Entry("global_norm", "all gradients scaled together to at most a norm (Pascanu et al. 2013)",
              parameters=(_NORM,), aliases=("global_clipnorm",)),
        Entry("norm", "each weight array's gradient scaled to at most a norm", parameters=(_NORM,),
              aliases=("clipnorm",)),
        Entry("value", "each gradient cut to [-value, value]",
              parameters=(Parameter("value", "threshold", "number", 1.0, low=0, low_open=True),), aliases=("clipvalue",)),
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


def clips(level: Mapping[str, Any], gradients: Sequence[Any], norm: Any) -> Any:
    """Whether clipping changes these gradients, a scalar tensor.

    Args:
        level: Canonical level.
        gradients: Gradient of every weight array.
        norm: Norm of all gradients together.
    """
    import tensorflow as tf

    if level["name"] == "global_norm":
        return norm > level["norm"]
    if level["name"] == "norm":
        return tf.reduce_any([tf.norm(g) > level["norm"] for g in gradients])
    if level["name"] == "value":
        return tf.reduce_any([tf.reduce_max(tf.abs(g)) > level["value"] for g in gradients])
    return tf.constant(False)
