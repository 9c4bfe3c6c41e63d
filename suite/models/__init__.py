"""A cell's levels to a Keras model: one module a family, each with an entry here."""

from __future__ import annotations

import dataclasses

from suite.catalog.base import Entry, Parameter, catalog_of
from suite.catalog.factors import (
    ACTIVATION,
    BIAS,
    DROPOUT,
    INITIALIZER,
    NORM_POSITION,
    NORMALIZATION,
    RESIDUAL,
    TRAINING,
)

MODELS = catalog_of(
    [
        Entry(
            "mlp",
            "dense layers of equal width; images and sequences are flattened",
            "suite.models.mlp:build",
            (
                Parameter("depth", "hidden layers; 0 leaves a linear model", "integer", 2, low=0, high=1000),
                Parameter("width", "units in each", "integer", 64, low=1, high=65536),
                ACTIVATION,
                INITIALIZER,
                BIAS,
                NORMALIZATION,
                NORM_POSITION,
                RESIDUAL,
                DROPOUT,
                *TRAINING,
            ),
        ),
        Entry(
            "cnn",
            "convolutions in stages of falling resolution, their mean over all positions, a dense output; for images",
            "suite.models.cnn:build",
            (
                Parameter("depth", "convolutions", "integer", 4, low=1, high=1000),
                Parameter("channels", "of each", "integer", 16, low=1, high=4096),
                Parameter("kernel_size", "height and width of each kernel", "integer", 3, low=1, high=31),
                Parameter("stages", "each after the first halves height and width", "integer", 2, low=1, high=8),
                Parameter("pooling", "how a stage halves them", "choice", "max", choices=("max", "average", "stride")),
                ACTIVATION,
                INITIALIZER,
                BIAS,
                NORMALIZATION,
                NORM_POSITION,
                RESIDUAL,
                DROPOUT,
                *TRAINING,
            ),
        ),
        Entry(
            "recurrent",
            "recurrent layers that read a sequence, a dense output on the last state (or on each); for sequences",
            "suite.models.recurrent:build",
            (
                Parameter("cell_type", "what is done at a time step", "component", "lstm", catalog="cells"),
                Parameter("units", "in each layer", "integer", 64, low=1, high=65536),
                Parameter("layers", "one on another", "integer", 1, low=1, high=100),
                dataclasses.replace(ACTIVATION, summary="of the candidate state", default="tanh"),
                Parameter(
                    "recurrent_activation",
                    "of the gates of lstm and gru",
                    "component",
                    "sigmoid",
                    catalog="activations",
                ),
                dataclasses.replace(INITIALIZER, summary="of the weights from layer to layer"),
                Parameter(
                    "recurrent_initializer",
                    "of the weights from state to state",
                    "component",
                    "orthogonal",
                    catalog="initializers",
                ),
                BIAS,
                Parameter("forget_bias", "first value of the forget gate's bias, of lstm", "number", 1.0),
                NORMALIZATION,
                Parameter(
                    "norm_position",
                    "normalize each layer's output, or inside its cell before the nonlinearities",
                    "choice",
                    "between",
                    choices=("between", "inside"),
                ),
                RESIDUAL,
                DROPOUT,
                *TRAINING,
            ),
        ),
    ]
)
