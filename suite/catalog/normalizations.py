"""Normalizations: names to Keras layers that act on activations, or to wrappers that act on weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suite.catalog.entries import Catalog, Entry, Parameter, component_of


@dataclass(frozen=True)
class NormalizationEntry(Entry):
    """A normalization.

    Attributes:
        of_weights: Whether it wraps a layer and acts on its weights.
        of_images: Whether it is over an image's positions, so that it needs images.
    """

    of_weights: bool = False
    of_images: bool = False


OF_BATCHES = ("batch", "noisy_batch")
"""The normalizations that read their statistics off the batch."""

_EPSILON = Parameter("epsilon", "added to the variance", "number", 1e-3, low=0, low_open=True)

NORMALIZATIONS = Catalog(
    [
        Entry("none", "activations as they are"),
        # Keras's momentum of 0.99 takes hundreds of steps to forget the first statistics: longer than small budgets last.
        Entry("batch", "over the batch, per unit or channel (Ioffe and Szegedy 2015)", "keras.layers:BatchNormalization",
              (Parameter("momentum", "of the running statistics", "number", 0.9, low=0, high=1, high_open=True), _EPSILON),
              aliases=("batch_norm",)),
        Entry("noisy_batch", "batch, its output scaled and shifted at random at every step: a shift put back (Santurkar et al. 2018)",
              "suite.models.layers:NoisyBatchNormalization",
              (Parameter("shift", "the largest mean shift of a layer", "number", 0.5, low=0),
               Parameter("scale", "the largest mean factor of a layer", "number", 1.25, low=1),
               Parameter("spread", "of factors and shifts about these, over units and examples", "number", 0.1, low=0),
               Parameter("momentum", "of the running statistics", "number", 0.9, low=0, high=1, high_open=True), _EPSILON)),
        Entry("layer", "over the units of each example (Ba et al. 2016); of an image, over all positions and channels", "keras.layers:LayerNormalization", (_EPSILON,),
              aliases=("layer_norm",)),
        Entry("rms", "by the root mean square over the units, not centred (Zhang and Sennrich 2019)",
              "keras.layers:RMSNormalization", (Parameter("epsilon", "added to the square", "number", 1e-6, low=0),),
              aliases=("rms_norm",)),
        Entry("group", "over groups of channels of each example (Wu and He 2018)", "keras.layers:GroupNormalization",
              (Parameter("groups", "how many; must divide the channels", "integer", 8, low=1), _EPSILON),
              aliases=("group_norm",)),
        NormalizationEntry("instance", "over each channel's positions, per example (Ulyanov et al. 2016); images only",
              "suite.catalog.normalizations:instance_normalization", (_EPSILON,), aliases=("instance_norm",),
              of_images=True),
        NormalizationEntry("spectral", "weights over their largest singular value (Miyato et al. 2018)",
              "keras.layers:SpectralNormalization",
              (Parameter("power_iterations", "per step", "integer", 1, low=1),), aliases=("spectral_norm",), of_weights=True),
        NormalizationEntry("weight_standardization", "weights centred and scaled per output unit (Qiao et al. 2019) to variance gain^2 / fan_in (Brock et al. 2021)",
              "suite.models.layers:WeightStandardization",
              (Parameter("gain", "factor on the standardized weights", "number", 1.0, low=0, low_open=True),
               Parameter("epsilon", "least variance that is divided by", "number", 1e-10, low=0, low_open=True)),
              of_weights=True),
    ],
    kind="normalizations",
)  # fmt: skip


def is_of_weights(name: str) -> bool:
    """Whether a normalization acts on a layer's weights."""
    return getattr(NORMALIZATIONS.find(name), "of_weights", False)


def is_of_images(name: str) -> bool:
    """Whether a normalization is over an image's positions, so that only images can be given to it."""
    return getattr(NORMALIZATIONS.find(name), "of_images", False)


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
        name: Name of the layer.
        axes: Number of axes of its input, batch included: 4 for images.
    """
    if level["name"] == "none" or is_of_weights(level["name"]):
        return None
    factory, arguments = component_of(NORMALIZATIONS, level)
    if level["name"] == "layer" and axes == 4:
        factory = layer_normalization_of_images
    return factory(**arguments, name=name)


def wrap_layer(level: Mapping[str, Any], layer: Any) -> Any:
    """The layer inside the wrapper that normalizes its weights, or as it is where none does."""
    if not is_of_weights(level["name"]):
        return layer
    wrapper, arguments = component_of(NORMALIZATIONS, level)
    return wrapper(layer, **arguments, name=f"{layer.name}_{level['name']}")


def drawn_by_wrapper(level: Mapping[str, Any], wrapper: Any) -> list[tuple[Any, Mapping[str, Any]]]:
    """The wrapper's own weights that start at random, with the level of the initializer that Keras draws them from."""
    if level["name"] != "spectral":
        return []
    return [(wrapper.vector_u, {"name": "truncated_normal", "stddev": 0.02})]
