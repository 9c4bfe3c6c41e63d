"""Normalizations: names to Keras layers that act on activations, or to wrappers that act on weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suite.catalog.entries import Catalog, Entry, Parameter, component_of, load_target

Groups = Callable[[Mapping[str, Any], int, int | None], int | None]
"""From a level, the units of a layer and the positions of each (none in a dense layer, None where that is not known) to the
groups of one example's numbers that are normalized; None where it is not over groups."""


@dataclass(frozen=True)
class NormalizationEntry(Entry):
    """A normalization: all that anyone needs to know of it.

    Attributes:
        of_weights: Whether it wraps a layer and acts on its weights.
        of_images: Whether it is over an image's positions, so that it needs images.
        of_batches: Whether it reads its statistics off the batch.
        on_images: Its code on images as `module:attribute`, where that is another.
        groups: Into how many groups it divides the numbers of one example.
        drawn: Of a wrapper that was built, its own weights that start at random, with the level of their initializer.
        of_zeros: Why weights must not all start at 0; empty where they may.
    """

    of_weights: bool = False
    of_images: bool = False
    of_batches: bool = False
    on_images: str = ""
    groups: Groups = lambda level, width, positions: None
    drawn: Callable[[Any], list[tuple[Any, Mapping[str, Any]]]] = lambda wrapper: []
    of_zeros: str = ""


_EPSILON = Parameter("epsilon", "added to the variance", "number", 1e-3, low=0, low_open=True)

NORMALIZATIONS = Catalog(
    [
        NormalizationEntry("none", "no normalization"),
        # Keras's momentum of 0.99 takes hundreds of steps to forget the first statistics: longer than small budgets last.
        NormalizationEntry("batch", "over the batch, per unit or channel (Ioffe and Szegedy 2015)", "keras.layers:BatchNormalization",
              (Parameter("momentum", "momentum of the running statistics", "number", 0.9, low=0, high=1, high_open=True), _EPSILON),
              aliases=("batch_norm",), of_batches=True),
        NormalizationEntry("noisy_batch", "batch normalization followed by random scale and shift at every step (Santurkar et al. 2018)",
              "suite.models.layers:NoisyBatchNormalization",
              (Parameter("shift", "largest mean shift of a layer", "number", 0.5, low=0),
               Parameter("scale", "largest mean factor of a layer", "number", 1.25, low=1),
               Parameter("spread", "spread of factors and shifts over units and examples", "number", 0.1, low=0),
               Parameter("momentum", "momentum of the running statistics", "number", 0.9, low=0, high=1, high_open=True), _EPSILON),
              of_batches=True),
        NormalizationEntry("layer", "over the units of each example (Ba et al. 2016); of an image, over all positions and channels", "keras.layers:LayerNormalization", (_EPSILON,),
              aliases=("layer_norm",), on_images="suite.catalog.normalizations:layer_normalization_of_images",
              groups=lambda level, width, positions: 1),
        NormalizationEntry("rms", "by the root mean square over the units, not centred (Zhang and Sennrich 2019)",
              "keras.layers:RMSNormalization", (Parameter("epsilon", "added to the square", "number", 1e-6, low=0),),
              aliases=("rms_norm",)),
        NormalizationEntry("group", "over groups of channels of each example (Wu and He 2018)", "keras.layers:GroupNormalization",
              (Parameter("groups", "number of groups; must divide the channels", "integer", 8, low=1), _EPSILON),
              aliases=("group_norm",), groups=lambda level, width, positions: level["groups"]),
        NormalizationEntry("instance", "over each channel's positions, per example (Ulyanov et al. 2016); images only",
              "suite.catalog.normalizations:instance_normalization", (_EPSILON,), aliases=("instance_norm",),
              of_images=True, groups=lambda level, width, positions: width if positions else None),
        NormalizationEntry("spectral", "weights divided by their largest singular value (Miyato et al. 2018)",
              "keras.layers:SpectralNormalization",
              (Parameter("power_iterations", "power iterations per step", "integer", 1, low=1),), aliases=("spectral_norm",), of_weights=True,
              drawn=lambda wrapper: [(wrapper.vector_u, {"name": "truncated_normal", "stddev": 0.02})],
              of_zeros="spectral normalization divides by the largest singular value, which is 0 of zeros"),
        NormalizationEntry("weight_standardization", "weights centred and scaled per output unit (Qiao et al. 2019) to variance gain^2 / fan_in (Brock et al. 2021)",
              "suite.models.layers:WeightStandardization",
              (Parameter("gain", "factor on the standardized weights", "number", 1.0, low=0, low_open=True),
               Parameter("epsilon", "smallest variance to divide by", "number", 1e-10, low=0, low_open=True)),
              of_weights=True),
    ],
    kind="normalizations",
    of=NormalizationEntry,
)  # fmt: skip


OWN = NormalizationEntry("own", "custom layer that normalizes activations")
"""Stands for a component of the user's own."""


def normalization_of(level: Mapping[str, Any]) -> NormalizationEntry:
    """The entry of a canonical level."""
    return NORMALIZATIONS.find(level["name"]) or OWN


def takes_out_bias(recipe: Mapping[str, Any]) -> bool:
    """Whether a layer's bias would change nothing, since a normalization right behind it subtracts the mean of each unit
    over the batch. The gradient of such a bias is rounding, of which Adam would make whole steps."""
    return recipe["norm_position"] == "before" and normalization_of(recipe["normalization"]).of_batches


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
    entry = normalization_of(level)
    if entry.of_weights or level["name"] == "none":
        return None
    factory, arguments = component_of(NORMALIZATIONS, level)
    if entry.on_images and axes == 4:
        factory = load_target(entry.on_images)
    return factory(**arguments, name=name)


def wrap_layer(level: Mapping[str, Any], layer: Any) -> Any:
    """The layer inside the wrapper that normalizes its weights, or as it is where none does."""
    if not normalization_of(level).of_weights:
        return layer
    wrapper, arguments = component_of(NORMALIZATIONS, level)
    return wrapper(layer, **arguments, name=f"{layer.name}_{level['name']}")
