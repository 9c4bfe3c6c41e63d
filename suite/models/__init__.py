"""A cell's levels to a Keras model: one module a family. Importing it loads nothing heavy."""

from __future__ import annotations

from suite.catalog.entries import Catalog
from suite.models.cnn import CNN
from suite.models.family import Family
from suite.models.mlp import MLP
from suite.models.recurrent import RECURRENT

MODELS: Catalog[Family] = Catalog([MLP, CNN, RECURRENT])
