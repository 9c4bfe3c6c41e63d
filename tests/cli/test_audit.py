"""`suite audit` as a user gives it: trained, told, exported, and kept when replicates are added."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from tests.conftest import Suite


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
