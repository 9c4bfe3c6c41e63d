"""A cell's levels to a Keras model: one module a family. Importing it loads nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping

from suite.catalog.entries import catalog_of
from suite.models.cnn import CNN
from suite.models.family import Family
from suite.models.mlp import MLP
from suite.models.recurrent import RECURRENT

MODELS: Mapping[str, Family] = catalog_of([MLP, CNN, RECURRENT])
