"""What the machine trains on, and what is chosen by it. A GPU was never at hand to try: these are what is usual there."""

from __future__ import annotations

import functools

import tensorflow as tf


@functools.cache
def on_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def chunk() -> int:
    """Examples that are evaluated at once at most: on a CPU few enough to fit the core's cache, on a GPU enough to fill it."""
    return 8192 if on_gpu() else 512


def compiles_with_xla(faster_on_cpu: bool) -> bool:
    """Whether a program is compiled with XLA.

    Args:
        faster_on_cpu: Whether its model family trains faster so on a CPU, where XLA's convolutions are slow. A GPU's are not.
    """
    return faster_on_cpu or on_gpu()
