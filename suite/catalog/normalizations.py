"""Normalizations: names to Keras layers that act on activations, or to wrappers that act on weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog.base import Entry, Parameter, catalog_of, find, is_own_component, load_target

_EPSILON = Parameter("epsilon", "added to the variance", "number", 1e-3, low=0, low_open=True)

NORMALIZATIONS = catalog_of(
    [
        Entry("none", "activations as they are"),
        Entry(
            "batch",
            "over the batch, per unit or channel (Ioffe and Szegedy 2015)",
            "keras.layers:BatchNormalization",
            (
                # Keras's 0.99 takes hundreds of steps to forget the first statistics: longer than small budgets last.
                Parameter("momentum", "of the running statistics", "number", 0.9, low=0, high=1, high_open=True),
                _EPSILON,
            ),
            aliases=("batch_norm",),
        ),
        Entry("layer", "over the units of each example (Ba et al. 2016); of an image, over all positions and channels", "keras.layers:LayerNormalization", (_EPSILON,),
              aliases=("layer_norm",)),
        Entry("rms", "by the root mean square over the units, not centred (Zhang and Sennrich 2019)",
              "keras.layers:RMSNormalization", (Parameter("epsilon", "added to the square", "number", 1e-6, low=0),),
              aliases=("rms_norm",)),
        Entry("group", "over groups of channels of each example (Wu and He 2018)", "keras.layers:GroupNormalization",
              (Parameter("groups", "how many; must divide the channels", "integer", 8, low=1), _EPSILON),
              aliases=("group_norm",)),
        Entry("instance", "over each channel's positions, per example (Ulyanov et al. 2016); images only",
              "suite.catalog.normalizations:instance_normalization", (_EPSILON,), aliases=("instance_norm",)),
        Entry("spectral", "weights over their largest singular value (Miyato et al. 2018)",
              "keras.layers:SpectralNormalization",
              (Parameter("power_iterations", "per step", "integer", 1, low=1),), aliases=("spectral_norm",)),
        Entry("weight_standardization", "weights centred and scaled per output unit (Qiao et al. 2019) to variance gain^2 / fan_in (Brock et al. 2021)",
              "suite.models.layers:WeightStandardization",
              (Parameter("gain", "factor on the standardized weights", "number", 1.0, low=0, low_open=True),
               Parameter("epsilon", "least variance that is divided by", "number", 1e-10, low=0, low_open=True))),
    ]
)  # fmt: skip

OF_WEIGHTS = ("spectral", "weight_standardization")
"""The normalizations that wrap a layer and act on its weights."""


def instance_normalization(**arguments: Any) -> Any:
    """Group normalization with one channel a group, as Keras has it."""
    import keras

    return keras.layers.GroupNormalization(groups=-1, **arguments)


def layer_normalization_of_images(**arguments: Any) -> Any:
    """Layer normalization as it is used in CNNs: over all positions and channels of an example (Wu and He 2018)."""
    import keras

    return keras.layers.GroupNormalization(groups=1, **arguments)


def build_normalization(level: Mapping[str, Any], name: str, *, axes: int = 2) -> Any | None:
    """The layer that normalizes activations, or None where there is none or where it acts on the weights.

    Args:
        level: Canonical level.
        name: Of the layer.
        axes: Of what it will normalize, batch included: 4 for images.
    """
    if level["name"] == "none" or level["name"] in OF_WEIGHTS:
        return None
    factory = layer_normalization_of_images if level["name"] == "layer" and axes == 4 else _load(level)
    return factory(**_arguments(level), name=name)


def wrap_layer(level: Mapping[str, Any], layer: Any) -> Any:
    """The layer inside the wrapper that normalizes its weights, or as it is where none does."""
    if level["name"] not in OF_WEIGHTS:
        return layer
    return _load(level)(layer, **_arguments(level), name=f"{layer.name}_{level['name']}")


def drawn_by_wrapper(level: Mapping[str, Any], wrapper: Any) -> list[tuple[Any, Mapping[str, Any]]]:
    """The wrapper's own weights that start at random, with the level of the initializer that Keras draws them from."""
    if level["name"] != "spectral":
        return []
    return [(wrapper.vector_u, {"name": "truncated_normal", "stddev": 0.02})]


def _arguments(level: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in level.items() if key != "name"}


def _load(level: Mapping[str, Any]) -> Any:
    if is_own_component(level["name"]):
        return load_target(level["name"])
    entry = find(NORMALIZATIONS, level["name"])
    assert entry is not None, level
    return entry.load()
