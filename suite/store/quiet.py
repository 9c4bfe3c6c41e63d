"""MLflow keeps to itself in a process of ours."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

_TELEMETRY = "MLFLOW_DISABLE_TELEMETRY"


@contextlib.contextmanager
def quiet_mlflow() -> Iterator[None]:
    """MLflow and Alembic keep to themselves: nothing on the screen, and no telemetry from a process of ours.

    They read these as they are imported, which is within such a block; the environment of what we start afterwards,
    such as MLflow's own pages, is the user's.
    """
    for name in ("alembic", "mlflow", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with environment(**{_TELEMETRY: "true", "MLFLOW_LOGGING_LEVEL": "CRITICAL"}):
        yield


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
