"""The factors that several model families share: what the advice is about, each defined once."""

from __future__ import annotations

from suite.catalog.entries import Parameter

ACTIVATION = Parameter("activation", "of the hidden layers", "component", "relu", catalog="activations")
INITIALIZER = Parameter("initializer", "of every weight matrix", "component", "glorot_uniform", catalog="initializers")
NORMALIZATION = Parameter("normalization", "in every hidden layer", "component", "none", catalog="normalizations")
NORM_POSITION = Parameter(
    "norm_position", "normalize before or after the activation", "choice", "before", choices=("before", "after")
)
RESIDUAL = Parameter("residual", "skip connections around hidden layers", "component", "none", catalog="residuals")
BIAS = Parameter("bias", "first value of every bias", "number", 0.0)
BIAS_SCALE = Parameter("bias_scale", "standard deviation of first biases, about that value", "number", 0.0, low=0)
DROPOUT = Parameter(
    "dropout", "share of units dropped after each hidden layer", "number", 0.0, low=0, high=1, high_open=True
)

HIDDEN = (ACTIVATION, INITIALIZER, BIAS, BIAS_SCALE, NORMALIZATION, NORM_POSITION, RESIDUAL, DROPOUT)
"""The factors of hidden layers that a `suite.models.network.Stack` puts together."""

TRAINING = (
    Parameter("optimizer", "what turns gradients into updates", "component", "adam", catalog="optimizers"),
    Parameter("learning_rate", "one for all; by default every cell's is tuned", "number", low=0, low_open=True),
    Parameter("steps", "of one run; by default the budget's", "integer", low=2, high=100_000_000),
    Parameter("schedule", "of the learning rate", "component", "constant", catalog="schedules"),
    Parameter("clipping", "of the gradients", "component", "none", catalog="clippings"),
    Parameter("loss", "what is minimized", "component", "auto", catalog="losses"),
    Parameter("batch_size", "examples in a step", "integer", 64, low=1),
    Parameter("l1", "times the sum of |w| over the kernels, added to the loss", "number", 0.0, low=0),
    Parameter("l2", "times the sum of w^2 over the kernels, added to the loss", "number", 0.0, low=0),
    Parameter("weight_decay", "decoupled decay, in the optimizer; by default the optimizer's own", "number", low=0),
    Parameter(
        "label_smoothing", "share of each target spread over all classes", "number", 0.0, low=0, high=1, high_open=True
    ),
)
"""The factors of training, the same for every model family."""

FED = ("initializer", "recurrent_initializer", "learning_rate", "schedule")
"""The factors that are fed to a compiled program: cells that differ in nothing else share it."""
