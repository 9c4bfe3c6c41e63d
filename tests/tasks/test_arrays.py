"""A user's own arrays: read whole or split, and refused with a reason."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.tasks import Draw, Task, TaskError, load_task

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(5, 3, (60, 4))
Y = np.arange(60) % 3


def load(folder: Path, arrays: dict[str, Any], replicate: int | None = None, **arguments: Any) -> Task:
    np.savez(folder / "mine.npz", **arrays)
    task = {"name": "arrays", "path": "mine.npz", **arguments}
    return load_task(task, draw=Draw(0, 0, replicate), folders=[str(folder)])


def test_whole_arrays_are_split_stratified_and_scaled_per_feature(tmp_path: Path) -> None:
    found = load(tmp_path, {"x": X * [1, 10, 100, 0], "y": Y})
    assert [len(split) for split in (found.train, found.validation, found.test)] == [36, 12, 12]
    np.testing.assert_array_equal(np.bincount(found.test.y), [4, 4, 4])
    np.testing.assert_allclose(found.train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.train.x.std(axis=0), [1, 1, 1, 0], rtol=1e-4)
    assert found.classes == 3
    assert found.train.x.dtype == np.float32
    assert found.train.y.dtype == np.int32


def test_arrays_that_come_split_stay_so(tmp_path: Path) -> None:
    given = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}
    found = load(tmp_path, given, scaling="none")
    assert [len(split) for split in (found.train, found.validation, found.test)] == [32, 8, 20]
    np.testing.assert_allclose(found.test.x, X[40:], rtol=1e-6)
    own = load(tmp_path, {**given, "x_validation": X[:7], "y_validation": Y[:7]}, scaling="none", train_size=30)
    assert [len(split) for split in (own.train, own.validation, own.test)] == [30, 7, 20]


def test_numbers_images_and_sequences(tmp_path: Path) -> None:
    numbers = load(tmp_path, {"x": X, "y": X.sum(axis=1)}, targets="numbers")
    assert numbers.classes is None
    assert numbers.train.y.shape == (36, 1)
    assert load(tmp_path, {"x": X.reshape(60, 2, 2), "y": Y}, examples="image").train.x.shape == (36, 2, 2, 1)
    assert load(tmp_path, {"x": X.reshape(60, 2, 2), "y": Y[:, None]}, examples="sequence").train.x.shape == (36, 2, 2)


def test_targets_that_are_numbers_are_scaled_by_the_training_examples(tmp_path: Path) -> None:
    given = {"x": X, "y": 1e6 + 1e3 * X[:, 0]}
    found = load(tmp_path, given, targets="numbers", target_scaling="standard")
    assert found.train.y.mean() == pytest.approx(0, abs=1e-3)
    assert found.train.y.std() == pytest.approx(1, abs=1e-3)
    assert load(tmp_path, given, targets="numbers").train.y.mean() > 1e6, "as they are, if nothing is said"


def test_each_replicate_draws_its_splits_unless_the_file_gives_them(tmp_path: Path) -> None:
    def drawn(given: dict[str, Any], part: str) -> list[np.ndarray]:
        return [np.sort(getattr(load(tmp_path, given, r, scaling="none"), part).x[:, 0]) for r in range(2)]

    assert not np.array_equal(*drawn({"x": X, "y": Y}, "test"))
    assert not np.array_equal(*drawn(SPLIT, "validation"))
    np.testing.assert_array_equal(*drawn(SPLIT, "test"))
    whole = {**SPLIT, "x_validation": X[:7], "y_validation": Y[:7]}
    np.testing.assert_array_equal(*drawn(whole, "validation"))


NAN = X.copy()
NAN[3, 1] = np.nan
SPLIT = {"x_train": X[:40], "y_train": Y[:40], "x_test": X[40:], "y_test": Y[40:]}


@pytest.mark.parametrize(
    ("arrays", "arguments", "message"),
    [
        ({"x": X}, {}, "mine.npz holds x. Expected: x and y; or x_train, y_train, x_test, y_test"),
        ({"a": X}, {}, "mine.npz holds no arrays"),
        ({"x": X[:, 0], "y": Y}, {}, r"x in mine.npz: expected shape \(examples, features\). Received: shape \(60,\)"),
        ({"x": X, "y": Y}, {"examples": "sequence"}, r"expected shape \(examples, time, features\)"),
        ({"x": X[:0], "y": Y[:0]}, {}, r"Received: shape \(0, 4\)"),
        ({"x": X.astype(str), "y": Y}, {}, "x in mine.npz: expected numbers. Received: dtype <U"),
        ({"x": X.astype(complex), "y": Y}, {}, "Received: dtype complex128"),
        ({"x": NAN, "y": Y}, {}, "finite numbers of the float32 range. Received: 1 that are not"),
        ({"x": X * 1e200, "y": Y}, {}, "finite numbers of the float32 range"),
        ({"x": X, "y": Y[:50]}, {}, r"y in mine.npz: expected a target for each of the 60 examples of x"),
        (
            {"x": X, "y": Y.astype(float)},
            {},
            "classes as whole numbers .or write targets: numbers.. Received: dtype float64",
        ),
        ({"x": X, "y": Y - 1}, {}, "classes from 0. Received: -1"),
        ({"x": X, "y": np.stack([Y, Y], 1)}, {}, r"y in mine.npz: expected shape \(examples,\)"),
        ({"x": X, "y": Y * 0}, {}, "have a single class"),
        ({"x": X, "y": Y * 2}, {}, "have no example of class 1"),
        ({"x": X, "y": np.arange(60)}, {}, "has 1 examples of class 0. Expected: 5 at least"),
        (
            {**SPLIT, "y_test": Y[40:] + 1},
            {},
            "the test examples of mine.npz have class 3. Expected: the classes 0 to 2",
        ),
        (
            {**SPLIT, "x_test": X[40:, :3]},
            {},
            r"x_test in mine.npz: expected examples of shape \(4,\). Received: \(3,\)",
        ),
        ({**SPLIT, "x_validation": X}, {}, "mine.npz has no y_validation"),
        ({"x": X, "y": NAN[:, 1]}, {"targets": "numbers"}, "y in mine.npz: expected finite numbers"),
        ({"x": X, "y": Y}, {"train_size": 37}, "36 training examples. Received: train_size 37"),
        ({"x": X, "y": np.array([{}] * 60, object)}, {}, "not readable as an .npz of plain arrays"),
        ({"x": X, "y": Y.astype(np.int64) + 2**32}, {}, "classes from 0 to 2147483647. Received: 4294967298"),
        ({"x": X, "y": Y.astype(np.uint64) + 2**63}, {}, "classes from 0 to 2147483647. Received: 9223372036854775810"),
        ({"x": X, "y": Y * (2**31 - 1) // 2}, {}, "have no example of class 1"),
        ({**SPLIT, "y_train": Y[:40] * 10**9}, {}, "have no example of class 1"),
        ({"x": X, "y": Y * 1e300}, {"targets": "numbers"}, r"numbers up to 1e\+18, .* Received: 0 to 2e\+300"),
        ({"x": X, "y": Y - 3e37}, {"targets": "numbers"}, "whose squares float32 holds"),
        (
            {"x_train": X[:40] * 1e-30, "y_train": Y[:40], "x_test": X[40:] * 1e30, "y_test": Y[40:]},
            {},
            "too far from the training examples",
        ),
    ],
)
@pytest.mark.filterwarnings("error")
def test_every_fault_is_told(tmp_path: Path, arrays: dict[str, Any], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        load(tmp_path, arrays, **arguments)


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"there is no file missing.npz. Looked in: .*"):
        load_task({"name": "arrays", "path": "missing.npz"}, folders=[str(tmp_path)])
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(
        TaskError, match=r"text.npz is not readable as an .npz of plain arrays: it is of another format"
    ):
        load_task({"name": "arrays", "path": "text.npz"}, folders=[str(tmp_path)])
    (tmp_path / "empty.npz").touch()
    with pytest.raises(TaskError, match=r"empty.npz is not readable as an .npz of plain arrays"):
        load_task({"name": "arrays", "path": "empty.npz"}, folders=[str(tmp_path)])
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(TaskError, match=r"one.npy is a single array"):
        load_task({"name": "arrays", "path": "one.npy"}, folders=[str(tmp_path)])


@pytest.mark.filterwarnings("error")
def test_inputs_near_the_end_of_float32_are_scaled(tmp_path: Path) -> None:
    large, plain = (load(tmp_path, {"x": X * size, "y": Y}).train.x for size in (1e37, 1))
    np.testing.assert_allclose(large, plain, rtol=1e-4, atol=1e-5)


def test_other_members_of_the_file_do_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, {"x": X, "y": Y, "names": np.array([{}], object)}).classes == 3


def npz(folder: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(folder / "mine.npz", "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return (folder / "mine.npz").read_bytes()


def npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def fault(folder: Path, data: bytes) -> str:
    """The message of a damaged file, which is one line."""
    (folder / "mine.npz").write_bytes(data)
    with pytest.raises(TaskError) as caught:
        load_task({"name": "arrays", "path": "mine.npz"}, folders=[str(folder)])
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


GOOD = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1)}", bytes(16))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000, 4)}", "not readable"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}", "not readable"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}", "not readable"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': 4}", "not readable"),
        ("{'descr': '<f9999999999', 'fortran_order': False, 'shape': (2, 1)}", "not readable"),
        ("{'descr': ['x'], 'fortran_order': False, 'shape': (2, 1)}", "not readable"),
        ("{'descr': '<f8', 'fortran_order': 3, 'shape': (2, 1)}", "not readable"),
        ("[" * 3000, "not readable"),
        ("(" * 200 + ")" * 200, "not readable"),
        ("{'descr': '<f8'", "not readable"),
        ("", "not readable"),
        ("\x1b[31m\n", "not readable"),
    ],
)
def test_headers_that_say_nonsense(tmp_path: Path, header: str, message: str) -> None:
    assert message in fault(tmp_path, npz(tmp_path, {"x.npy": npy(header), "y.npy": GOOD}))


def test_archives_that_are_read_by_nobody(tmp_path: Path) -> None:
    data = npz(tmp_path, {"x.npy": GOOD, "y.npy": GOOD})
    encrypted, unknown = bytearray(data), bytearray(data)
    for signature, flags, method in ((b"PK\x03\x04", 6, 8), (b"PK\x01\x02", 8, 10)):
        start = data.find(signature)
        while start >= 0:
            encrypted[start + flags] |= 1
            unknown[start + method] = 97
            start = data.find(signature, start + 1)
    assert "encrypted" in fault(tmp_path, bytes(encrypted))
    assert "compression" in fault(tmp_path, bytes(unknown))


def test_members_that_are_no_arrays(tmp_path: Path) -> None:
    message = fault(tmp_path, npz(tmp_path, {"x.npy": b"hello", "y.npy": GOOD}))
    assert message == "x in mine.npz is no array. Expected: arrays as numpy.savez writes them"
    assert "is no array" in fault(tmp_path, npz(tmp_path, {"x": b"", "y": b""}))


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_archive_ends_in_a_message_or_as_it_was(tmp_path: Path, seed: int) -> None:
    """A hundred real archives a seed, each with a few bytes changed, or cut short."""
    chance = random.Random(seed)
    np.savez_compressed(tmp_path / "good.npz", x=X, y=Y)
    good = (tmp_path / "good.npz").read_bytes()
    loaded = load_task({"name": "arrays", "path": "good.npz"}, folders=[str(tmp_path)]).train
    told = []
    for _ in range(100):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (tmp_path / "mine.npz").write_bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
        try:
            found = load_task({"name": "arrays", "path": "mine.npz"}, folders=[str(tmp_path)]).train
        except TaskError as error:
            told.append(str(error))
        else:
            np.testing.assert_array_equal(found.x, loaded.x)
    assert len(told) > 10
    assert all("mine.npz" in message for message in told)


@pytest.mark.parametrize("scaling", ["inputs", "targets"])
def test_large_numbers_are_scaled_before_they_are_rounded(tmp_path: Path, scaling: str) -> None:
    """Seconds since 1970 differ by 128 at least in float32, which leaves two values of a feature over some minutes."""
    noise = np.random.default_rng(0).normal(size=200)
    given = {"x": 1.7e9 + noise[:, None], "y": (noise > 0).astype(int)}
    arguments = {}
    if scaling == "targets":
        given, arguments = (
            {"x": noise[:, None], "y": 1.7e9 + noise},
            {"targets": "numbers", "target_scaling": "standard"},
        )
    task = load(tmp_path, given, **arguments)
    found = task.train.x if scaling == "inputs" else task.train.y
    assert found.dtype == np.float32
    assert len(np.unique(found)) == len(found)
    other = task.train.y if scaling == "inputs" else task.train.x[:, 0] > 0
    assert ((found[:, 0] > found.mean()) == other.astype(bool)).mean() > 0.9
