"""A cell's levels to a Keras model: one module a family, each with an entry here."""

from __future__ import annotations

from suite.catalog.base import Entry, Parameter, catalog_of
from suite.catalog.factors import (
    ACTIVATION,
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
                Parameter("depth", "hidden layers", "integer", 2, low=1, high=1000),
                Parameter("width", "units in each", "integer", 64, low=1, high=65536),
                ACTIVATION,
                INITIALIZER,
                NORMALIZATION,
                NORM_POSITION,
                RESIDUAL,
                DROPOUT,
                *TRAINING,
            ),
        ),
    ]
)
