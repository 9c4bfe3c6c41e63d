"""A fixed piece of work that a run is timed against: the machine it has at that moment."""

from __future__ import annotations

import functools
import statistics
import time

import numpy as np

_SIZE, _PRODUCTS, _TURNS = 128, 8, 5


def yardstick() -> float:
    """Milliseconds of 8 products of 128x128 float32 matrices by NumPy, the median of five turns: about a millisecond in all.

    Other work on a machine, and what its clock does, come and go within seconds. A time over that of the yardstick just
    before and after it is comparable with another one taken minutes later.
    """
    a, out = _matrices()
    times = []
    for _ in range(_TURNS):
        started = time.perf_counter()
        for _ in range(_PRODUCTS):
            np.matmul(a, a, out=out)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


@functools.cache
def _matrices() -> tuple[np.ndarray, np.ndarray]:
    a = np.random.default_rng(0).standard_normal((_SIZE, _SIZE)).astype(np.float32)
    return a, np.empty_like(a)
