"""The catalog: all components that a spec can name, one module per kind. Importing it loads no heavy package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.catalog.activations import ACTIVATIONS
from suite.catalog.clippings import CLIPPINGS
from suite.catalog.entries import Catalog, Entry, Parameter, is_own_component, load_target
from suite.catalog.initializers import INITIALIZERS
from suite.catalog.losses import LOSSES
from suite.catalog.normalizations import NORMALIZATIONS
from suite.catalog.optimizers import OPTIMIZERS
from suite.catalog.recurrent_cells import CELLS
from suite.catalog.residuals import RESIDUALS
from suite.catalog.schedules import SCHEDULES

KINDS: Mapping[str, Catalog[Any]] = {
    "activations": ACTIVATIONS,
    "initializers": INITIALIZERS,
    "normalizations": NORMALIZATIONS,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "clippings": CLIPPINGS,
    "residuals": RESIDUALS,
    "losses": LOSSES,
    "cells": CELLS,
}
"""Catalogs of components by kind, the value of `Parameter.catalog`."""

__all__ = ["KINDS", "Catalog", "Entry", "Parameter", "is_own_component", "load_target"]
