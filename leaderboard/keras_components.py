"""Components of recipes as Keras code: `"he_normal"`, `layers.BatchNormalization(momentum=0.9)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog import KINDS

_OWN = {
    ("initializers", "random_uniform"): ("keras.initializers.RandomUniform", "-{limit}", "{limit}"),
    ("initializers", "constant"): ("keras.initializers.Constant", "{value}"),
    ("initializers", "uniform_fan_in"): ("keras.initializers.VarianceScaling", "1 / 3", '"fan_in"', '"uniform"'),
    ("initializers", "identity"): ("keras.initializers.Identity", "{gain}"),
    ("normalizations", "instance"): ("layers.GroupNormalization", "groups=-1", "epsilon={epsilon}"),
    ("optimizers", "sgd"): ("keras.optimizers.SGD",),
    ("optimizers", "momentum"): ("keras.optimizers.SGD", "momentum={momentum}"),
    ("optimizers", "nesterov"): ("keras.optimizers.SGD", "momentum={momentum}", "nesterov=True"),
    ("optimizers", "amsgrad"): ("keras.optimizers.Adam", "amsgrad=True"),
}
"""Name and arguments of components that the catalog does not take from Keras as they are."""

_SPELLED_OUT = {("batch", "momentum"), ("group", "groups"), ("variance_scaling", "distribution")}
"""Arguments whose default differs from that of Keras."""

CATALOGS = {
    "activation": "activations", "recurrent_activation": "activations", "other_activation": "activations",
    "initializer": "initializers", "recurrent_initializer": "initializers", "normalization": "normalizations",
    "residual": "residuals", "optimizer": "optimizers", "clipping": "clippings", "loss": "losses",
    "cell_type": "cells", "schedule": "schedules",
}  # fmt: skip
"""Kind of the components that are the levels of a factor."""


class Unwritable(Exception):
    """A recipe uses something that Keras does not have."""


def canonical(catalog: str, level: Any) -> dict[str, Any]:
    """A level of a spec with the canonical name of its component and all its arguments; its label is left out."""
    given = dict(level) if isinstance(level, Mapping) else {"name": "none" if level is None else level}
    entry = KINDS[catalog].find(str(given["name"]))
    if entry is None:
        raise Unwritable(str(given["name"]))
    arguments = {key: number(value) for key, value in given.items() if key not in ("name", "label")}
    return {"name": entry.name, **entry.defaults(), **arguments}


def number(value: Any) -> Any:
    """YAML reads `1e-3` as a text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def component(catalog: str, level: Mapping[str, Any], extra: tuple[str, ...] = ()) -> str:
    """Code of a component: the name that Keras knows, or a call with the arguments that differ from Keras's defaults.

    Args:
        catalog: Kind of the component.
        level: Canonical level.
        extra: Arguments to put first.
    """
    name = level["name"]
    entry = KINDS[catalog].find(name)
    if own := _OWN.get((catalog, name)):
        call, *given = own
        return f"{call}({', '.join([*extra, *(one.format(**level) for one in given)])})"
    if name == "centred_sigmoid":
        return "lambda z: keras.ops.sigmoid(z) - 0.5"
    if entry is None or not entry.target.startswith("keras."):
        raise Unwritable(name)
    defaults = entry.defaults()
    arguments = [
        f"{key}={value!r}"
        for key, value in level.items()
        if key != "name" and (value != defaults.get(key) or (name, key) in _SPELLED_OUT)
    ]
    module, _, attribute = entry.target.partition(":")
    if catalog == "activations":
        return f"lambda z: {module}.{attribute}(z, {', '.join(arguments)})" if arguments else f'"{attribute}"'
    if catalog == "initializers" and not arguments:
        return f'"{name}"'
    return f"{module.replace('keras.layers', 'layers')}.{attribute}({', '.join([*extra, *arguments])})"
