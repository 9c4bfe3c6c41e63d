"""Optimizers: names to those of Keras; plain SGD and heavy-ball momentum share one, so that both share a program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog.clippings import clipping_arguments
from suite.catalog.entries import Catalog, Entry, Parameter, component_of


def _beta(name: str, default: float, of: str) -> Parameter:
    return Parameter(name, f"decay of the running mean of {of}", "number", default, low=0, high=1, high_open=True)


_MOMENTUM = Parameter(
    "momentum", "share of the last update that is kept, from 0 to 1", "number", 0.9, low=0, high=1, high_open=True
)
_BETA_1 = _beta("beta_1", 0.9, "the gradient")
_BETA_2 = _beta("beta_2", 0.999, "its square")
_EPSILON = Parameter("epsilon", "added to the root of the square", "number", 1e-7, low=0)
_HEAVY_BALL = ("sgd", "momentum")
_ADAM = (_BETA_1, _BETA_2, _EPSILON)

OPTIMIZERS = Catalog(
    [
        Entry("sgd", "plain stochastic gradient descent", "suite.catalog.heavy_ball:HeavyBall"),
        Entry("momentum", "SGD with heavy-ball momentum", "suite.catalog.heavy_ball:HeavyBall", (_MOMENTUM,)),
        Entry("nesterov", "SGD with Nesterov momentum", "suite.catalog.optimizers:nesterov", (_MOMENTUM,)),
        Entry("rmsprop", "gradient over its running root mean square; epsilon is inside the root in Keras",
              "keras.optimizers:RMSprop",
              (_beta("rho", 0.9, "the square"),
               Parameter("momentum", "momentum as in SGD", "number", 0.0, low=0, high=1, high_open=True), _EPSILON,
               Parameter("centered", "divide by the variance, not the square", "boolean", False))),
        Entry("adagrad", "gradient over the root of the sum of all its squares so far", "keras.optimizers:Adagrad",
              (Parameter("initial_accumulator_value", "initial value of the sum", "number", 0.1, low=0), _EPSILON)),
        Entry("adadelta", "RMSprop with the unit of the update restored (Zeiler 2012)", "keras.optimizers:Adadelta",
              (_beta("rho", 0.95, "the square"), _EPSILON)),
        Entry("adam", "momentum and RMSprop with bias correction (Kingma and Ba 2015)", "keras.optimizers:Adam", _ADAM),
        Entry("amsgrad", "Adam that never lets its denominator shrink (Reddi et al. 2018)",
              "suite.catalog.optimizers:amsgrad", _ADAM),
        Entry("adamw", "Adam with decoupled weight decay (Loshchilov and Hutter 2019)", "keras.optimizers:AdamW",
              (*_ADAM, Parameter("weight_decay", "decay per step and unit of rate", "number", 0.004, low=0))),
        Entry("adamax", "Adam with the maximum instead of the root mean square", "keras.optimizers:Adamax", _ADAM),
        Entry("nadam", "Adam with Nesterov momentum (Dozat 2016)", "keras.optimizers:Nadam", _ADAM),
        Entry("adafactor", "Adam with factored second moments (Shazeer and Stern 2018)", "keras.optimizers:Adafactor",
              (Parameter("beta_2_decay", "exponent with which the decay of the squares approaches 1", "number", -0.8, high=0),
               Parameter("clip_threshold", "threshold for the root mean square of an update", "number", 1.0, low=0, low_open=True),
               Parameter("relative_step", "whether the rate decreases with the square root of the steps", "boolean", True))),
        Entry("lamb", "Adam with layer-wise trust ratios (You et al. 2020)", "keras.optimizers:Lamb", _ADAM),
        Entry("ftrl", "follow the regularized leader (McMahan et al. 2013)", "keras.optimizers:Ftrl",
              (Parameter("learning_rate_power", "exponent of the decay of the rate", "number", -0.5, high=0),
               Parameter("initial_accumulator_value", "initial value of the sum", "number", 0.1, low=0),
               Parameter("beta", "added to the root of the sum", "number", 0.0, low=0))),
        Entry("lion", "sign of a momentum (Chen et al. 2023); needs learning rates about ten times below Adam's",
              "keras.optimizers:Lion", (_BETA_1, _beta("beta_2", 0.99, "the gradient"))),
        Entry("muon", "orthogonalized momentum for matrices, AdamW for the rest (Jordan et al. 2024)",
              "suite.catalog.optimizers:muon",
              (Parameter("momentum", "momentum for the matrices", "number", 0.95, low=0, high=1, high_open=True),
               Parameter("nesterov", "whether to use Nesterov momentum", "boolean", True),
               Parameter("ns_steps", "Newton-Schulz steps of the orthogonalization", "integer", 5, low=1, high=20),
               _beta("adam_beta_1", 0.9, "the rest's gradient"), _beta("adam_beta_2", 0.999, "its square"), _EPSILON)),
    ],
    kind="optimizers",
)  # fmt: skip


def fed_momentum(level: Mapping[str, Any]) -> float | None:
    """The momentum of a canonical level where it is fed to the program, 0 for plain SGD; None for other optimizers."""
    if level["name"] not in _HEAVY_BALL:
        return None
    return float(level.get(_MOMENTUM.name, 0.0))


def compiled_level(level: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of an optimizer's level is compiled, the same for plain SGD and every momentum."""
    return {"name": "sgd"} if level["name"] in _HEAVY_BALL else level


def nesterov(momentum: float, **arguments: Any) -> Any:
    """Keras's SGD with Nesterov momentum."""
    import keras

    return keras.optimizers.SGD(momentum=momentum, nesterov=True, **arguments)


def amsgrad(**arguments: Any) -> Any:
    """Adam with `amsgrad=True`."""
    import keras

    return keras.optimizers.Adam(amsgrad=True, **arguments)


def muon(weight_decay: float = 0.004, **arguments: Any) -> Any:
    """Keras's Muon, whose decay is also that of what it leaves to its Adam: convolution kernels are among it."""
    import keras

    return keras.optimizers.Muon(weight_decay=weight_decay, adam_weight_decay=weight_decay, **arguments)


def build_optimizer(level: Mapping[str, Any], clipping: Mapping[str, Any], weight_decay: float | None = None) -> Any:
    """A fresh Keras optimizer of a canonical level. The learning rate is set later, at every step.

    Args:
        level: `{"name": ..., **arguments}`; of a user's own `module:attribute`, a class or function that returns
            a `keras.optimizers.Optimizer` and takes `learning_rate`.
        clipping: Canonical level of the clippings.
        weight_decay: Decoupled weight decay; None leaves the optimizer's own.
    """
    factory, arguments = component_of(OPTIMIZERS, level)
    decay = {} if weight_decay is None else {"weight_decay": weight_decay}
    return factory(learning_rate=0.001, **{**arguments, **clipping_arguments(clipping), **decay})
