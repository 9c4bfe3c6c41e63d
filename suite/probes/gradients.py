"""Gradients per layer: of the pre-activations, and of the weights before clipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suite.probes.layers import per_layer, scaled_norm, scaled_rms
from suite.probes.probe import StepProbe, StepSnapshot


class GradientProbe(StepProbe):
    """RMS of dLoss/dz over batch and units, and the Frobenius norm of dLoss/dW.

    Both, because weight gradients alone are blind: a 30-layer ReLU network under Glorot has a first-to-last ratio of
    about 1 in them while the backpropagated gradient falls to 3e-5.
    """

    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """`gradient_rms` and `weight_gradient_norm`, each of shape (layers,)."""
        return {
            "gradient_rms": per_layer(look.pre_activation_gradients, scaled_rms),
            "weight_gradient_norm": per_layer(look.kernel_gradients, scaled_norm),
        }
