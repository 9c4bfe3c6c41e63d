"""Initializers: names to the first values of weight matrices."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.entries import Catalog, Entry, Parameter, component_of

if TYPE_CHECKING:
    import numpy as np

_STDDEV = Parameter("stddev", "standard deviation", "number", 0.05, low=0, low_open=True)
_GAIN = Parameter("gain", "factor on every weight", "number", 1.0, low=0, low_open=True)

INITIALIZERS = Catalog(
    [
        Entry("random_normal", "normal with a fixed standard deviation, independent of the layer's size",
              "keras.initializers:RandomNormal", (_STDDEV,)),
        Entry("random_uniform", "uniform on (-limit, limit) with a fixed limit, independent of the layer's size",
              "suite.catalog.initializers:symmetric_uniform",
              (Parameter("limit", "the largest weight", "number", 0.05, low=0, low_open=True),)),
        Entry("truncated_normal", "normal with a fixed standard deviation, truncated at two standard deviations",
              "keras.initializers:TruncatedNormal", (_STDDEV,)),
        Entry("uniform_fan_in",
              "uniform on (-1/sqrt(fan_in), 1/sqrt(fan_in)): variance 1/(3 fan_in), the classic of before 2010",
              "suite.catalog.initializers:uniform_fan_in"),
        Entry("glorot_uniform", "variance 2/(fan_in + fan_out), uniform (Glorot and Bengio 2010)",
              "keras.initializers:GlorotUniform", aliases=("xavier_uniform", "glorot", "xavier")),
        Entry("glorot_normal", "variance 2/(fan_in + fan_out), truncated normal",
              "keras.initializers:GlorotNormal", aliases=("xavier_normal",)),
        Entry("he_uniform", "variance 2/fan_in, uniform (He et al. 2015)",
              "keras.initializers:HeUniform", aliases=("kaiming_uniform",)),
        Entry("he_normal", "variance 2/fan_in, truncated normal (He et al. 2015)",
              "keras.initializers:HeNormal", aliases=("kaiming_normal", "he")),
        Entry("lecun_uniform", "variance 1/fan_in, uniform (LeCun et al. 1998)", "keras.initializers:LecunUniform"),
        Entry("lecun_normal", "variance 1/fan_in, truncated normal", "keras.initializers:LecunNormal",
              aliases=("lecun",)),
        Entry("variance_scaling", "variance scale/fan, the family of Glorot, He and LeCun",
              "keras.initializers:VarianceScaling",
              (Parameter("scale", "factor on the variance", "number", 1.0, low=0, low_open=True),
               Parameter("mode", "fan that divides the scale", "choice", "fan_in", choices=("fan_in", "fan_out", "fan_avg")),
               Parameter("distribution", "distribution of the weights", "choice", "untruncated_normal",
                         choices=("untruncated_normal", "truncated_normal", "uniform")))),
        Entry("orthogonal", "a random orthogonal matrix times the gain (Saxe et al. 2014)",
              "keras.initializers:Orthogonal", (_GAIN,)),
        Entry("identity", "the identity matrix times the gain, as in the IRNN (Le et al. 2015)",
              "suite.catalog.initializers:rectangular_identity", (_GAIN,)),
        Entry("constant", "the same value for all weights", "suite.catalog.initializers:constant",
              (Parameter("value", "value of all weights", "number", 1.0),)),
        Entry("zeros", "all zero, so that units stay identical", "keras.initializers:Zeros"),
    ],
    kind="initializers",
)  # fmt: skip


def symmetric_uniform(limit: float, seed: int | None = None) -> Any:
    """Keras's RandomUniform on (-limit, limit)."""
    import keras

    return keras.initializers.RandomUniform(-limit, limit, seed=seed)


def constant(value: float) -> Any:
    """Keras's Constant."""
    import keras

    return keras.initializers.Constant(value)


def uniform_fan_in(seed: int | None = None) -> Any:
    """Uniform with variance 1/(3 fan_in): limit 1/sqrt(fan_in)."""
    import keras

    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform", seed=seed)


def rectangular_identity(gain: float) -> Any:
    """Ones (times gain) on the diagonal of the last two axes; of a convolution, at the kernel's centre (a Dirac)."""
    import numpy as np

    def initialize(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        value = np.zeros(shape, np.float32)
        centre = tuple(size // 2 for size in shape[:-2])
        value[centre] = gain * np.eye(*shape[-2:], dtype=np.float32)
        return value

    return initialize


def initial_value(level: Mapping[str, Any], shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Draws one weight array.

    Args:
        level: Canonical level: the name of an entry, or of a user's own `module:attribute`, which is an
            initializer class of Keras's kind or a function that takes its arguments (and `seed`, if it has such
            an argument) and returns a function of (shape, dtype).
        shape: Shape of the weights, as Keras lays them out: (fan_in, fan_out), or (*kernel, channels_in, channels_out).
        seed: A fresh one for every array: Keras's initializers repeat themselves under an equal seed.

    Raises:
        ValueError: The initializer returned another shape than asked for.
    """
    import numpy as np

    factory, arguments = component_of(INITIALIZERS, level)
    if "seed" in inspect.signature(factory).parameters:
        arguments["seed"] = seed
    value = np.asarray(factory(**arguments)(shape, dtype="float32"), np.float32)
    if value.shape != tuple(shape):
        raise ValueError(f"initializer {level['name']!r} returned shape {value.shape}. Expected: {tuple(shape)}")
    return value
