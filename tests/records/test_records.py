"""A cell's file goes into the folder whole or not at all, and its record comes back as it was."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.protocol.records import Cell, Failure
from suite.records import Records, RecordsError, Writer
from tests.made import BUDGET, PROVENANCE, make_cell, make_record, make_replicate, nonfinite_replicate
from tests.records.made_records import add, add_cells, fingerprints, load


def test_record_comes_back_as_it_was(records: Records) -> None:
    record = make_record(make_cell(3), replicates=(nonfinite_replicate(0), make_replicate(1, np.random.default_rng(1))))
    add(records, record)
    (found,) = load(records)
    assert found == record
    for before, after in zip(record.replicates, found.replicates, strict=True):
        assert before.traces.keys() == after.traces.keys()
        for name, trace in before.traces.items():
            np.testing.assert_array_equal(after.traces[name], trace)
            assert after.traces[name].dtype == trace.dtype
    (stored,) = records.load(records.recorded("made"), traces=False)
    assert stored.provenance == PROVENANCE
    assert not stored.record.replicates[0].traces


def test_numpy_scalars_are_kept_as_numbers(records: Records) -> None:
    odd: Any = np.float64(0.5)
    add(records, make_record(make_cell(), learning_rates=(odd,), parameters=np.int64(5)))
    (found,) = load(records)
    assert (found.learning_rates, found.parameters) == ((0.5,), 5)


def test_reading_creates_nothing(records: Records, tmp_path: Path) -> None:
    assert records.recorded("made") == []
    assert records.benchmarks() == []
    assert not list(tmp_path.iterdir())


def test_the_folder_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUITE_RECORDS", str(tmp_path / "shared" / "ours"))
    add_cells(Records(), 1)
    assert [path.name for path in (tmp_path / "shared/ours/made").glob("*.npz")] == ["0000000000000001.1x4r3.npz"]
    monkeypatch.delenv("SUITE_RECORDS")
    assert Records().folder == tmp_path / "records"
    assert Records().place == "records"


def test_quick_slice_is_kept_apart(records: Records) -> None:
    add(records, make_record(make_cell(1)), make_record(make_cell(2, quick=True)))
    assert fingerprints(records) == [make_cell(1).fingerprint]
    assert fingerprints(records, quick=True) == [make_cell(2).fingerprint]
    assert records.benchmarks() == records.benchmarks(quick=True) == ["made"]


def test_failure_is_kept_and_success_takes_its_place(records: Records) -> None:
    cell = make_cell()
    add(records, Failure(cell, "the worker process died", 3))
    (entry,) = records.recorded("made")
    assert entry.error == "the worker process died"
    assert load(records) == []
    add(records, make_record(cell))
    (entry,) = records.recorded("made")
    assert not entry.error


def test_a_record_takes_the_place_of_those_that_it_holds_and_of_no_others(records: Records) -> None:
    def asking(replicates: int, target: float = 0.9, trials: int = 4) -> Cell:
        budget = dataclasses.replace(BUDGET, replicates=replicates, trials=trials)
        return dataclasses.replace(make_cell(), budget=budget, target=target)

    runs = tuple(make_replicate(index, np.random.default_rng(index)) for index in range(3))
    add(records, make_record(asking(2, 0.8), replicates=runs[:2]), make_record(asking(3), replicates=runs))
    assert len(records.recorded("made")) == 1
    for cell in (asking(3), asking(1), asking(2, 0.8), asking(3, trials=2)):
        (entry,) = records.answering([cell]).values()
        assert entry.identity["replicates"] == 3
    assert not [cell for cell in (asking(4), asking(3, trials=5)) if records.answering([cell])]
    assert records.answering([asking(4)], partly=True), "the most that there is"
    assert not records.answering([asking(4, trials=5)], partly=True), "but of no other tuning"

    trials = make_record(make_cell()).trials
    better = tuple(dataclasses.replace(trials[0], trial=4 + i, learning_rate=0.3, repeat=i) for i in range(2))
    anew = tuple(dataclasses.replace(run, learning_rate=0.3) for run in runs)
    add(records, make_record(asking(3, trials=6), replicates=anew, trials=(*trials, *better), learning_rates=(0.3,)))
    assert len(records.recorded("made")) == 2, "its first four trials chose another rate"
    for count in (4, 6):
        (entry,) = records.answering([asking(3, trials=count)]).values()
        assert entry.identity["trials"] == count
    assert [len(entries) for entries in records.known([asking(9)]).values()] == [2]


def test_a_copied_folder_is_whole_and_a_deleted_file_is_one_cell(records: Records, tmp_path: Path) -> None:
    add_cells(records, 1, 2, 3)
    copied = Records(shutil.copytree(records.folder, tmp_path / "elsewhere"))
    assert load(copied) == load(records)
    copied.recorded("made")[1].file.unlink()
    assert fingerprints(Records(copied.folder)) == [make_cell(1).fingerprint, make_cell(3).fingerprint]
    add_cells(copied, 2)
    assert len(load(copied)) == 3


@pytest.mark.parametrize("damage", ["cut off", "empty", "foreign", "renamed"])
def test_a_file_that_is_no_whole_record_counts_as_none_and_is_told_once(records: Records, damage: str) -> None:
    told: list[str] = []
    add_cells(records, 1, 2)
    file = records.recorded("made")[0].file
    data = file.read_bytes()
    if damage == "renamed":
        file = file.rename(file.with_name(f"{9:016x}.1x4r3.npz"))
    elif damage == "foreign":
        np.savez(file, some=np.zeros(3))
    else:
        file.write_bytes(data[:-100] if damage == "cut off" else b"")
    looking = Records(records.folder, told.append)
    assert fingerprints(looking) == [make_cell(2).fingerprint]
    with Writer(looking):
        pass
    assert fingerprints(looking) == [make_cell(2).fingerprint]
    (line,) = told
    assert line.startswith(f"{file} is no whole record (")
    assert line.endswith("its cell counts as not run.")
    add_cells(looking, 1)
    assert len(load(looking)) == 2


def test_changed_bytes_are_found_as_they_are_read(records: Records) -> None:
    add_cells(records, 1)
    (entry,) = records.recorded("made")
    data = entry.file.read_bytes()
    at = data.index(b"0/loss.npy") + 200
    entry.file.write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    assert records.load([entry], traces=False)
    with pytest.raises(RecordsError, match=f"{entry.file} is damaged .*Delete it"):
        load(records)


def test_objects_in_a_file_are_never_unpickled(records: Records) -> None:
    add_cells(records, 1)
    (entry,) = records.recorded("made")
    with np.load(entry.file) as arrays:
        content = dict(arrays)
    np.savez(entry.file, **{**content, "0/loss": np.array([{}], dtype=object)})
    with pytest.raises(RecordsError, match="allow_pickle"):
        load(records)


def test_one_writer_at_a_time_and_readers_beside_it(records: Records) -> None:
    add_cells(records, 1)
    with Writer(records) as writer:
        writer.open("made")
        with pytest.raises(RecordsError, match=r"another `suite run` is writing to .*made"):
            add_cells(Records(records.folder), 2)
        assert len(load(Records(records.folder))) == 1
        with Writer(Records(records.folder)) as other:
            other.open("another")
    add_cells(records, 2)
