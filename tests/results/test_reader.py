"""What is refused, and that every refusal names the file and what is wrong with it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leaderboard.boards import board
from leaderboard.findings import BoardFindings
from leaderboard.site import Renderer
from suite.protocol import measurements
from suite.results import reader as tables
from suite.results.errors import ResultsError
from suite.results.manifest import Manifest, read_manifest, sha256
from tests.leaderboard.synthetic import rehash, write_results

SMALL = {"activation": ["relu", "sigmoid"], "initializer": ["he_normal", "small"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_results(tmp_path, "tiny", grid=SMALL, layers=3, probes=4, missing=1)


def edit(folder: Path, change: Callable[[dict], None]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def rewrite(folder: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Changes a table and the manifest with it."""
    path = folder / f"{table}.parquet"
    frame = change(pd.read_parquet(path).astype({"cell": str}))
    frame.to_parquet(path, index=False)
    if path.with_suffix(".csv").exists():
        frame.to_csv(path.with_suffix(".csv"), index=False)
    rehash(folder)


def problems(folder: Path) -> list[str]:
    try:
        tables.read(folder)
    except ResultsError as error:
        return list(error.problems)
    return []


def only_problem(folder: Path) -> str:
    (problem,) = problems(folder)
    return problem


def test_a_good_export_has_no_problem(folder: Path) -> None:
    assert problems(folder) == []
    results = tables.read(folder)
    assert results.factors == {"activation": ("relu", "sigmoid"), "initializer": ("he_normal", "small")}
    assert len(results.cells) == 3


def test_another_protocol_version(folder: Path) -> None:
    edit(folder, lambda m: m.update(protocol_version=3))
    assert "manifest.json: Expected protocol version 2, or an older one. Received: 3" in only_problem(folder)


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


def change(folder: Path, table: str, column: str, value: Any, row: int = 0) -> None:
    """Forges a value."""

    def forged(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame[column].astype(object)
        values.iloc[row] = value
        return frame.assign(**{column: values.infer_objects()})

    rewrite(folder, table, forged)


FORGED: dict[str, Any] = {
    "learning_rate": 0.123, "at_edge": None, "basin_decades": 3.9, "replicates": 6, "trained": 4, "success_rate": 0.77,
    "success_low": 0.7, "success_high": 0.9, "test_score": 0.999, "test_low": 0.828, "test_high": 0.89,
    "train_score": 0.999, "steps_to_target": 3.0, "gradient_ratio_init": 0.1, "gradient_ratio_median": 0.1,
    "gradient_factor_init": 1.0, "causes": "dead", "tier": 7, "chance_score": 0.2,
    "milliseconds_per_step": 9.0, "update_ratio_first": 0.5, "update_ratio_last": 0.5, "zero_fraction_init": 0.9,
    "zero_fraction_end": 0.9, "largest_singular_value": 77.0, "erratic": None,
}  # fmt: skip


@pytest.mark.parametrize("column", FORGED)
def test_a_forged_figure_is_told_from_what_its_runs_give(folder: Path, column: str) -> None:
    stated = pd.read_parquet(folder / "cells.parquet")[column].iloc[0]
    change(folder, "cells", column, not stated if FORGED[column] is None else FORGED[column])
    assert any("cells.parquet" in problem and column in problem for problem in problems(folder))


def test_every_figure_that_can_be_computed_again_is_forged_above() -> None:
    assert set(tables.TABLES["cells"]) - set(FORGED) == {"seconds", "parameters"}


def test_a_forged_run_no_longer_fits_its_cell(folder: Path) -> None:
    change(folder, "replicates", "test_score", 0.999)
    told = problems(folder)
    assert any("test_score of cell" in problem for problem in told), told


def test_a_forged_copy_for_spreadsheets(folder: Path) -> None:
    text = (folder / "cells.csv").read_text().split("\n")
    row = dict(zip(text[0].split(","), text[1].split(","), strict=True))
    text[1] = text[1].replace(row["test_score"], "0.999")
    (folder / "cells.csv").write_text("\n".join(text))
    rehash(folder)
    assert (
        "cells.csv: Expected what cells.parquet holds. Received other values, such as in 'test_score'"
        in only_problem(folder)
    )


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("replicates", "test_score", np.inf, "Expected finite numbers it can have in 'test_score'. Received: inf"),
        ("replicates", "test_score", 1.5, "Expected finite numbers it can have in 'test_score'. Received: 1.5"),
        ("trials", "validation_score", -0.1, "in 'validation_score'. Received: -0.1"),
        ("trials", "learning_rate", 0.0, "in 'learning_rate'. Received: 0"),
        ("trials", "outcome", None, "Expected a value in every row of 'outcome'. Received: none in row 0"),
        ("replicates", "replicate", 0.5, "Expected whole numbers in 'replicate'. Received: 0.5"),
        (
            "replicates",
            "causes",
            "bored",
            "Expected causes of vanishing, exploding, dead, saturated. Received: 'bored'",
        ),
        ("replicates", "activation", "sigmoid", "is 'sigmoid', and another in cells.parquet"),
        ("cells", "seconds", -1.0, "in 'seconds'. Received: -1"),
        ("cells", "cell", None, "Expected a value in every row of 'cell'"),
        ("curves", "step", None, "Expected a value in every row of 'step'"),
    ],
)
def test_a_value_that_no_run_can_have(folder: Path, table: str, column: str, value: Any, told: str) -> None:
    row = -1 if column == "activation" else 0
    if column == "activation":
        frame = pd.read_parquet(folder / f"{table}.parquet")
        value = "relu" if frame[column].iloc[-1] == "sigmoid" else value
        told = told.replace("sigmoid", value)
    change(folder, table, column, value, row)
    assert any(told in problem and f"{table}." in problem for problem in problems(folder)), problems(folder)


@pytest.mark.parametrize("column", ["test_score", "outcome", "cell", "shared_grid", "gradient_rms"])
def test_a_column_of_another_kind(folder: Path, column: str) -> None:
    table = {"shared_grid": "trials", "gradient_rms": "gradients"}.get(column, "replicates")
    rewrite(folder, table, lambda frame: frame.assign(**{column: pd.Timestamp(0)}))
    assert any(f"in {column!r}. Received: timestamp" in problem for problem in problems(folder))


WRONG = {
    "nothing": None, "a list": [1], "an object": {"a": [None]}, "true": True, "text": "high", "empty": "", "zero": 0,
    "negative": -1, "part": 0.5, "large": 1e308, "beyond": 10**400, "NaN": float("nan"), "infinite": float("inf"),
    "minus zero": -0.0, "control": "a\x00b\x1b", "empty list": [], "empty object": {}, "deep": [[[[[["a"]]]]]],
}  # fmt: skip


def keys(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in keys(item, (*path, key))]


def corrupted(good: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The manifest with each of its values replaced by each kind of wrong one, and left out; and which one it was."""
    for place in keys(good):
        for wrong in [*WRONG.values(), KeyError]:
            manifest = json.loads(json.dumps(good))
            inner = manifest
            for key in place[:-1]:
                inner = inner[key]
            if wrong is KeyError:
                del inner[place[-1]]
            else:
                inner[place[-1]] = wrong
            yield place, manifest


def test_no_manifest_ends_in_a_traceback(folder: Path, tmp_path: Path) -> None:
    """Each of some 1,500 corruptions is refused by file and key; numbers that are not still make pages."""
    good = json.loads((folder / "manifest.json").read_text())
    drawn = {("target",), ("reference",), *(("task", key) for key in ("chance_score", "baseline_loss"))}
    nameless, refused, later, pages = [], 0, 0, 0
    for number, (place, manifest) in enumerate(corrupted(good)):
        (folder / "manifest.json").write_text(json.dumps(manifest))
        try:
            read_manifest(folder)
        except ResultsError as error:
            refused += 1
            told = error.problems[0].replace("protocol version", "protocol_version")
            if str(folder) not in told or not any(part in told for part in (*map(str, place), "JSON")):
                nameless.append((place, told))
            continue
        if place in drawn or place[0] in ("budget", "cells_total", "files"):
            try:
                results = tables.read(folder)
            except ResultsError as error:
                later += 1
                nameless += [(place, told) for told in error.problems if str(folder) not in told]
            else:
                pages += 1
                Renderer(tmp_path / str(number)).benchmark(BoardFindings(board(results)))
    assert nameless == []
    assert refused > 1000
    assert min(later, pages) > 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"protocol_version": ' + "1" * 5000 + "}", "cannot be read as JSON: number out of range"),
        ('{"protocol_version": NaN}', "Expected protocol version 2, or an older one. Received: nan"),
        ('{"protocol_version": 2, "target": NaN}', "Expected target to be a finite number. Received: nan"),
        ('{"protocol_version": 2, "target": 1e308}', "Expected target to be at most 3.40282e+38. Received: 1e+308"),
        ('{"protocol_version": 2, "machine": {"cores": Infinity}}', "Expected machine.cores to be a text, a number"),
        ('{"protocol_version": 2, "title": "\\ud800"}', "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON: recursion limit exceeded"),
        ("\ufeff{}", "cannot be read as JSON"),
        ('{"protocol_version": true}', "Expected protocol_version to be a whole number. Received: True"),
        ('{"protocol_version": 2.0}', "Expected protocol_version to be a whole number. Received: 2.0"),
    ],
)
def test_text_that_is_no_manifest(folder: Path, text: str, told: str) -> None:
    (folder / "manifest.json").write_text(text)
    assert any(told in problem for problem in problems(folder)), problems(folder)


def test_a_manifest_is_read_as_it_was_written(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.text() == (folder / "manifest.json").read_text()
    assert Manifest.model_validate_json(manifest.text()) == manifest
    edit(folder, lambda m: m.update(colour="blue"))
    assert read_manifest(folder) == manifest, "a key of a later version is left unread"


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
