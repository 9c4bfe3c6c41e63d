"""Images: sizes, layouts, and what is said where data are missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from suite.tasks import Task, TaskError, form_of, load_task
from suite.tasks.images import DATA_VARIABLE, lay_out


def digits(**arguments: object) -> Task:
    return load_task({"name": "digits", **arguments})


def rows_of(found: Task) -> list[set[bytes]]:
    return [{row.tobytes() for row in split.x} for split in (found.train, found.validation, found.test)]


def test_digits_are_split_60_20_20_with_nothing_shared() -> None:
    found = digits()
    assert [len(split) for split in (found.train, found.validation, found.test)] == [1077, 360, 360]
    train, validation, test = rows_of(found)
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert found.classes == 10
    assert found.chance_score == pytest.approx(0.1, abs=0.01)


def test_the_number_of_training_examples_is_known_without_loading() -> None:
    form, task = form_of({"name": "digits"}), digits()
    assert (form.train, form.held_out) == (len(task.train), len(task.validation))


def test_standard_scaling_is_over_the_training_split() -> None:
    found = digits()
    assert found.train.x.mean() == pytest.approx(0, abs=1e-4)
    assert found.train.x.std() == pytest.approx(1, abs=1e-4)
    unit = digits(scaling="unit").train.x
    assert (unit.min(), unit.max()) == (0, 1)


def test_train_size_takes_the_first_and_leaves_the_other_splits() -> None:
    few, many = digits(train_size=50, scaling="unit"), digits(scaling="unit")
    np.testing.assert_array_equal(few.train.x, many.train.x[:50])
    np.testing.assert_array_equal(few.test.x, many.test.x)
    with pytest.raises(TaskError, match=r"1077 training examples\. Received: train_size 2000"):
        digits(train_size=2000)


def test_layouts_show_the_same_pixels() -> None:
    images = np.arange(2 * 3 * 4 * 2, dtype=np.float32).reshape(2, 3, 4, 2)
    rows, pixels = lay_out(images, "rows", False), lay_out(images, "pixels", False)
    assert rows.shape == (2, 3, 8)
    assert pixels.shape == (2, 12, 2)
    np.testing.assert_array_equal(rows[1, 2], images[1, 2].reshape(-1))
    np.testing.assert_array_equal(pixels[1, 4 + 1], images[1, 1, 1])
    assert digits(layout="rows").train.x.shape == (1077, 8, 8)
    assert digits(layout="pixels").train.x.shape == (1077, 64, 1)
    assert form_of({"name": "digits", "layout": "pixels"}).examples == "sequence"
    assert [form_of({"name": "digits", "layout": layout}).steps for layout in ("rows", "pixels")] == [8, 64]


def test_a_permutation_is_the_same_for_every_image_and_every_time() -> None:
    plain, mixed = digits(layout="pixels"), digits(layout="pixels", permutation=True)
    for split in ("train", "test"):
        before, after = getattr(plain, split).x[..., 0], getattr(mixed, split).x[..., 0]
        assert not np.array_equal(before, after)
        np.testing.assert_array_equal(np.sort(before, axis=1), np.sort(after, axis=1))
    order = [int(np.flatnonzero((plain.train.x[..., 0] == column[:, None]).all(axis=0))[0])
             for column in mixed.train.x[..., 0].T if column.std() > 0.5]  # fmt: skip
    assert len(set(order)) == len(order)
    np.testing.assert_array_equal(mixed.train.x, digits(layout="pixels", permutation=True).train.x)


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    return tmp_path


def served(count: int, *shape: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (count + 50, *shape), dtype=np.uint8)
    y = (np.arange(count + 50) % 10).astype(np.uint8)
    return {"x_train": x[:count], "y_train": y[:count, None], "x_test": x[count:], "y_test": y[count:, None]}


@pytest.mark.parametrize(("name", "shape"), [("fashion_mnist", (4, 4)), ("cifar10", (4, 4, 3))])
def test_a_dataset_from_the_data_folder(data_folder: Path, name: str, shape: tuple[int, ...]) -> None:
    arrays = served(20_200, *shape)
    np.savez(data_folder / f"{name}.npz", **arrays)
    found = load_task({"name": name, "scaling": "unit"})
    assert [len(split) for split in (found.train, found.validation, found.test)] == [10_200, 10_000, 50]
    image = arrays["x_test"][0].reshape(4, 4, -1)
    np.testing.assert_allclose(found.test.x[0], image / np.float32(255), rtol=1e-6)
    assert load_task({"name": name, "layout": "rows"}).train.x.shape == (10_200, 4, 4 * image.shape[-1])


def test_offline_and_absent_says_what_to_do(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(data_folder))
    for scheme in ("http_proxy", "https_proxy"):  # nobody answers there: as good as no network
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    program = "from suite.tasks import load_task; load_task({'name': 'mnist'})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "TaskError: mnist is neither in the data folder nor can it be downloaded" in done.stderr
    assert (
        f"Put mnist.npz (arrays x_train, y_train, x_test, y_test) into a folder and name it in {DATA_VARIABLE}"
        in done.stderr
    )


def test_a_file_that_is_no_dataset_says_what_to_do(data_folder: Path) -> None:
    (data_folder / "mnist.npz").write_bytes(b"not an archive")
    with pytest.raises(TaskError, match=r"mnist\.npz is not readable as mnist.*Remove it"):
        load_task({"name": "mnist"})
    np.savez(data_folder / "cifar10.npz", **served(20, 4, 4, 3))
    with pytest.raises(TaskError, match="cifar10 has 20 training images"):
        load_task({"name": "cifar10"})
