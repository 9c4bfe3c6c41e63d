"""Tasks small enough to follow by hand."""

from __future__ import annotations

import numpy as np

from suite.tasks.task import Split, Task


def xor() -> Task:
    """Exclusive or: two bits, class 1 where they differ. No linear classifier gets more than three of the four right."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    points = Split(x, np.array([0, 1, 1, 0], np.int32))
    return Task("xor", points, points, points, classes=2)


def saturated_neuron() -> Task:
    """The task of Nielsen, Neural Networks and Deep Learning, ch. 3: for the input 1 the answer is 0.

    A sigmoid neuron that starts at w = b = 2 answers .98, where its slope is nearly 0. In a spec: model mlp of depth 0,
    initializer {name: constant, value: 2}, bias 2, and the loss mse with output sigmoid against binary_cross_entropy.
    His cost is half the squared error, so his rate 0.15 is 0.075 here. The baseline is that of the answer 1/2.
    """
    example = Split(np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32))
    return Task("saturated_neuron", example, example, example, classes=None, prior=np.array([[0.0], [1.0]], np.float32))
