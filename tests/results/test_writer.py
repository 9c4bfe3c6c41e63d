"""Tables with the promised columns, the same bytes for the same records, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from suite.protocol.columns import TABLES
from suite.protocol.gradient_axis import TIME
from suite.protocol.records import Record
from suite.protocol.run_statistics import RunData, statistics_of
from suite.records import Stored
from suite.results import reader as tables
from suite.results.errors import ResultsError
from suite.results.manifest import OPTIONAL
from suite.results.writer import export as write
from suite.results.writer import round_bits
from suite.run.gather import Gathered
from suite.spec import Benchmark, expand, read_benchmarks
from tests.conftest import TINY, Suite
from tests.made import PROVENANCE, make_record, make_replicate, nonfinite_replicate


@pytest.fixture
def tiny(suite: Suite) -> Benchmark:
    return read_benchmarks(suite.spec)[0]


def results_of(tiny: Benchmark, *, leave_out: int = 0, **errors: str) -> Gathered:
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
    return Gathered(tiny, cells, stored, {cells[int(index.strip("_"))].fingerprint: e for index, e in errors.items()})


def export(results: Gathered, out: Path) -> Path:
    return write(results.manifest(), results.records, out)


def test_columns_are_those_promised(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path / "out")
    for table, columns in TABLES.items():
        if table in OPTIONAL:
            assert not (folder / f"{table}.parquet").exists(), "of recurrent models"
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
    folder = export(Gathered(tiny, results.cells, stored, {}), tmp_path)
    frame = pd.read_parquet(folder / "gradients_through_time.parquet").iloc[:15]
    assert frame["gradient_rms"].tolist() == list(range(15))
    assert frame["time"].tolist() == [1, 2, 3] * 5
    assert frame["step"].tolist() == sorted([1, 11, 21, 31, 40] * 3)


def test_one_recurrent_layer_is_followed_through_time(tiny: Benchmark, tmp_path: Path) -> None:
    results = results_of(tiny)
    back = (10.0 ** np.linspace(-6, -2, 5)).astype(np.float32)
    traces = {
        **make_replicate(0, np.random.default_rng(0)).traces,
        "gradient_rms": np.ones((5, 1), np.float32),
        "gradient_rms_through_time": np.tile(back, (5, 1, 1)),
    }
    for name in (
        "weight_gradient_norm",
        "activation_mean",
        "activation_std",
        "zero_fraction",
        "update_ratio",
        "saturated_fraction",
    ):
        traces[name] = traces["dead_fraction"] = np.ones((5, 1), np.float32)
    found = statistics_of(RunData(traces))
    runs = tuple(make_replicate(i, np.random.default_rng(0), traces=traces, statistics=found) for i in range(2))
    stored = {
        key: Stored(make_record(s.record.cell, replicates=runs, layers=("rnn",)), s.provenance, s.finished)
        for key, s in results.stored.items()
    }
    found = tables.read(export(Gathered(tiny, results.cells, stored, {}), tmp_path))
    assert found.along is TIME
    for table in (found.cells, found.replicates):
        assert table["gradient_ratio_init"].tolist() == pytest.approx([-4.0] * len(table))
        assert table["gradient_ratio_median"].tolist() == pytest.approx([-4.0] * len(table))
        assert table["gradient_factor_init"].tolist() == pytest.approx([0.1] * len(table))


def test_labels_keep_their_kind(make_suite: Callable[..., Suite], tmp_path: Path) -> None:
    grid = "activation: [relu]\n  depth: [3, 5]\n  dropout: [0, 0.5]\n"
    spec = TINY.replace("depth: 3, ", "").replace(TINY[TINY.index("activation:") : TINY.index("budget:")], grid)
    tiny = read_benchmarks(make_suite("other", spec).spec)[0]
    folder = export(results_of(tiny), tmp_path)
    cells = pd.read_parquet(folder / "cells.parquet")
    assert cells["depth"].tolist() == [3, 3, 5, 5]
    assert cells["depth"].dtype == "int64"
    assert cells["dropout"].dtype == "float64"


def test_what_we_wrote_is_replaced_and_anything_else_stays(tiny: Benchmark, tmp_path: Path) -> None:
    folder = export(results_of(tiny), tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "thesis.tex").write_text("years of work")
    (folder / "cells.csv").write_text("cut sho")
    export(results_of(tiny), tmp_path)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == {**before, "thesis.tex": b"years of work"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_manifest_of_a_web_app_is_none_of_ours(tiny: Benchmark, tmp_path: Path) -> None:
    """Its folder is called as the benchmark is, and holds a `manifest.json`: nothing in it is touched."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": "My app", "files": {"thesis.tex": ""}}')
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(ResultsError, match=r"tiny: holds 'manifest\.json', and no manifest\.json of ours"):
        export(results_of(tiny), tmp_path)
    assert {path.name: path.read_text()[:8] for path in folder.iterdir()} == {
        "manifest.json": '{"name":',
        "thesis.tex": "years of",
    }


def test_labels_that_python_takes_for_one(make_suite: Callable[..., Suite], tmp_path: Path) -> None:
    """`-0.0`, `1` and true stand beside names in one column, are exported as they are shown, and read again."""
    levels = ", ".join(
        f"{{name: relu, label: {label}, slope: 0.{i}}}" for i, label in enumerate(("-0.0", "1", "yes it is"))
    )
    spec = TINY.replace("activation: [relu, tanh]", f"activation: [{levels}]".replace("name: relu", "name: leaky_relu"))
    assert spec != TINY
    tiny = read_benchmarks(make_suite("labels", spec.replace("slope", "negative_slope")).spec)[0]
    found = tables.read(export(results_of(tiny), tmp_path))
    assert found.factors["activation"] == ("0", "1", "yes it is")
    assert list(dict.fromkeys(found.cells["activation"])) == ["0", "1", "yes it is"]


def test_folder_that_cannot_be_written(tiny: Benchmark, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match=r"file/out.* cannot be written: "):
        export(results_of(tiny), tmp_path / "file" / "out")
