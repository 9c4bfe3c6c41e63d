"""The one scale of every picture of gradients, so that any two can be compared by eye."""

from __future__ import annotations

GRADIENT_DECADES = (-12, 2)
"""log10 of dLoss/dz at the ends of the scale."""
