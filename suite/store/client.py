"""MLflow itself, opened on a store: its client, for writing and where a server is asked, and its pages."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from typing import Any, NoReturn

from suite.store.address import is_database, sqlite_file
from suite.store.database import PATIENCE_SECONDS, check_whole, is_there, silent
from suite.store.quiet import environment, quiet_mlflow
from suite.store.troubles import StoreError, public, translated


def connect(uri: str) -> Any:
    """An MLflow client on a store that `is_there`; makes the tables of a server's empty database.

    Raises:
        StoreError: It does not answer within ten seconds, or lacks tables of MLflow's.
    """
    if is_database(uri):
        check_whole(uri)
    _knock(uri)
    once = environment(MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", MLFLOW_HTTP_REQUEST_TIMEOUT=str(PATIENCE_SECONDS))
    with quiet_mlflow(), translated("open", uri), once:
        from mlflow.tracking import MlflowClient

        try:
            client = MlflowClient(tracking_uri=uri)
            client.get_experiment_by_name("Default")
        except Exception as error:
            if _unanswered(error):
                raise silent(uri, "MLflow server") from error
            if "error code 404" in str(error):
                raise StoreError(
                    f"what answers at {public(uri)} is no MLflow server. Check MLFLOW_TRACKING_URI."
                ) from error
            raise
    return client


def _knock(uri: str) -> None:
    """Whether an MLflow server is there at all: any answer will do, whatever it says."""
    if not uri.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=PATIENCE_SECONDS).close()
    except urllib.error.HTTPError:
        return
    except (OSError, http.client.HTTPException) as error:
        if not isinstance(getattr(error, "reason", None), ssl.SSLError):  # MLflow has its own way with certificates
            raise silent(uri, "MLflow server") from error


def _unanswered(error: BaseException | None) -> bool:
    """Whether an error of MLflow's comes from a server that could not be reached or kept silent."""
    import requests

    while error is not None:
        if isinstance(error, (requests.ConnectionError, requests.Timeout)):
            return True
        error = error.__cause__ or error.__context__
    return False


def serve(uri: str, port: int, announced: str = "") -> None:
    """Becomes MLflow's own server on the store; of a store that is behind a server, says where its pages are.

    Args:
        uri: Of the store.
        port: Of the page.
        announced: What is printed first, once nothing is known to be in the way.

    Raises:
        StoreError: There is nothing to show, no place for it, or its own server does not answer.
    """
    if not is_there(uri):
        raise StoreError(f"there is no store {sqlite_file(uri) or public(uri)} yet: `suite run SPEC` comes first.")
    if not is_database(uri):
        connect(uri)
        print(f"{announced}the store is behind a server of its own, whose pages are at {public(uri)}")
        return
    _check_free(port)
    print(f"{announced}MLflow answers at http://127.0.0.1:{port} in some seconds; Ctrl-C ends it.", flush=True)
    # One person looks: no jobs of its own, as few processes as still end on Ctrl-C without a traceback, no line a request.
    os.environ.update(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", PYTHONWARNINGS="ignore")
    few = ["--workers", "2", "--uvicorn-opts", "--log-level warning"]
    _become([sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port), *few])


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as MLflow's server does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StoreError(f"--port {port}: {error.strerror or error}. Choose another one.") from error


def _become(command: list[str]) -> NoReturn:
    os.execv(command[0], command)
