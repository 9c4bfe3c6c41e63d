"""A store of before fingerprints went by revision: what holds is found, what does not is told.

`older/` holds two records as they were written then, of the spec below.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suite.protocol.labels import label_text
from suite.protocol.records import Cell
from suite.run.gather import gather_older
from suite.run.plan import make_plan
from suite.spec import expand
from suite.store import Store
from tests.made import PROVENANCE
from tests.spec.specs import one
from tests.spec.test_expansion import entries_changed

OLDER = Path(__file__).with_name("older")
SPEC = """\
name: tiny
seed: 1
task: digits
model: mlp
target: 0.5
fixed: {depth: 3, width: 16, batch_size: 64}
grid:
  activation: [relu, {name: 'mine:bent', label: bent}]
  initializer: [he_normal, {name: random_normal, stddev: 0.01, label: small}]
  optimizer: [sgd]
budget: {steps: 10, trials: 2, replicates: 2, evaluations: 3, learning_rate: {low: 1e-3, high: 1.0}}
"""
FINGERPRINTS = {"relu": "a9ad4f6afc2a8bb2", "bent": "473eeb3e8fbb765e"}
NOT_KEPT = "recorded by an earlier version, which did not keep what mine.py was"


@pytest.fixture
def of_their_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are asked for as protocol 1 has them."""
    monkeypatch.setattr("suite.spec.identity.PROTOCOL_VERSION", 1)


@pytest.fixture
def store(tmp_path: Path, database_copy: Callable[[Path], Store]) -> Store:
    """With a run for each of the two records, tagged as then, and one for a cell that could not be run."""
    store = database_copy(tmp_path / "store.db")
    (tmp_path / "mine.py").write_text("import keras\n\n\ndef bent(x):\n    return keras.ops.tanh(x) + 0.1 * x\n")
    mlflow = client(store)
    experiment = mlflow.create_experiment("tiny", str(tmp_path / "mlruns" / "tiny"), {"suite.benchmark": "tiny"})
    for name, fingerprint in {**FINGERPRINTS, "failed": "0123456789abcdef"}.items():
        tags = {
            "suite.kind": "cell",
            "suite.fingerprint": fingerprint,
            "suite.seconds": "2",
            "suite.compile_seconds": "1",
        }
        run = mlflow.create_run(experiment, tags=tags).info.run_id
        if name == "failed":
            mlflow.set_tag(run, "suite.error", "the worker process died")
        else:
            shutil.copy(OLDER / f"{name}.npz", tmp_path / "record.npz")
            mlflow.log_artifact(run, str(tmp_path / "record.npz"))
        mlflow.set_terminated(run, "FAILED" if name == "failed" else "FINISHED")
    return store


def client(store: Store) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=store.uri)


def tags_of_cells(store: Store) -> list[dict[str, str]]:
    mlflow = client(store)
    return [run.data.tags for run in mlflow.search_runs([mlflow.get_experiment_by_name("tiny").experiment_id])]


def the_cell(folder: Path, text: str = SPEC) -> Cell:
    """The one of the records that names nothing of a user's own."""
    return expand(one(folder, text))[0]


def test_records_of_an_older_protocol_answer_nothing_and_are_shown_as_such(store: Store, tmp_path: Path) -> None:
    plan = make_plan(one(tmp_path, SPEC), store)
    assert not plan.recorded
    assert dict(plan.reasons) == {
        "never run": 2,
        "the protocol's version changed from 1 to 2": 1,
        f"the protocol's version changed from 1 to 2, {NOT_KEPT}": 1,
    }
    older = gather_older(one(tmp_path, SPEC), store, 1)
    assert [record.protocol_version for record in older.records] == [1, 1]
    assert {label_text(s.record.cell.factors["activation"]) for s in older.ranked} == {"relu", "bent"}


@pytest.mark.usefixtures("of_their_protocol")
def test_a_record_is_found_by_the_cell_that_it_holds(store: Store, tmp_path: Path) -> None:
    (entry,) = store.answering(expand(one(tmp_path, SPEC))).values()
    assert entry.fingerprint == the_cell(tmp_path).fingerprint != FINGERPRINTS["relu"]
    (stored,) = store.load([entry])
    assert {**the_cell(tmp_path).recipe, **stored.record.cell.recipe} == the_cell(tmp_path).recipe
    assert len(stored.record.replicates) == 2
    assert stored.record.replicates[0].traces["loss"].shape == (10,)
    assert [tags["suite.fingerprint"] for tags in tags_of_cells(store) if "suite.identity" in tags] == []


@pytest.mark.usefixtures("of_their_protocol")
def test_what_does_not_hold_is_told_with_its_reason(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reasons(text: str = SPEC) -> dict[str, int]:
        return dict(make_plan(one(tmp_path, text), Store(store.uri)).reasons)

    assert reasons() == {"never run": 2, NOT_KEPT: 1}
    assert reasons(SPEC.replace("target: 0.5", "target: 0.6")) == reasons(), "a target only judges"
    assert reasons(SPEC.replace("replicates: 2", "replicates: 5"))["2 of 5 replicates are there"] == 1
    assert reasons(SPEC.replace("width: 16", "width: 64"))["width changed from 16 to 64"] == 1
    from suite.catalog.activations import ACTIVATIONS

    entries_changed(monkeypatch, ACTIVATIONS, "relu", revision=2)
    assert reasons() == {"never run": 2, "activations.relu was revised": 1, NOT_KEPT: 1}


@pytest.mark.usefixtures("of_their_protocol")
def test_the_next_writer_tags_the_records_and_then_they_are_not_opened_to_be_found(
    store: Store, tmp_path: Path
) -> None:
    with store.writing() as writer:
        writer.open_benchmark(the_cell(tmp_path), PROVENANCE)
    tagged = [tags for tags in tags_of_cells(store) if "suite.identity" in tags]
    assert len(tagged) == 2
    assert the_cell(tmp_path).fingerprint in {tags["suite.fingerprint"] for tags in tagged}
    for file in (tmp_path / "mlruns").rglob("record.npz"):
        file.write_bytes(b"not looked into")
    plan = make_plan(one(tmp_path, SPEC), Store(store.uri))
    assert list(plan.recorded) == [the_cell(tmp_path).fingerprint]
    assert dict(plan.reasons) == {"never run": 2, NOT_KEPT: 1}
