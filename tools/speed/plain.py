"""What a careful user would write without the suite: Keras, Optuna, validation and a gradient callback, on all cores.

It does for each cell what the suite does: as many trials over the same range, as many replicates and steps, a validation
pass and per-layer gradient norms about twenty times in a run. Each training builds and compiles anew.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import time

DEPTH, WIDTH, BATCH, EPOCHS = 20, 64, 64, 20


def train_cell(cell: dict) -> dict:
    """Tunes and replicates one recipe; returns its scores."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    import keras
    import numpy as np
    import optuna
    import tensorflow as tf
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    started = time.perf_counter()
    trials, replicates = cell["trials"], cell["replicates"]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data = load_digits()
    x, y = data.data.astype("float32") / 16, data.target
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.25, stratify=y_rest, random_state=0)
    mean, std = x_train.mean(), x_train.std()
    x_train, x_val, x_test = ((part - mean) / std for part in (x_train, x_val, x_test))
    initializers = {
        "small": lambda seed: keras.initializers.RandomNormal(stddev=0.01, seed=seed),
        "glorot_uniform": lambda seed: keras.initializers.GlorotUniform(seed),
        "he_normal": lambda seed: keras.initializers.HeNormal(seed),
        "large": lambda seed: keras.initializers.RandomNormal(stddev=1.0, seed=seed),
    }
    optimizers = {
        "sgd": keras.optimizers.SGD,
        "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
        "adam": keras.optimizers.Adam,
    }

    class GradientNorms(keras.callbacks.Callback):
        """Norm of every kernel's gradient on one batch, after each epoch."""

        def set_model(self, model):
            super().set_model(model)
            self.norms = []
            kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Dense)]
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

            @tf.function
            def measure():
                with tf.GradientTape() as tape:
                    value = loss(y_train[:BATCH], model(x_train[:BATCH], training=True))
                return [tf.norm(g) for g in tape.gradient(value, [k.value for k in kernels])]

            self._measure = measure

        def on_epoch_end(self, epoch, logs=None):
            self.norms.append([float(norm) for norm in self._measure()])

    def train(rate: float, seed: int) -> tuple[keras.Model, float]:
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((64,))])
        for layer in range(DEPTH):
            model.add(
                keras.layers.Dense(WIDTH, kernel_initializer=initializers[cell["initializer"]](seed * 100 + layer))
            )
            if cell["normalization"] == "batch":
                model.add(keras.layers.BatchNormalization(momentum=0.9))
            if cell["normalization"] == "layer":
                model.add(keras.layers.LayerNormalization())
            model.add(keras.layers.Activation(cell["activation"]))
        model.add(keras.layers.Dense(10))
        model.compile(
            optimizer=optimizers[cell["optimizer"]](rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = model.fit(
            x_train,
            y_train,
            batch_size=BATCH,
            epochs=EPOCHS,
            validation_data=(x_val, y_val),
            callbacks=[GradientNorms(), keras.callbacks.TerminateOnNaN()],
            verbose=0,
        )
        score = history.history.get("val_accuracy", [0.0])[-1]
        return model, 0.0 if np.isnan(score) else score

    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=trials // 2)
    )
    study.optimize(lambda trial: train(trial.suggest_float("rate", 1e-4, 1.0, log=True), 0)[1], n_trials=trials)
    scores = []
    for seed in range(1, replicates + 1):
        model, _ = train(study.best_params["rate"], seed)
        scores.append(model.evaluate(x_test, y_test, verbose=0, batch_size=360)[1])
    keras.backend.clear_session()
    found = {"rate": study.best_params["rate"], "test": float(np.mean(scores)) if scores else None}
    return {**cell, **found, "training_seconds": time.perf_counter() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for factor in ("activation", "initializer", "normalization", "optimizer"):
        parser.add_argument(f"--{factor}", nargs="+", required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--replicates", type=int, default=5)
    factors = vars(parser.parse_args())
    workers = factors.pop("workers")
    runs = {name: factors.pop(name) for name in ("trials", "replicates")}
    cells = [runs | dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())]
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for result in pool.imap_unordered(train_cell, cells):
            print(json.dumps(result), flush=True)
    print(json.dumps({"cells": len(cells), "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
