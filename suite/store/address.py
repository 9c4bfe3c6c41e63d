"""Where a store is: MLflow's addresses, and the files beside an SQLite one."""

from __future__ import annotations

import os
from pathlib import Path


def default_uri() -> str:
    """MLFLOW_TRACKING_URI, else MLflow's own default: `sqlite:///mlflow.db` in the working folder."""
    if given := os.environ.get("MLFLOW_TRACKING_URI"):
        return given
    if any(Path("mlruns").glob("[0-9]*/meta.yaml")):  # MLflow goes on with a folder of files that it finds
        return str(Path("mlruns").absolute())
    return f"sqlite:///{Path('mlflow.db').absolute()}"


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite store; None for any other."""
    scheme, separator, rest = uri.partition(":///")
    return Path(rest) if separator and scheme.split("+")[0] == "sqlite" else None


def is_database(uri: str) -> bool:
    """Whether MLflow opens the store's database itself; else it asks a server of its own that does."""
    return uri.split(":")[0].split("+")[0] in ("sqlite", "postgresql", "mysql", "mssql")


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Where an experiment's artifacts go: beside an SQLite store, wherever it was opened from; else as MLflow says."""
    file = sqlite_file(uri)
    return None if file is None else str(file.resolve().parent / "mlruns" / experiment.replace(" ", "_"))
