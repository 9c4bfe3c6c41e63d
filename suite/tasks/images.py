"""Images of one object each, to be told apart: scikit-learn's digits, and what `keras.datasets` serves."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import numpy as np

from suite.tasks.draw import FIRST, Draw
from suite.tasks.splits import Rows, drawn
from suite.tasks.task import Split, Task, TaskError

DATA_VARIABLE = "SUITE_DATA"
"""Environment variable that names the folder in which data files are looked for first."""

_PERMUTATION_SEED = 0
_VALIDATION = 10_000  # of the training images validate


def digits(train_size: int | None = None, draw: Draw = FIRST, **reading: Any) -> Task:
    """Scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels, split 60/20/20 with the classes in equal shares.

    Args:
        train_size: Number of training examples; default: all.
        draw: Draw of the splits.
        reading: `scaling`, `layout` and `permutation`.
    """
    x, y = _digits()
    rows = drawn(np.arange(len(y)), y, draw, validation=360, test=360, classes=True)
    return _task("digits", x, y, rows.limited(train_size, "digits"), **reading)


@functools.cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.images[..., None] / 16, data.target.astype(np.int32)


def _served(name: str, train_size: int | None = None, draw: Draw = FIRST, **reading: Any) -> Task:
    """A dataset of `keras.datasets` with its own test images; 10,000 drawn from the others validate. Arguments as of `digits`."""
    x, y, tested = _joined(name, os.environ.get(DATA_VARIABLE))
    others, test = np.split(np.arange(len(y)), [len(y) - tested])
    if len(others) <= 2 * _VALIDATION:
        raise TaskError(
            f"{name} has {len(others):,} training images. Expected: more than {2 * _VALIDATION:,}, since "
            f"{_VALIDATION:,} choose the learning rate and others validate"
        )
    rows = drawn(others, y, draw, validation=_VALIDATION, test=0, classes=True)
    rows = Rows(rows.train, rows.validation, test)
    return _task(name, x, y, rows.limited(train_size, name), brightest=255, **reading)


@functools.lru_cache(maxsize=1)
def _joined(name: str, folder: str | None) -> tuple[np.ndarray, np.ndarray, int]:
    """All images and classes of a dataset, the test images last, and the number of those."""
    (x, y), (x_test, y_test) = _load_keras_dataset(name, folder)
    x = np.concatenate([x, x_test])
    x = x[..., None] if x.ndim == 3 else x
    return x, np.concatenate([y, y_test]).reshape(-1).astype(np.int32), len(y_test)


mnist, fashion_mnist, cifar10 = (functools.partial(_served, name) for name in ("mnist", "fashion_mnist", "cifar10"))


def _task(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    rows: Rows,
    scaling: str = "standard",
    layout: str = "image",
    permutation: bool = False,
    brightest: float = 1.0,
) -> Task:
    """The three splits of images of shape (examples, height, width, channels), scaled and laid out."""
    pixels = x[rows.train].astype(np.float32) / brightest
    mean, deviation = (pixels.mean(), pixels.std()) if scaling == "standard" else (np.float32(0), np.float32(1))

    def split(members: np.ndarray) -> Split:
        images = (x[members].astype(np.float32) / brightest - mean) / deviation
        return Split(lay_out(images, layout, permutation), np.ascontiguousarray(y[members]))

    return Task(name, split(rows.train), split(rows.validation), split(rows.test), classes=int(y.max()) + 1)


def lay_out(images: np.ndarray, layout: str, permutation: bool) -> np.ndarray:
    """Images as they are to be read.

    Args:
        images: Shape (examples, height, width, channels).
        layout: `image` leaves them; `rows` makes (examples, height, width * channels), `pixels` makes
            (examples, height * width, channels).
        permutation: Whether pixels first change places, in the same random way in every image.
    """
    count, height, width, channels = images.shape
    if permutation:
        order = np.random.default_rng(_PERMUTATION_SEED).permutation(height * width)
        images = images.reshape(count, height * width, channels)[:, order].reshape(images.shape)
    if layout == "rows":
        images = images.reshape(count, height, width * channels)
    elif layout == "pixels":
        images = images.reshape(count, height * width, channels)
    return np.ascontiguousarray(images, np.float32)


def _load_keras_dataset(
    name: str, folder: str | None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The arrays of `keras.datasets.NAME`, from the user's data folder where a NAME.npz lies there."""
    file = Path(folder, f"{name}.npz") if folder else None
    if file is not None and file.exists():
        try:
            with np.load(file) as data:
                return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
        except Exception as error:
            raise TaskError(
                f"{file} is not readable as {name}: {error}. Remove it, or put a whole copy there."
            ) from error
    import keras

    try:
        return getattr(keras.datasets, name).load_data()
    except Exception as error:
        raise TaskError(
            f"{name} is neither in the data folder nor can it be downloaded ({type(error).__name__}). "
            f"Put {name}.npz (arrays x_train, y_train, x_test, y_test) into a folder and name it in {DATA_VARIABLE}. "
            f"{DATA_VARIABLE} is {folder!r}."
        ) from error
