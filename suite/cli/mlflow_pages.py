"""Logs missing runs to MLflow and starts its server."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from suite.cli.ending import tell
from suite.cli.options import fail

if TYPE_CHECKING:
    from suite.records import Records

_CATCH_UP_SECONDS, _LOOK_SECONDS = 600.0, 0.2


def catch_up(records: Records, uri: str, port: int) -> list[str]:
    """Logs missing runs to MLflow; returns lines with the addresses of the views of each benchmark.

    Args:
        records: Folder of records.
        uri: Tracking URI of MLflow.
        port: Port of the MLflow server to start, if the URI is not that of a server.
    """
    from suite.records.folder import folder_name
    from suite.records.tracking import Tracking, public
    from suite.records.views import addresses

    names = [folder_name(name, quick) for quick in (False, True) for name in records.benchmarks(quick)]
    if not names:
        fail(f"no results in {records.place} yet: run `suite run SPEC` first.")
    if not _is_server(uri):
        _check_free(port)
    pages = public(uri).rstrip("/") if _is_server(uri) else f"http://127.0.0.1:{port}"
    experiments, troubles = Tracking(records, names, uri).finish(_CATCH_UP_SECONDS)
    for line in troubles:
        tell(line)
    return [line for each in experiments for line in _lines(each.name, addresses(pages, each.id))]


def serve(uri: str, port: int, lines: list[str]) -> None:
    """Runs `mlflow ui` until it is interrupted, unless the URI is that of a server.

    Args:
        uri: Tracking URI of MLflow.
        port: Port of the server.
        lines: Lines to print once the server answers.
    """
    if _is_server(uri):
        print("\n".join(lines))
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"Starting MLflow at http://127.0.0.1:{port}. Press Ctrl-C to stop.", flush=True)
    # For a single user: the fewest processes that end on Ctrl-C without a traceback, and no log line per request.
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"}
    few = ["--workers", "2", "--uvicorn-opts", "--log-level warning"]
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port), *few]
    with tempfile.TemporaryFile("w+") as log:
        with subprocess.Popen(command, env={**os.environ, **quiet}, stdout=log, stderr=log) as server:
            try:
                while server.poll() is None and not _answers(port):
                    time.sleep(_LOOK_SECONDS)
                print("\n".join(lines), flush=True)
                server.wait()
            except KeyboardInterrupt:
                return
            finally:
                server.terminate()
        log.seek(0)
        fail("\n".join([f"`mlflow ui` ended with status {server.returncode}:", *log.read().splitlines()[-5:]]))


def _lines(name: str, views: dict[str, str]) -> Iterator[str]:
    yield name
    width = max(map(len, views)) + 1
    yield from (f"  {view + ':':{width}} {address}" for view, address in views.items())


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as MLflow's server does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            fail(f"--port {port}: {error.strerror or error}. Choose another one.")
