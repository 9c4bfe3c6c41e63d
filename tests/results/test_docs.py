"""The page on analysis: its code runs as it stands there, on the published results, and answers what it asks."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


def test_the_code_of_the_page_answers_its_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").symlink_to(ROOT / "leaderboard" / "results")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    said = []
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "analysis.md").read_text(), re.DOTALL):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, names)
        said.append(out.getvalue())
        assert len(code.strip().splitlines()) <= 10
    assert len(said) == 3
    cells = pd.read_parquet(ROOT / "leaderboard" / "results" / "deep_mlp" / "cells.parquet")
    small = cells[(cells.initializer == "small") & (cells.normalization == "none")].test_score.mean()
    assert f"{small:.2f}" in said[0]
    paired = cells.pivot(index=["activation", "initializer", "optimizer"], columns="normalization", values="test_score")
    assert f"{(paired['batch'] - paired['none']).mean():.3f}" in said[1]
    by_depth = names["first"].groupby(["activation", "layer"], observed=True).gradient_rms.median()
    assert by_depth["sigmoid"].iloc[0] < 1e-3 * by_depth["sigmoid"].iloc[-1], "it dies on its way to the input"
