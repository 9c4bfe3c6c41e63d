"""Equality of float32 arrays that were computed in another order."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_close(ours: Any, theirs: Any, within: float = 1e-4) -> None:
    """Two arrays differ nowhere by more than a share of the largest element.

    Not of each element: one that is a small difference of large sums has the rounding of these sums, which another
    processor adds in another order.
    """
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=within * max(float(np.abs(theirs).max(initial=0)), 1e-30))
