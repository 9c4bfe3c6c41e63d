"""What the monitor costs in processor time, no pass or fail: epochs with a look at each, or at every step, and without.

python tools/speed/monitor.py            # a minute or two
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

EPOCHS, ROUNDS = 5, 3
ROWS, BATCH, LAYERS, UNITS = 1088, 64, 20, 64


def main() -> None:
    """Prints the median of the rounds, in which all take turns, and what it is of the plain epoch's."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import keras
    import numpy as np
    from sklearn.datasets import load_digits

    from suite import GradientMonitor

    digits = load_digits()
    x, y = (digits.data[:ROWS] / 16).astype(np.float32), digits.target[:ROWS]

    def fit(every: str | int | None) -> tuple[float, float]:
        """Processor seconds of an epoch, compiling and first looks apart, and of what comes before the second epoch."""
        keras.utils.set_random_seed(0)
        hidden = [keras.layers.Dense(UNITS, "relu", kernel_initializer="he_normal") for _ in range(LAYERS)]
        model = keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
        began: list[float] = []
        clock = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: began.append(time.process_time()))
        looks = [] if every is None else [GradientMonitor(x[:BATCH], y[:BATCH], every=every, warn=False)]
        start = time.process_time()
        model.fit(x, y, batch_size=BATCH, epochs=EPOCHS + 2, verbose=0, callbacks=[clock, *looks])
        return (began[-1] - began[1]) / EPOCHS, began[1] - start

    ways: dict[str, str | int | None] = {"plain": None, "every epoch": "epoch", "every step": 1}
    times: dict[str, list[float]] = {name: [] for name in ways}
    firsts: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, every in ways.items():
            epoch, first = fit(every)
            times[name].append(epoch)
            firsts[name].append(first)
    plain, steps = statistics.median(times["plain"]), -(-ROWS // BATCH)
    print(f"{LAYERS} layers of {UNITS} units, {steps} steps of {BATCH} an epoch; medians of {ROUNDS} rounds")
    for name, found in times.items():
        median = statistics.median(found)
        ratio = statistics.median(ours / theirs for ours, theirs in zip(found, times["plain"], strict=True))
        print(f"{name:12} {1000 * median:7.1f} ms an epoch, {ratio:.2f} times the plain one")
    look = (statistics.median(times["every step"]) - plain) / steps
    print(f"a look: {1000 * look:.1f} ms")
    once = statistics.median(firsts["every epoch"]) - statistics.median(firsts["plain"])
    print(
        f"once a fit, to trace the look: {1000 * once:.0f} ms; Keras itself takes {statistics.median(firsts['plain']):.2f} s"
    )


if __name__ == "__main__":
    main()
