"""SQLite stores whose folder was moved or copied: MLflow keeps the absolute paths of before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from suite.store.address import artifact_folder, sqlite_file

_PARTS = 3  # experiment, run, "artifacts"


def at_hand(uri: str, artifacts: str) -> str:
    """Where the artifacts of a run are now: beside an SQLite store, if they came along with it; else as recorded."""
    file = sqlite_file(uri)
    if file is None or not artifacts.startswith("/"):
        return artifacts
    beside = str(file.resolve().parent / "mlruns")
    if artifacts.startswith(beside + "/"):
        return artifacts
    here = Path(beside, *Path(artifacts).parts[-_PARTS:])
    return str(here) if here.is_dir() else artifacts


def settle(uri: str, experiment_id: str, name: str, location: str) -> str:
    """Writes the paths of an experiment anew where its artifacts came along with its store; where they are then.

    Args:
        uri: Of the store.
        experiment_id: As MLflow has it.
        name: Of the experiment.
        location: Where MLflow believes its artifacts to be.
    """
    file, here = sqlite_file(uri), artifact_folder(uri, name)
    if file is None or here is None or here == location or not Path(here).is_dir():
        return location
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(
            "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (here, int(experiment_id))
        )
        database.execute(
            "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?) WHERE experiment_id = ? AND artifact_uri LIKE ?",
            (here, len(location) + 1, int(experiment_id), f"{location}/%"),
        )
    return here
