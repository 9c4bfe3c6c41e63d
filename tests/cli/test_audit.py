"""`suite audit` as a user gives it: trained, told, exported, and kept when replicates are added."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from suite.run.audit import audit_plan
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
    suite("run", "tiny.yaml", "--replicates", 3, "--workers", 0)
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
    tuned, store = read_benchmarks(file)[1], Store(f"sqlite:///{suite.folder / 'mlflow.db'}")
    records = [make_record(cell) for cell in expand(tuned)]
    with store.writing() as writer:
        for record in records + [make_record(cell) for cell in audit_plan(tuned, store, records, 1).to_run]:
            writer.add(record, PROVENANCE)
    told = suite("audit", "tiny.yaml", "--cells", 1).stdout
    assert "given: its learning rates are fixed, so that there is no tuning to audit.\n" in told
    assert "on 1 of 4 cells" in told
