"""A real MLflow store: a cell goes in whole or not at all, and comes back as it was."""

from __future__ import annotations

import dataclasses
import io
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.protocol.records import Cell, Failure
from suite.store import Store, StoreError, artifact
from tests.made import BUDGET, PROVENANCE, make_cell, make_record, make_replicate, nonfinite_replicate
from tests.store.stores import add, all_runs, client, fingerprints, load


def test_record_comes_back_as_it_was(store: Store) -> None:
    record = make_record(make_cell(3), replicates=(nonfinite_replicate(0), make_replicate(1, np.random.default_rng(1))))
    add(store, record)
    (found,) = load(store)
    assert found == record
    for before, after in zip(record.replicates, found.replicates, strict=True):
        assert before.traces.keys() == after.traces.keys()
        for name, trace in before.traces.items():
            np.testing.assert_array_equal(after.traces[name], trace)
            assert after.traces[name].dtype == trace.dtype


def test_provenance_comes_back(store: Store) -> None:
    add(store, make_record(make_cell()))
    (stored,) = store.load(store.recorded("made"), traces=False)
    assert stored.provenance == PROVENANCE
    assert not stored.record.replicates[0].traces


def test_reading_creates_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    assert store.recorded("made") == []
    assert store.benchmarks() == []
    assert not list(tmp_path.iterdir())


def test_replicates_are_nested_and_every_factor_is_a_param(store: Store) -> None:
    cell = make_cell(7, initializer={"name": "random_normal", "stddev": 0.01})
    add(store, make_record(cell))
    runs = {run.info.run_name: run for run in all_runs(store)}
    parent = runs.pop("7")
    assert [run.data.tags["mlflow.parentRunId"] for run in runs.values()] == [parent.info.run_id] * 3
    for run in (parent, *runs.values()):
        expected = {"number": "7", "activation": "relu", "initializer": "random_normal", "initializer.stddev": "0.01"}
        assert expected.items() <= run.data.params.items()
        assert run.info.status == "FINISHED"
    assert parent.data.tags["mlflow.source.git.commit"] == PROVENANCE.git_commit


def test_series_are_logged_at_the_probed_steps(store: Store) -> None:
    record = make_record(make_cell())
    add(store, record)
    run = next(run for run in all_runs(store) if run.info.run_name == "replicate 0: trained")
    history = client(store).get_metric_history(run.info.run_id, "loss/training")
    assert [point.step for point in history] == [1, 11, 21, 31, 40]
    traces = record.replicates[0].traces
    assert [point.value for point in history] == pytest.approx(traces["loss"][traces["probed_step"]].tolist())
    groups = {name.split("/")[0] for name in run.data.metrics}
    assert groups == {"loss", "accuracy", "gradient_log10", "update_ratio_log10", "units", "result"}


def test_no_metric_is_ever_nonfinite(store: Store, tmp_path: Path) -> None:
    add(store, make_record(make_cell(), replicates=(nonfinite_replicate(),)))
    with sqlite3.connect(tmp_path / "store.db") as database:
        values = database.execute("SELECT value, is_nan FROM metrics").fetchall()
    assert values
    assert not any(is_nan or abs(value) > 1e300 for value, is_nan in values)
    run = next(run for run in all_runs(store) if run.data.tags.get("outcome") == "nonfinite")
    assert (run.data.tags["nonfinite_step"], run.data.tags["nonfinite_layer"]) == ("12", "hidden_2")
    floor = client(store).get_metric_history(run.info.run_id, "gradient_log10/first_layer")[0].value
    assert -40 < floor < -37, "a gradient of exactly zero is shown as the float's floor"


def test_quick_slice_is_kept_apart(store: Store) -> None:
    add(store, make_record(make_cell(1)), make_record(make_cell(2, quick=True)))
    assert fingerprints(store) == [make_cell(1).fingerprint]
    assert fingerprints(store, quick=True) == [make_cell(2).fingerprint]
    assert store.benchmarks() == store.benchmarks(quick=True) == ["made"]


def test_failure_is_kept_and_success_takes_its_place(store: Store) -> None:
    cell = make_cell()
    add(store, Failure(cell, "the worker process died", 3))
    (entry,) = store.recorded("made")
    assert entry.error == "the worker process died"
    assert [run.info.status for run in all_runs(store)] == ["FAILED"]
    add(store, make_record(cell))
    (entry,) = store.recorded("made")
    assert not entry.error
    assert {run.info.status for run in all_runs(store)} == {"FINISHED"}


def test_a_record_takes_the_place_of_those_that_it_holds_and_of_no_others(store: Store) -> None:
    def asking(replicates: int, target: float = 0.9, trials: int = 4) -> Cell:
        budget = dataclasses.replace(BUDGET, replicates=replicates, trials=trials)
        return dataclasses.replace(make_cell(), budget=budget, target=target)

    runs = tuple(make_replicate(index, np.random.default_rng(index)) for index in range(3))
    add(store, make_record(asking(2, 0.8), replicates=runs[:2]), make_record(asking(3), replicates=runs))
    assert len(store.recorded("made")) == 1
    for cell in (asking(3), asking(1), asking(2, 0.8), asking(3, trials=2)):
        (entry,) = store.answering([cell]).values()
        assert entry.identity["replicates"] == 3
    assert not [cell for cell in (asking(4), asking(3, trials=5)) if store.answering([cell])]
    assert store.answering([asking(4)], partly=True), "the most that there is"
    assert not store.answering([asking(4, trials=5)], partly=True), "but of no other tuning"

    trials = make_record(make_cell()).trials
    better = tuple(dataclasses.replace(trials[0], trial=4 + i, learning_rate=0.3, repeat=i) for i in range(2))
    add(store, make_record(asking(3, trials=6), replicates=runs, trials=(*trials, *better), learning_rate=0.3))
    assert len(store.recorded("made")) == 2, "its first four trials chose another rate"
    for count, entries in ((4, 4), (6, 6)):
        (entry,) = store.answering([asking(3, trials=count)]).values()
        assert entry.identity["trials"] == entries
    assert [len(entries) for entries in store.known([asking(9)]).values()] == [2]


def test_a_cell_brings_its_picture_for_the_pages_of_mlflow(store: Store) -> None:
    add(store, make_record(make_cell(1)))
    (entry,) = store.recorded("made")
    assert Path(entry.artifacts, "gradients.svg").read_text().startswith("<svg ")
    page = Path(entry.artifacts, "gradients.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_cell_whose_artifact_was_deleted_is_not_recorded(store: Store, tmp_path: Path) -> None:
    add(store, make_record(make_cell()))
    (entry,) = store.recorded("made")
    assert Path(entry.artifacts).is_relative_to(tmp_path / "mlruns"), "beside the database, whatever the working folder"
    Path(entry.artifacts, "record.npz").unlink()
    assert Store(store.uri).recorded("made") == []
    add(store, make_record(make_cell()))
    assert len(load(store)) == 1
    assert len(all_runs(store)) == 4


@pytest.mark.parametrize(
    "array",
    [np.arange(6, dtype=np.int32).reshape(2, 3), np.asfortranarray(np.eye(3)[:2]), np.float32(2), np.zeros((0, 4)),
     np.array([True, False]), np.array(["a", "bc"])],
)  # fmt: skip
def test_traces_are_what_numpy_reads(array: np.ndarray) -> None:
    stream = io.BytesIO()
    np.savez(stream, **{"json": np.zeros(1), "2/some": array})
    (replicate,), (found,) = zip(*artifact.traces(stream).items(), strict=True)
    assert replicate == 2
    np.testing.assert_array_equal(found["some"], array)
    assert found["some"].dtype == array.dtype
    assert found["some"].flags.writeable


def test_objects_in_an_artifact_are_never_unpickled() -> None:
    stream = io.BytesIO()
    np.savez(stream, **{"0/some": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        artifact.traces(stream)


@pytest.mark.parametrize("damage", ["cut off", "other numbers"])
def test_damaged_artifact_is_told(store: Store, damage: str) -> None:
    add(store, make_record(make_cell()))
    (entry,) = store.recorded("made")
    file = Path(entry.artifacts, "record.npz")
    data = file.read_bytes()
    at = data.index(b"0/loss.npy") + 200
    file.write_bytes(data[:1000] if damage == "cut off" else data[:at] + b"?" + data[at + 1 :])
    with pytest.raises(StoreError, match=f"cell {entry.fingerprint} is damaged.*run {entry.run_id}"):
        load(store)


def test_deleted_experiment_is_begun_afresh(store: Store) -> None:
    add(store, make_record(make_cell(1)))
    client(store).delete_experiment(client(store).get_experiment_by_name("made").experiment_id)
    assert store.recorded("made") == []
    add(store, make_record(make_cell(2)))
    assert fingerprints(store) == [make_cell(2).fingerprint]


def test_one_writer_at_a_time(store: Store) -> None:
    with store.writing(), pytest.raises(StoreError, match="another `suite run` is writing to the store"):
        add(Store(store.uri), make_record(make_cell()))
    add(store, make_record(make_cell()))


def test_reading_goes_on_while_another_writes(store: Store) -> None:
    add(store, make_record(make_cell()))
    with store.writing():
        assert len(load(Store(store.uri))) == 1


def test_numpy_scalars_are_kept_as_numbers(store: Store) -> None:
    record = make_record(make_cell())
    odd: Any = np.float64(0.5)
    add(store, dataclasses.replace(record, learning_rate=odd, parameters=np.int64(5)))  # type: ignore[arg-type]
    (found,) = load(store)
    assert (found.learning_rate, found.parameters) == (0.5, 5)


def test_a_store_that_was_moved_is_read_and_written_where_it_is_now(tmp_path: Path, empty_database: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    shutil.copy(empty_database, before / "store.db")
    add(Store(f"sqlite:///{before / 'store.db'}"), make_record(make_cell(1)))
    before.rename(after)
    store = Store(f"sqlite:///{after / 'store.db'}")
    assert load(store) == [make_record(make_cell(1))]
    add(store, make_record(make_cell(2)))
    assert load(store) == [make_record(make_cell(1)), make_record(make_cell(2))]
    assert {run.info.artifact_uri.startswith(f"{after}/mlruns/made/") for run in all_runs(store)} == {True}
    assert not before.exists()
