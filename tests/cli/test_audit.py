"""`suite audit` as a user gives it: trained, told, exported, and kept when replicates are added."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from suite.results.reader import read
from suite.run.audit import audit_plan, tuned
from suite.spec import expand, read_benchmarks
from suite.store import Store
from tests.conftest import TINY, Suite
from tests.made import PROVENANCE, make_record


def test_an_audit_is_told_exported_and_outlives_more_replicates(finished: Suite, tmp_path: Path) -> None:
    suite = Suite(shutil.copytree(finished.folder, tmp_path / "audited"))
    told = suite("audit", "tiny.yaml", "--cells", 1, "--workers", 0).stdout
    assert "Audit: 16 trials in place of 4 gain " in told
    assert "on 1 of 4 cells" in told
    assert "Audit: 16 trials" in suite("show", "tiny.yaml").stdout
    assert "0 to run" in suite("plan", "tiny.yaml").stdout, "an audit is no part of the benchmark"

    def rows(*arguments: object) -> pd.DataFrame:
        suite("export", "tiny.yaml", "--out", "out", *arguments)
        return pd.read_csv(suite.folder / "out" / "tiny" / "audit.csv")

    audited = rows()
    assert (audited.groupby("cell").size() == 2).all()
    assert (audited["test_score"].between(0, 1) & audited["audited_test_score"].between(0, 1)).all()
    assert suite("run", "tiny.yaml", "--replicates", 3, "--workers", 0).stderr == "", "TensorFlow keeps its words"
    pd.testing.assert_frame_equal(rows("--replicates", 3), audited)


def test_given_rates_are_not_audited(suite: Suite, database_copy: Callable[[Path], Store]) -> None:
    """Alone that is a mistake; beside a benchmark that was tuned it is told."""
    file = suite.folder / "tiny.yaml"
    given = TINY.replace("name: tiny", "name: given").replace("depth: 3,", "depth: 3, learning_rate: 0.1,")
    given = given.replace("trials: 4, ", "").replace(", learning_rate: {low: 1e-3, high: 1.0}", "")
    file.write_text(given)
    with database_copy(suite.folder / "mlflow.db").writing() as writer:
        for cell in expand(read_benchmarks(file)[0]):
            writer.add(replace(make_record(cell), trials=()), PROVENANCE)
    assert "given: its learning rates are fixed, so that there is" in suite("audit", "tiny.yaml", status=2).stderr
    file.write_text(f"{given}---\n{TINY}")
    benchmark, store = read_benchmarks(file)[1], Store(f"sqlite:///{suite.folder / 'mlflow.db'}")
    records = [make_record(cell) for cell in expand(benchmark)]
    with store.writing() as writer:
        for record in records + [make_record(cell) for cell in audit_plan(benchmark, store, tuned(records), 1).to_run]:
            writer.add(record, PROVENANCE)
    told = suite("audit", "tiny.yaml", "--cells", 1).stdout
    assert "given: its learning rates are fixed, so that there is no tuning to audit.\n" in told
    assert "on 1 of 4 cells" in told


def test_published_tables_are_audited_without_their_store(finished: Suite, tmp_path: Path) -> None:
    """Only the audit's own cells are trained; the tables get what an audit of the records would have given them."""
    other = Suite(tmp_path / "reader")
    other.folder.mkdir()
    shutil.copy2(finished.folder / "tiny.yaml", other.folder)
    finished("export", "tiny.yaml", "--out", other.folder / "published")
    before = {path.name: path.read_bytes() for path in (other.folder / "published" / "tiny").iterdir()}
    told = other("audit", "tiny.yaml", "--results", "published", "--cells", 1, "--workers", 0).stdout
    assert "Audit: 16 trials in place of 4 gain " in told
    assert "on 1 of 4 cells" in told
    after = {path.name: path.read_bytes() for path in (other.folder / "published" / "tiny").iterdir()}
    assert set(after) - set(before) == {"audit.csv", "audit.parquet"}
    assert {name for name in before if before[name] != after[name]} == {"manifest.json"}
    results = read(other.folder / "published" / "tiny")
    assert results.audited is not None
    assert results.audited.cells == 1
    assert "no such file" in other("audit", "tiny.yaml", "--results", "elsewhere", status=2).stderr
