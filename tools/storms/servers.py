"""Real servers on this machine: MLflow's own, and Dask's scheduler and workers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def process(
    *command: object, folder: Path, log: str, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process group with its log in a file, killed at the end."""
    with (folder / log).open("ab") as out:
        started = subprocess.Popen(
            [*map(str, command)], cwd=folder, stdout=out, stderr=out, start_new_session=True, env=environment
        )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


@contextlib.contextmanager
def mlflow_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """MLflow's server as it comes, with its artifact proxy on; gives its address."""
    port = port or free_port()
    backend = f"sqlite:///{folder / 'server.db'}"
    options = ("--host", "127.0.0.1", "--port", port, "--workers", 1, "--backend-store-uri", backend)
    command = (sys.executable, "-m", "mlflow", "server", *options)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with process(*command, folder=folder, log="server.log", environment=environment) as server:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: _healthy(address), server, folder / "server.log")
        yield address


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def dask_scheduler(
    folder: Path, port: int | None = None, environment: dict[str, str] | None = None, python: object = sys.executable
) -> Iterator[str]:
    """Dask's scheduler as a process of its own; gives its address. It has to find all that cells are run with."""
    port = port or free_port()
    options = ("--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show")
    command = (python, "-m", "distributed.cli.dask_scheduler", *options)
    with process(*command, folder=folder, log="scheduler.log", environment=environment) as s:
        wait_until(lambda: _listens(port), s, folder / "scheduler.log")
        yield f"tcp://127.0.0.1:{port}"


@contextlib.contextmanager
def dask_worker(
    folder: Path, address: str, python: object = sys.executable, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of Dask's as a process of its own."""
    options = (address, "--host", "127.0.0.1", "--nthreads", 1, "--no-nanny", "--no-dashboard", "--death-timeout", 60)
    command = (python, "-m", "distributed.cli.dask_worker", *options)
    with process(*command, folder=folder, log="worker.log", environment=environment) as worker:
        yield worker


@contextlib.contextmanager
def cuttable(address: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """Another way to a server, and what cuts every connection that goes by it; new ones are let through."""
    host, port = address.rpartition("/")[2].split(":")
    open_now: list[socket.socket] = []

    def carry(source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                to.sendall(data)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                pair = listening.accept()[0], socket.create_connection((host, int(port)))
                open_now.extend(pair)
                for one, other in (pair, pair[::-1]):
                    threading.Thread(target=carry, args=(one, other), daemon=True).start()

    def cut() -> None:
        for one in open_now:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield f"tcp://127.0.0.1:{listening.getsockname()[1]}", cut
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            cut()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until(ready: object, server: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for a server, as long as it lives: on a busy machine MLflow's takes minutes."""
    assert callable(ready)
    deadline = time.monotonic() + 1200
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.args!r} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)
