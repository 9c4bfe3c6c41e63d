"""The same cells by the same Keras layers on Keras's JAX backend, with `jax.lax.scan` over steps; needs keras, jax and scikit-learn.

    KERAS_BACKEND=jax python tools/speed/jax_peer.py --normalization none batch --trials 18 --replicates 6

A program serves all rates, seeds and initializers of a recipe, as the suite's do. It takes validation accuracy and the gradient norm of every kernel twenty times
in a run, and no more of what the suite's probes see. Rates are the suite's grid, tried once instead of in two tunings.
"""

from __future__ import annotations

import argparse
import json
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

DEPTH, WIDTH, BATCH, EVALUATIONS, STEPS = 20, 64, 64, 20, 340
INITIALIZERS = {
    "small": lambda seed: keras.initializers.RandomNormal(stddev=0.01, seed=seed),
    "glorot_uniform": keras.initializers.GlorotUniform,
    "he_normal": keras.initializers.HeNormal,
    "large": lambda seed: keras.initializers.RandomNormal(stddev=1.0, seed=seed),
}


def digits() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Images and labels of training, validation and test."""
    data = load_digits()
    x, y = data.data.astype("float32") / 16, data.target
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.25, stratify=y, random_state=0)
    mean, std = x.mean(), x.std()
    return ((x - mean) / std, y), ((x_val - mean) / std, y_val), ((x_test - mean) / std, y_test)


def network(normalization: str) -> keras.Model:
    """A deep MLP; its first weights are drawn by run."""
    layers = [keras.Input((64,))]
    for _ in range(DEPTH):
        batch = normalization == "batch"
        layers.append(keras.layers.Dense(WIDTH, use_bias=not batch))
        if batch:
            layers.append(keras.layers.BatchNormalization(momentum=0.9))
        layers.append(keras.layers.Activation("relu"))
    return keras.Sequential([*layers, keras.layers.Dense(10)])


class Program:
    """A compiled program, for recipes that differ in their initializer only."""

    def __init__(self, normalization: str) -> None:
        self.model = network(normalization)
        self.kernels = [i for i, v in enumerate(self.model.trainable_variables) if v.name == "kernel"]
        self.optimizer = keras.optimizers.Adam(0.001)
        self.optimizer.build(self.model.trainable_variables)
        self.at_rate = next(i for i, v in enumerate(self.optimizer.variables) if v.name == "learning_rate")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

        def loss_of(trained, others, x, y):
            answers, others = self.model.stateless_call(trained, others, x, training=True)
            return loss(y, answers), others

        gradients = jax.grad(loss_of, has_aux=True)

        def step(state, batch):
            trained, others, moments = state
            found, others = gradients(trained, others, *batch)
            trained, moments = self.optimizer.stateless_apply(moments, found, trained)
            norms = jnp.stack([jnp.linalg.norm(found[i]) for i in self.kernels])
            return (trained, others, moments), norms

        def correct(state, x, y):
            answers, _ = self.model.stateless_call(state[0], state[1], x, training=False)
            return jnp.mean(jnp.argmax(answers, axis=-1) == y)

        def train(state, batches, x, y):
            def part(state, rows):
                state, norms = jax.lax.scan(step, state, rows)
                return state, (norms[-1], correct(state, x, y))

            return jax.lax.scan(part, state, batches)

        self.train, self.correct = jax.jit(train), jax.jit(correct)

    def run(self, initializer: str, rate: float, seed: int, splits) -> tuple[float, float]:
        """Scores on validation and test examples of one training."""
        (x, y), validation, test = splits
        rng = np.random.default_rng(seed)
        trained = [v.value for v in self.model.trainable_variables]
        for place in self.kernels:
            trained[place] = INITIALIZERS[initializer](seed=int(rng.integers(2**31)))(trained[place].shape)
        moments = [v.value for v in self.optimizer.variables]
        moments[self.at_rate] = jnp.asarray(rate)
        rows = np.concatenate([rng.permutation(len(y)) for _ in range(-(-STEPS * BATCH // len(y)))])[: STEPS * BATCH]
        shape = (EVALUATIONS, STEPS // EVALUATIONS, BATCH)
        batches = x[rows].reshape(*shape, -1), y[rows].reshape(shape)
        state = (trained, [v.value for v in self.model.non_trainable_variables], moments)
        state, (_, scores) = self.train(state, batches, *validation)
        return float(scores[-1]), float(self.correct(state, *test))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--initializer", nargs="+", default=list(INITIALIZERS))
    parser.add_argument("--normalization", nargs="+", default=["none", "batch"])
    parser.add_argument("--trials", type=int, default=18)
    parser.add_argument("--replicates", type=int, default=6)
    asked, splits = parser.parse_args(), digits()
    rates = np.geomspace(1e-4, 1.0, 9)
    for normalization in asked.normalization:
        started = time.process_time()
        program = Program(normalization)
        program.run("he_normal", 0.001, 0, splits)
        compiled = time.process_time()
        program.run("he_normal", 0.001, 0, splits)
        once = time.process_time() - compiled
        took = {"compiling": compiled - started - once, "step_ms": 1000 * once / STEPS}
        for initializer in asked.initializer:
            rounds = np.resize(rates, asked.trials)
            trials = [program.run(initializer, rate, k // len(rates), splits) for k, rate in enumerate(rounds)]
            best = rates[int(np.argmax([validation for validation, _ in trials])) % len(rates)]
            tests = [program.run(initializer, best, 100 + k, splits)[1] for k in range(asked.replicates)]
            told = {"initializer": initializer, "normalization": normalization, "rate": float(best)}
            print(json.dumps({**told, "test": float(np.mean(tests)), **took}), flush=True)


if __name__ == "__main__":
    main()
