"""Images of one object each, to be told apart: scikit-learn's digits, and what `keras.datasets` serves."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from suite.tasks.base import Split, Task, TaskError

DATA_VARIABLE = "SUITE_DATA"
"""Environment variable that names the folder in which data files are looked for first."""

_DIGITS_SPLIT_SEED = 0


def digits(train_size: int | None = None, scaling: str = "standard") -> Task:
    """Scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels, split 60/20/20, stratified, always the same way."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    x = data.images[..., None].astype(np.float32) / 16
    y = data.target.astype(np.int32)
    rest, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=_DIGITS_SPLIT_SEED)
    train, validation = train_test_split(rest, test_size=0.25, stratify=y[rest], random_state=_DIGITS_SPLIT_SEED)
    return _task("digits", x, y, (train, validation, test), train_size, scaling)


def mnist(train_size: int | None = None, scaling: str = "standard") -> Task:
    """MNIST (LeCun, Cortes and Burges): 28 x 28 pixels; the last 10,000 of the 60,000 training images validate."""
    (x, y), (x_test, y_test) = _load_keras_dataset("mnist")
    x = np.concatenate([x, x_test])[..., None].astype(np.float32) / 255
    y = np.concatenate([y, y_test]).astype(np.int32)
    ends = np.split(np.arange(len(y)), [50_000, 60_000])
    return _task("mnist", x, y, (ends[0], ends[1], ends[2]), train_size, scaling)


def _task(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    splits: tuple[np.ndarray, np.ndarray, np.ndarray],
    train_size: int | None,
    scaling: str,
) -> Task:
    train, validation, test = splits
    if train_size is not None:
        if train_size > len(train):
            raise TaskError(f"{name} has {len(train)} training examples. Received: train_size {train_size}")
        train = train[:train_size]
    if scaling == "standard":
        x = (x - x[train].mean()) / x[train].std()
    return Task(
        name,
        *(Split(np.ascontiguousarray(x[rows]), np.ascontiguousarray(y[rows])) for rows in (train, validation, test)),
        classes=int(y.max()) + 1,
    )


def _load_keras_dataset(name: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The arrays of `keras.datasets.NAME`, from the user's data folder where a NAME.npz lies there."""
    folder = os.environ.get(DATA_VARIABLE)
    file = Path(folder, f"{name}.npz") if folder else None
    if file is not None and file.exists():
        try:
            with np.load(file) as data:
                return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
        except Exception as error:
            raise TaskError(f"{file} is not readable as {name}: {error}. Remove it, or put a whole copy there.") from error
    import keras

    try:
        return getattr(keras.datasets, name).load_data()
    except Exception as error:
        raise TaskError(
            f"{name} is neither in the data folder nor can it be downloaded ({type(error).__name__}). "
            f"Put {name}.npz (arrays x_train, y_train, x_test, y_test) into a folder and name it in {DATA_VARIABLE}. "
            f"{DATA_VARIABLE} is {folder!r}."
        ) from error
