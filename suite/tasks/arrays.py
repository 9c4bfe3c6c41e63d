"""A user's own arrays, from an .npz file, with every fault in them told before anything trains."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from suite.protocol.labels import printable
from suite.tasks.draw import FIRST, Draw
from suite.tasks.splits import Rows, drawn
from suite.tasks.task import Split, Task, TaskError

_WHOLE = ("x", "y")
_SPLIT = ("x_train", "y_train", "x_test", "y_test")
_VALIDATION = ("x_validation", "y_validation")
_NAMES = (*_WHOLE, *_SPLIT, *_VALIDATION)
_LONGEST_REASON = 200
_BEGINNINGS = (b"PK", b"\x93NUMPY")
"""Of the files that NumPy writes: of many arrays, and of a single one."""
_LAST_CLASS = np.iinfo(np.int32).max
_LARGEST_SQUARED = 1e18
"""The square of a larger number is too near to float32's largest for a sum of squares."""
_AXES = {"table": (2, "(examples, features)"), "sequence": (3, "(examples, time, features)"),
         "image": (4, "(examples, height, width, channels)")}  # fmt: skip


def arrays(
    path: str,
    examples: str = "table",
    targets: str = "classes",
    scaling: str = "standard",
    target_scaling: str = "none",
    train_size: int | None = None,
    draw: Draw = FIRST,
) -> Task:
    """The arrays of a .npz.

    It holds x and y, which are split 60/20/20 (classes in equal shares); or x_train, y_train, x_test and y_test, with
    x_validation and y_validation, or a fifth of the training rows drawn in their place. x is of
    numbers, with one more axis than an example has; images without channels get one. y is whole numbers from 0 for
    classes, of shape (examples,); or numbers, of shape (examples,) or (examples, outputs).

    Raises:
        TaskError: Something is missing or wrong; which array, and what was expected.
    """
    file = Path(path).name
    found = _load(Path(path))
    if set(_WHOLE) <= set(found):
        x, y = _checked(file, found, "x", "y", examples, targets)
        rows = _rows_of_whole(file, y, targets, draw)
    elif set(_SPLIT) <= set(found):
        x, y, rows = _join(file, found, examples, targets, draw)
    else:
        raise TaskError(
            f"{file} holds {', '.join(sorted(found)) or 'no arrays'}. Expected: {' and '.join(_WHOLE)}; or {', '.join(_SPLIT)}"
        )
    rows = rows.limited(train_size, file)
    x = _scaled(file, "inputs", x, rows.train) if scaling == "standard" else x.astype(np.float32)
    if targets == "numbers":
        y = _scaled(file, "targets", y, rows.train) if target_scaling == "standard" else y.astype(np.float32)
    parts = [Split(np.ascontiguousarray(x[members]), np.ascontiguousarray(y[members])) for members in rows]
    return Task(
        "arrays", parts[0], parts[1], parts[2], classes=_classes(file, y, rows) if targets == "classes" else None
    )


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise TaskError(f"there is no file {path}")
    try:
        with path.open("rb") as opened:
            if not opened.read(6).startswith(_BEGINNINGS):  # which NumPy would take for pickled objects
                raise ValueError("it is of another format. Expected: what numpy.savez writes")
        data = np.load(path, allow_pickle=False)
        with contextlib.nullcontext({"": data}) if isinstance(data, np.ndarray) else data as members:
            found = {name: members[name] for name in members if name in ("", *_NAMES)}
    except Exception as error:  # zipfile and NumPy raise a dozen kinds at a damaged file, and more with each version
        text = printable((str(error).splitlines() or [""])[0])[:_LONGEST_REASON]
        reason = text or type(error).__name__
        raise TaskError(f"{path.name} is not readable as an .npz of plain arrays: {reason}") from error
    if "" in found:
        raise TaskError(f"{path.name} is a single array. Expected: an .npz of named arrays, as numpy.savez makes it")
    no_arrays = [name for name, value in found.items() if not isinstance(value, np.ndarray)]
    if no_arrays:
        raise TaskError(f"{no_arrays[0]} in {path.name} is no array. Expected: arrays as numpy.savez writes them")
    return found


def _checked(
    file: str, found: Mapping[str, np.ndarray], x_name: str, y_name: str, examples: str, targets: str
) -> tuple[np.ndarray, np.ndarray]:
    """One pair of arrays as float64 inputs and int32 or float64 targets.

    float64, until they are scaled: in float32 the seconds since 1970 differ by 128 at least.
    """
    x, y = found[x_name], found[y_name]

    def fail(name: str, expected: str, received: str) -> TaskError:
        return TaskError(f"{name} in {file}: expected {expected}. Received: {received}")

    axes, shape = _AXES[examples]
    if examples == "image" and x.ndim == 3:
        x = x[..., None]
    if x.ndim != axes or 0 in x.shape:
        raise fail(x_name, f"shape {shape}", f"shape {found[x_name].shape}")
    if x.dtype.kind not in "fiub":
        raise fail(x_name, "numbers", f"dtype {x.dtype}")
    with np.errstate(over="ignore"):
        faults = ~np.isfinite(x.astype(np.float32))
    if faults.any():
        raise fail(x_name, "finite numbers of the float32 range", f"{faults.sum()} that are not (NaN or infinite)")
    x = x.astype(np.float64)
    if y.shape[:1] != x.shape[:1]:
        raise fail(y_name, f"a target for each of the {len(x)} examples of {x_name}", f"shape {y.shape}")
    if targets == "classes":
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim != 1:
            raise fail(y_name, "shape (examples,)", f"shape {y.shape}")
        if y.dtype.kind not in "iub":
            raise fail(y_name, "classes as whole numbers (or write targets: numbers)", f"dtype {y.dtype}")
        if y.min() < 0:
            raise fail(y_name, "classes from 0", f"{y.min()}")
        if y.max() > _LAST_CLASS:
            raise fail(y_name, f"classes from 0 to {_LAST_CLASS}", f"{y.max()}")
        return x, y.astype(np.int32)
    if y.ndim > 2 or 0 in y.shape:
        raise fail(y_name, "shape (examples,) or (examples, outputs)", f"shape {y.shape}")
    if y.dtype.kind not in "fiub":
        raise fail(y_name, "finite numbers", f"dtype {y.dtype}")
    if not np.isfinite(y).all():
        raise fail(y_name, "finite numbers", "NaN or infinite ones")
    if np.abs(y.astype(np.longdouble)).max() > _LARGEST_SQUARED:
        raise fail(
            y_name, f"numbers up to {_LARGEST_SQUARED:g}, whose squares float32 holds", f"{y.min():g} to {y.max():g}"
        )
    return x, y.reshape(len(y), -1).astype(np.float64)


def _rows_of_whole(file: str, y: np.ndarray, targets: str, draw: Draw) -> Rows:
    if len(y) < 5:
        raise TaskError(f"{file} has {len(y)} examples. Expected: 5 at least, to be split 60/20/20")
    if targets == "classes":
        known, counts = np.unique(y, return_counts=True)
        if counts.min() < 5:
            raise TaskError(f"{file} has {counts.min()} examples of class {known[counts.argmin()]}. Expected: 5 "
                            "at least of each, to be split 60/20/20")  # fmt: skip
    fifth = len(y) // 5
    return drawn(np.arange(len(y)), y, draw, validation=fifth, test=fifth, classes=targets == "classes")


def _join(
    file: str, found: Mapping[str, np.ndarray], examples: str, targets: str, draw: Draw
) -> tuple[np.ndarray, np.ndarray, Rows]:
    """Arrays that come split, one behind the other. Without arrays to validate on, a part of the training rows is drawn."""
    names = [("x_train", "y_train"), ("x_test", "y_test")]
    if any(name in found for name in _VALIDATION):
        missing = [name for name in _VALIDATION if name not in found]
        if missing:
            raise TaskError(f"{file} has no {missing[0]}. Expected: both of {' and '.join(_VALIDATION)}, or neither")
        names.insert(1, ("x_validation", "y_validation"))
    pairs = [_checked(file, found, x_name, y_name, examples, targets) for x_name, y_name in names]
    for (x_name, y_name), (x, y) in zip(names, pairs, strict=True):
        for name, array, first in ((x_name, x, pairs[0][0]), (y_name, y, pairs[0][1])):
            if array.shape[1:] != first.shape[1:]:
                raise TaskError(
                    f"{name} in {file}: expected examples of shape {first.shape[1:]}. Received: {array.shape[1:]}"
                )
    x, y = (np.concatenate(arrays) for arrays in zip(*pairs, strict=True))
    ends = np.cumsum([len(part) for part, _ in pairs])
    train, *validation, test = np.split(np.arange(ends[-1]), ends[:-1])
    if validation:
        return x, y, Rows(train, validation[0], test)
    if len(train) < 3:
        raise TaskError(f"x_train in {file} has {len(train)} examples. Expected: 3 at least, a fifth of them validates")
    fifth = max(1, len(train) // 5)
    rows = drawn(train, y, draw, validation=fifth, test=0, classes=targets == "classes")
    return x, y, Rows(rows.train, rows.validation, test)


def _classes(file: str, y: np.ndarray, rows: Rows) -> int:
    """How many classes there are: those of the training rows, each of them at least once."""
    known = np.unique(y[rows.train])
    missing = np.flatnonzero(known != np.arange(len(known)))
    if len(known) < 2 or len(missing):
        what = f"no example of class {missing[0]}" if len(missing) else "a single class"
        raise TaskError(
            f"the training examples of {file} have {what}. Expected: classes 0 to k - 1, each at least once"
        )
    for part, members in (("validation", rows.validation), ("test", rows.test)):
        if y[members].max() >= len(known):
            raise TaskError(f"the {part} examples of {file} have class {y[members].max()}. Expected: the classes 0 to "
                            f"{len(known) - 1} of the training examples")  # fmt: skip
    return len(known)


def _scaled(file: str, what: str, x: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Mean 0 and variance 1 of every entry of the last axis over the training rows; what is constant there becomes 0."""
    axes = tuple(range(x.ndim - 1))
    mean, deviation = x[train].mean(axis=axes), x[train].std(axis=axes)
    with np.errstate(over="ignore"):
        x = ((x - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32, copy=False)
    if not np.isfinite(x).all():
        raise TaskError(f"{file}: some {what} lie too far from the training examples to be scaled by these. Expected: "
                        f"{what} of like size, or no scaling of them")  # fmt: skip
    return x
