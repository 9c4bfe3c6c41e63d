"""What is refused, and that every refusal names the file and what is wrong with it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from suite.protocol import measurements
from suite.results import reader as tables
from suite.results.errors import ResultsError
from suite.results.manifest import sha256
from tests.leaderboard.synthetic import rehash, write_results
from tests.results.exported import edit, only_problem, problems, rewrite


def test_a_good_export_has_no_problem(folder: Path) -> None:
    assert problems(folder) == []
    results = tables.read(folder)
    assert results.factors == {"activation": ("relu", "sigmoid"), "initializer": ("he_normal", "small")}
    assert len(results.cells) == 3


def test_another_protocol_version(folder: Path) -> None:
    edit(folder, lambda m: m.update(protocol_version=4))
    assert "manifest.json: Expected protocol version 3. Received: 4" in only_problem(folder)


def test_no_manifest_or_no_json(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"protocol_version": 1')
    assert "manifest.json: cannot be read as JSON" in only_problem(folder)
    (folder / "manifest.json").write_text("[1]")
    assert "Expected an object. Received: list" in only_problem(folder)
    (folder / "manifest.json").unlink()
    assert "manifest.json: no such file" in only_problem(folder)


def test_a_truncated_table(folder: Path) -> None:
    path = folder / "gradients.parquet"
    path.write_bytes(path.read_bytes()[:200])
    first, second = problems(folder)
    assert "gradients.parquet: is not the file that manifest.json describes" in first
    assert "gradients.parquet: cannot be opened as Parquet, it may be truncated" in second


def test_a_table_cut_in_its_middle_with_a_manifest_to_match(folder: Path) -> None:
    path = folder / "cells.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    rehash(folder)
    assert "cells.parquet: cannot be opened as Parquet, it may be truncated" in only_problem(folder)


def test_a_changed_csv(folder: Path) -> None:
    (folder / "cells.csv").write_text("benchmark\n")
    assert "cells.csv: is not the file that manifest.json describes" in only_problem(folder)


def test_a_missing_file(folder: Path) -> None:
    (folder / "trials.parquet").unlink()
    assert "trials.parquet: no such file, but manifest.json lists it" in only_problem(folder)


def test_a_table_the_manifest_does_not_list(folder: Path) -> None:
    edit(folder, lambda m: m["files"].pop("curves.parquet"))
    assert "manifest.json: files does not list curves.parquet" in only_problem(folder)


def test_a_missing_column(folder: Path) -> None:
    rewrite(folder, "replicates", lambda frame: frame.drop(columns=["outcome"]))
    assert "replicates.parquet: lacks the column 'outcome'" in only_problem(folder)


def test_a_column_that_was_measured_later_may_be_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(folder, "gradients", lambda frame: frame.drop(columns="update_ratio"))
    assert "lacks the column 'update_ratio'" in only_problem(folder)
    later = (dataclasses.replace(m, optional=m.name == "update_ratio") for m in measurements.MEASUREMENTS)
    monkeypatch.setattr(measurements, "MEASUREMENTS", tuple(later))
    assert problems(folder) == []


def test_a_statistic_that_tables_are_older_than_may_be_missing_from_both_of_them(folder: Path) -> None:
    rewrite(folder, "replicates", lambda frame: frame.drop(columns=["curvature_low", "curvature_high"]))
    assert any("curvature_low of cell" in problem for problem in problems(folder)), "the cells' medians have no runs"
    rewrite(folder, "cells", lambda frame: frame.drop(columns=["curvature_low", "curvature_high"]))
    assert problems(folder) == []
    assert tables.read(folder).cells["curvature_low"].isna().all()


def test_a_file_outside_the_folder(folder: Path) -> None:
    edit(folder, lambda m: m["files"].update({"../secret.csv": "0" * 64}))
    assert "'../secret.csv', which is no table of an export" in only_problem(folder)


def test_a_file_that_is_no_table(folder: Path) -> None:
    (folder / "page.html").write_text("<script>alert(1)</script>")
    edit(folder, lambda m: m["files"].update({"page.html": sha256(folder / "page.html")}))
    assert "lists 'page.html', which is no table of an export" in only_problem(folder)


def test_a_link_to_a_file_elsewhere(folder: Path) -> None:
    real = folder / "cells.csv"
    real.rename(folder.parent / "elsewhere.csv")
    real.symlink_to(folder.parent / "elsewhere.csv")
    assert "cells.csv: is a link" in only_problem(folder)


def test_a_spec_that_was_edited(folder: Path) -> None:
    edit(folder, lambda m: m.update(spec=m["spec"] + "# more"))
    assert "spec_sha256 is not that of the spec" in only_problem(folder)


def test_a_budget_without_its_keys(folder: Path) -> None:
    edit(folder, lambda m: m["budget"].pop("steps"))
    assert "manifest.json: lacks 'budget.steps'" in only_problem(folder)


def test_runs_that_are_not_as_many_as_the_cell_says(folder: Path) -> None:
    rewrite(folder, "cells", lambda frame: frame.assign(trained=99))
    assert "is 99, but its trials and replicates give" in only_problem(folder)


def test_a_run_that_is_there_twice(folder: Path) -> None:
    rewrite(folder, "replicates", lambda frame: pd.concat([frame, frame.iloc[:1]], ignore_index=True))
    assert "holds a replicate of a cell more than once" in only_problem(folder)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda entry: entry.update(cell="../../../up"),
            r"Expected missing.0.cell to be a text that matches ^[0-9a-f]{8,64}$. Received: '../../../up'",
        ),
        (lambda entry: entry["factors"].update(activation="relu6"), "activation 'relu6' of missing cell"),
    ],
)
def test_a_missing_cell_that_leads_astray(folder: Path, change: Callable[[dict], None], problem: str) -> None:
    edit(folder, lambda m: change(m["missing"][0]))
    assert problem in only_problem(folder)


def test_a_cell_that_is_missing_and_recorded(folder: Path) -> None:
    recorded = pd.read_parquet(folder / "cells.parquet")["cell"].iloc[0]
    edit(folder, lambda m: m["missing"][0].update(cell=str(recorded)))
    assert "is recorded as well" in only_problem(folder)


def test_keys_of_the_wrong_type(folder: Path) -> None:
    edit(folder, lambda m: m.update(target="high", missing=None))
    first, second = problems(folder)
    assert "Expected target to be a number. Received: 'high'" in first
    assert "Expected missing to be a list. Received: None" in second


def test_a_name_that_is_no_folder(folder: Path) -> None:
    edit(folder, lambda m: m.update(benchmark="../evil"))
    assert "Expected benchmark to be a text that matches ^[a-z0-9_-]+$. Received: '../evil'" in only_problem(folder)
    edit(folder, lambda m: m.update(benchmark="other"))
    assert "is of benchmark 'other', but its folder is called 'tiny'" in only_problem(folder)


def test_cells_that_are_not_accounted_for(folder: Path) -> None:
    edit(folder, lambda m: m.update(missing=[]))
    assert "3 recorded and 0 missing cells do not make up the 4 of cells_total" in only_problem(folder)


def test_runs_of_no_cell_and_cells_of_no_run(folder: Path) -> None:
    rewrite(folder, "replicates", lambda frame: frame.replace({"cell": {frame["cell"][0]: "f" * 16}}))
    first, second = problems(folder)
    assert "replicates.parquet: holds 1 cells that cells.parquet does not" in first
    assert "replicates.parquet: has no run of 1 cells" in second


def test_a_fingerprint_that_is_a_path(folder: Path) -> None:
    for table in ("cells", "replicates", "trials", "curves"):
        rewrite(folder, table, lambda frame: frame.replace({"cell": {frame["cell"].iloc[0]: "../../up"}}))
    assert "Expected a cell's fingerprint in hex. Received: '../../up'" in only_problem(folder)


def test_unknown_outcomes_and_labels(folder: Path) -> None:
    rewrite(folder, "replicates", lambda frame: frame.assign(outcome="fine"))
    assert "Received: 'fine'" in only_problem(folder)
    rewrite(folder, "replicates", lambda frame: frame.assign(outcome="slow", activation="gelu"))
    assert "activation 'gelu' is not one of the labels in manifest.json" in only_problem(folder)


def test_no_folder_of_results(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no such folder"):
        tables.folders(tmp_path / "nowhere")


def test_a_file_that_may_not_be_read_is_named(folder: Path) -> None:
    """As another user, since nothing is hidden from root."""
    (folder / "trials.parquet").chmod(0)
    code = (
        "import os, sys; from pathlib import Path; from suite.results import reader; import pandas, pyarrow.parquet\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: reader.read(Path(sys.argv[1]))\n"
        "except reader.ResultsError as error: print(error)"
    )
    for parent in [folder, *folder.parents]:
        if os.getuid() == 0 and "pytest-of" in str(parent):
            parent.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.stdout == f"{folder / 'trials.parquet'}: cannot be read: Permission denied\n", done.stderr


@pytest.mark.parametrize("label", ["NA", "None", "nan", "null", "1e5"])
def test_a_label_is_a_text_whatever_it_looks_like(tmp_path: Path, label: str) -> None:
    folder = write_results(tmp_path, grid={"activation": [label, "relu"]}, layers=3, probes=4, missing=0)
    assert problems(folder) == []
    assert set(tables.read(folder).cells["activation"]) == {label, "relu"}
