"""Exported folders to be spoiled, and what the reader says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from suite.results import reader as tables
from suite.results.errors import ResultsError
from tests.leaderboard.synthetic import rehash

SMALL = {"activation": ["relu", "sigmoid"], "initializer": ["he_normal", "small"]}


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


def change(folder: Path, table: str, column: str, value: Any, row: int = 0) -> None:
    """Forges a value."""

    def forged(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame[column].astype(object)
        values.iloc[row] = value
        return frame.assign(**{column: values.infer_objects()})

    rewrite(folder, table, forged)
