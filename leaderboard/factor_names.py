"""Factors and levels in words, and which factors are a choice."""

from __future__ import annotations

import re

_CHOICES = {
    "activation", "recurrent_activation", "other_activation", "other_layers", "initializer", "recurrent_initializer", "bias",
    "bias_scale", "forget_bias", "normalization", "norm_position", "residual", "cell_type", "dropout", "optimizer",
    "learning_rate", "schedule", "clipping", "loss", "l1", "l2", "weight_decay", "label_smoothing", "scaling",
}  # fmt: skip
"""Factors that are a choice; all others, such as depth, length or batch size, are conditions to train under."""

_NUMBER = re.compile(r"-?[0-9.]+(e[+-]?[0-9]+)?")


def phrase(factor: str, label: str) -> str:
    """A level in words that need no factor name: `relu`, but `length 50`, `no clipping`, `residual true`."""
    name = _factor_name(factor)
    if label == "none":
        return f"no {name}"
    return f"{name} {label}" if label in ("true", "false", "auto", "default") or _NUMBER.fullmatch(label) else label


def factor_title(factor: str) -> str:
    """A factor's name as a heading."""
    return _factor_name(factor).capitalize()


def is_condition(factor: str) -> bool:
    """Whether a factor makes the problem easier or harder, such as depth, length or batch size."""
    return factor.removesuffix("_level") not in _CHOICES


def _factor_name(column: str) -> str:
    return column.removesuffix("_level").replace("_", " ")
