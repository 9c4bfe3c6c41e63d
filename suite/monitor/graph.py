"""Which tensor of a traced graph is computed from which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def depends_on(tensors: Sequence[Any], sources: Sequence[Any]) -> bool:
    """Whether any tensor is computed from any of the sources; eagerly, only whether it is one of them."""
    if not sources or tf.executing_eagerly():
        return any(tensor is source for tensor in tensors for source in sources)
    wanted, seen, left = {source.name for source in sources}, set[str](), list(tensors)
    while left:
        tensor = left.pop()
        if tensor.name in wanted:
            return True
        if tensor.name not in seen:
            seen.add(tensor.name)
            left += tensor.op.inputs
    return False
