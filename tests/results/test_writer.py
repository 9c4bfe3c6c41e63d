"""Tables with the promised columns, the same bytes for the same records, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from suite.protocol.records import TABLES, Record
from suite.results import reader as tables
from suite.results.writer import ExportError, export, round_bits
from suite.run.gather import Results
from suite.spec import Benchmark, expand, read_benchmarks
from suite.store import Stored
from tests.conftest import TINY, Suite
from tests.made import PROVENANCE, make_record, make_replicate, nonfinite_replicate


@pytest.fixture
def tiny(suite: Suite) -> Benchmark:
    return read_benchmarks(suite.spec)[0]


def results_of(tiny: Benchmark, *, leave_out: int = 0, **errors: str) -> Results:
    cells = expand(tiny)
    rng = np.random.default_rng(0)
    changes: Mapping[int, Any] = {
        0: {"replicates": (nonfinite_replicate(0), make_replicate(1, rng, outcome="stalled", test_score=0.1))},
        1: {"replicates": tuple(make_replicate(i, rng, test_score=0.9 + 0.01 * i) for i in range(2))},
    }
    records = {
        cell.fingerprint: make_record(cell, **changes.get(index, {"replicates": changes[1]["replicates"]}))
        for index, cell in enumerate(cells[leave_out:])
    }
    stored = {key: Stored(record, PROVENANCE, 1_700_000_000_000) for key, record in records.items()}
    return Results(tiny, cells, stored, {cells[int(index.strip("_"))].fingerprint: e for index, e in errors.items()})


def test_columns_are_those_promised(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path / "out")
    for table, columns in TABLES.items():
        if table == "gradients_through_time":
            assert not (folder / f"{table}.parquet").exists(), "of recurrent models only"
            continue
        frame = pd.read_parquet(folder / f"{table}.parquet")
        assert list(frame.columns) == ["benchmark", "cell", "activation", "initializer", "optimizer", *columns]
        assert len(frame)
    assert [path.name for path in sorted(folder.glob("*.csv"))] == ["cells.csv", "replicates.csv", "trials.csv"]
    assert len(pd.read_csv(folder / "replicates.csv")) == 8


def test_leaderboard_takes_it(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny, leave_out=1, _0="the worker process died"), tmp_path)
    tables.read(folder)  # refuses what has a problem
    (missing,) = json.loads((folder / "manifest.json").read_text())["missing"]
    assert (missing["status"], missing["detail"]) == ("infrastructure error", "the worker process died")


def test_same_records_give_the_same_bytes(tiny: Benchmark, tmp_path: Path) -> None:
    first, second = (export(results_of(tiny), tmp_path / name) for name in ("a", "b"))
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_nonfinite_run_scores_chance_in_its_cell_and_nothing_in_its_own_row(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path)
    cell = pd.read_parquet(folder / "cells.parquet").iloc[0]
    runs = pd.read_parquet(folder / "replicates.parquet").iloc[:2]
    assert cell["test_score"] == pytest.approx(0.1), "chance and a run that scored chance"
    assert cell["causes"] == "exploding"
    assert runs["test_score"].isna().tolist() == [True, False]
    assert runs["nonfinite_step"].tolist() == [12, pd.NA]
    assert runs["steps_to_target"].dtype == "Int64"


def test_probed_values_are_kept_as_they_are(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path)
    gradients = pd.read_parquet(folder / "gradients.parquet")
    first = gradients[gradients["cell"] == gradients["cell"].iloc[0]].query("replicate == 0")
    assert first[["step", "layer"]].to_numpy().tolist() == [[1, 1], [1, 2], [11, 1], [11, 2]]
    assert first["gradient_rms"].tolist()[:3] == [0.0, 1.0, np.inf]
    assert first["saturated_fraction"].isna().all()
    curves = pd.read_parquet(folder / "curves.parquet").query("replicate == 1").iloc[:5]
    run = results_of(tiny).records[0].replicates[1]
    np.testing.assert_array_equal(curves["train_loss"], run.traces["loss"][run.traces["probed_step"]])


def test_rounding_keeps_three_digits_and_what_is_special() -> None:
    generator = np.random.default_rng(0)
    values = (generator.standard_normal(10_000) * 10.0 ** generator.uniform(-30, 30, 10_000)).astype(np.float32)
    rounded = round_bits(values, 10)
    assert np.abs(rounded / values - 1).max() <= 2**-11
    assert not (rounded.view(np.uint32) & 0x1FFF).any(), "the 13 bits that were cut are 0"
    special = np.array([0.0, np.inf, -np.inf, np.nan, np.finfo(np.float32).max, 1 + 2**-11, 1 + 3 * 2**-11], np.float32)
    kept = [0.0, np.inf, -np.inf, np.nan, np.finfo(np.float32).max, 1, 1 + 2**-9]
    np.testing.assert_array_equal(round_bits(special, 10), np.array(kept, np.float32))


def test_gradients_through_time(tiny: Benchmark, tmp_path: Path) -> None:
    results = results_of(tiny)
    block = np.arange(5 * 1 * 3, dtype=np.float32).reshape(5, 1, 3)

    def recurrent(record: Record) -> Record:
        runs = tuple(
            make_replicate(
                run.replicate, np.random.default_rng(0), traces={**run.traces, "gradient_rms_through_time": block}
            )
            for run in record.replicates[1:]
        )
        return make_record(record.cell, replicates=runs)

    stored = {key: Stored(recurrent(s.record), s.provenance, s.finished) for key, s in results.stored.items()}
    folder = export(Results(tiny, results.cells, stored, {}), tmp_path)
    frame = pd.read_parquet(folder / "gradients_through_time.parquet").iloc[:15]
    assert frame["gradient_rms"].tolist() == list(range(15))
    assert frame["time"].tolist() == [1, 2, 3] * 5
    assert frame["step"].tolist() == sorted([1, 11, 21, 31, 40] * 3)


def test_labels_keep_their_kind(make_suite: Callable[..., Suite], tmp_path: Path) -> None:
    grid = "activation: [relu]\n  depth: [3, 5]\n  dropout: [0, 0.5]\n"
    spec = TINY.replace("depth: 3, ", "").replace(TINY[TINY.index("activation:") : TINY.index("budget:")], grid)
    tiny = read_benchmarks(make_suite("other", spec).spec)[0]
    folder = export(results_of(tiny), tmp_path)
    cells = pd.read_parquet(folder / "cells.parquet")
    assert cells["depth"].tolist() == [3, 3, 5, 5]
    assert cells["depth"].dtype == "int64"
    assert cells["dropout"].dtype == "float64"


def test_old_export_is_replaced_and_other_folders_are_left_alone(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path)
    (folder / "old.txt").touch()
    export(results_of(tiny), tmp_path)
    assert not (folder / "old.txt").exists()
    (folder / "manifest.json").unlink()
    with pytest.raises(ExportError, match="is no export"):
        export(results_of(tiny), tmp_path)
    assert (folder / "cells.parquet").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_recorded(tiny: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing of tiny is recorded yet"):
        export(Results(tiny, expand(tiny), {}, {}), tmp_path)


def test_folder_that_cannot_be_written(tiny: Benchmark, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot write to"):
        export(results_of(tiny), tmp_path / "file" / "out")
