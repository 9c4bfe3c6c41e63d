"""Factors shared by several model families."""

from __future__ import annotations

from suite.catalog.entries import Parameter

ACTIVATION = Parameter("activation", "activation of the hidden layers", "component", "relu", catalog="activations")
INITIALIZER = Parameter(
    "initializer", "initializer of all weight matrices", "component", "glorot_uniform", catalog="initializers"
)
NORMALIZATION = Parameter(
    "normalization", "normalization of the hidden layers", "component", "none", catalog="normalizations"
)
NORM_POSITION = Parameter(
    "norm_position", "normalize before or after the activation", "choice", "before", choices=("before", "after")
)
RESIDUAL = Parameter("residual", "skip connections around hidden layers", "component", "none", catalog="residuals")
BIAS = Parameter("bias", "initial value of the biases", "number", 0.0)
BIAS_SCALE = Parameter("bias_scale", "standard deviation of the initial biases", "number", 0.0, low=0)
DROPOUT = Parameter(
    "dropout", "share of units dropped after each hidden layer", "number", 0.0, low=0, high=1, high_open=True
)

HIDDEN = (ACTIVATION, INITIALIZER, BIAS, BIAS_SCALE, NORMALIZATION, NORM_POSITION, RESIDUAL, DROPOUT)
"""Factors of hidden layers, used by `suite.models.network.Stack`."""

TRAINING = (
    Parameter("optimizer", "optimizer of the weights", "component", "adam", catalog="optimizers"),
    Parameter("learning_rate", "learning rate; tuned for each recipe by default", "number", low=0, low_open=True),
    Parameter("steps", "training steps of one run; default from the budget", "integer", low=2, high=100_000_000),
    Parameter("schedule", "learning-rate schedule", "component", "constant", catalog="schedules"),
    Parameter("clipping", "gradient clipping", "component", "none", catalog="clippings"),
    Parameter("loss", "training loss", "component", "auto", catalog="losses"),
    Parameter("batch_size", "number of examples per step", "integer", 64, low=1),
    Parameter("l1", "factor of the penalty, the sum of |w| over the kernels", "number", 0.0, low=0),
    Parameter("l2", "factor of the penalty, the sum of w^2 over the kernels", "number", 0.0, low=0),
    Parameter("weight_decay", "decoupled weight decay; default from the optimizer", "number", low=0),
    Parameter(
        "label_smoothing",
        "share of each target distributed over all classes",
        "number",
        0.0,
        low=0,
        high=1,
        high_open=True,
    ),
)
"""Factors of training, the same for all model families."""

FED = ("initializer", "recurrent_initializer", "learning_rate", "schedule")
"""Factors that are fed to a compiled program; cells that differ only in these share it."""
