"""Updates per layer: how far a step moves each weight matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from suite.probes.layers import norm, per_layer
from suite.probes.probe import StepProbe, StepSnapshot


class UpdateProbe(StepProbe):
    """Frobenius norm of W's change over that of W before it; about 1e-3 is usual in a network that trains."""

    of_update = True

    def measure(self, look: StepSnapshot) -> Mapping[str, Any]:
        """`update_ratio`, shape (layers,); 0 where W was all zero."""
        changes = [after - before for before, after in zip(look.kernels_before, look.kernels_after, strict=True)]
        return {"update_ratio": tf.math.divide_no_nan(per_layer(changes, norm), per_layer(look.kernels_before, norm))}
