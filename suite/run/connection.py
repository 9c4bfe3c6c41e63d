"""A Dask cluster to run cells on: one of this machine's own, or one that is joined by its scheduler's address."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from suite.run import worker_log
from suite.run.provenance import origin
from suite.run.worker import short

_CONNECT_SECONDS, _CLOSE_SECONDS = 6, 0.5

_QUIET: Mapping[str, Any] = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-ttl": None,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    # Every server of the cluster would else wake 50 times a second to time its own loop: 9% of a core in all.
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}


class ClusterError(Exception):
    """There is nobody left to run cells. Its text is ready for a user."""


@contextlib.contextmanager
def _users_dask() -> Iterator[None]:
    """Dask reads settings of the user's own: where they are in the way, their files are named in place of a traceback.

    Raises:
        ClusterError: Dask cannot be imported, or no cluster be started, as it is set up here.
    """
    try:
        yield
    except Exception as error:
        while error.__cause__ is not None and isinstance(error.__cause__, Exception):
            error = error.__cause__
        raise ClusterError(f"Dask cannot start: {short(error).rstrip(':.')}.{_settings()}") from error


def _settings() -> str:
    """The files of the user's settings of Dask, in a sentence; empty where there are none."""
    folder = Path(os.environ.get("DASK_CONFIG") or os.path.expanduser("~/.config/dask"))
    files = sorted(map(str, folder.glob("*.y*ml"))) if folder.is_dir() else [str(folder)] if folder.is_file() else []
    return f" It reads {', '.join(files)}." if files else ""


def default_workers() -> int:
    """One per core that this process may use.

    Raises:
        ClusterError: Dask cannot be imported.
    """
    with _users_dask():
        from dask.system import CPU_COUNT

    return int(CPU_COUNT)


@contextlib.contextmanager
def local_cluster(workers: int, preload: Sequence[str]) -> Iterator[Any]:
    """So many processes, one thread each, which import some modules as they start."""
    with _users_dask():
        import dask.config
        from distributed import Client, LocalCluster

    _silence()
    with (
        tempfile.TemporaryDirectory(prefix="dask-", ignore_cleanup_errors=True) as folder,
        dask.config.set(
            {
                **_QUIET,
                **worker_log.kept_in(folder),
                "temporary-directory": folder,
                "distributed.worker.preload": list(preload),
            }
        ),
    ):
        with _users_dask():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                local_directory=folder,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            )
            client = Client(cluster, set_as_default=False)
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                _end(cluster)
            with contextlib.suppress(Exception):
                client.close(timeout=_CLOSE_SECONDS)
            with contextlib.suppress(Exception):
                cluster.close()


def _end(cluster: Any) -> None:
    """Ends the worker processes at once: what they are at is wanted no more."""

    async def kill_all() -> None:
        nannies = list(cluster.workers.values())
        await asyncio.gather(*(nanny.close(timeout=_CLOSE_SECONDS) for nanny in nannies), return_exceptions=True)

    cluster.sync(kill_all)


@contextlib.contextmanager
def joined_cluster(address: str) -> Iterator[Any]:
    with _users_dask():
        import dask.config
        from distributed import Client

    _silence()
    with dask.config.set({"distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s"}):
        try:
            # A client that does not come about takes 20 s more to be gone, with a traceback. In a thread of its own, since
            # this one may run an event loop, as in a notebook.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, asyncio.wait_for(_knock(address), _CONNECT_SECONDS)).result()
            client = Client(address, set_as_default=False, timeout=_CONNECT_SECONDS)
        except Exception as error:
            raise ClusterError(f"no Dask scheduler answers at {address}") from error
        try:
            _check_scheduler(client, address)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=2)


async def _knock(address: str) -> None:
    """Whether anybody at an address speaks as Dask does."""
    from distributed.comm import connect
    from distributed.security import Security

    comm = await connect(address, timeout=_CONNECT_SECONDS, **Security().get_connection_args("client"))
    await comm.close()


def _check_scheduler(client: Any, address: str) -> None:
    """A scheduler unpacks every task on its way: where it cannot, all cells would fail."""
    try:
        client.run_on_scheduler(origin, ())
    except Exception as error:
        raise ClusterError(
            f"the Dask scheduler at {address} cannot pass cells on: it has {misfit(error)}. It needs what is "
            "installed here; see docs/cluster.md"
        ) from error


def misfit(error: Exception) -> str:
    """What a worker lacks that could not even say what it runs; Dask brings some errors as text only."""
    text = short(error)
    if "No module named 'suite" in text:
        return ("no" if "'suite'" in text else "another version of") + " trainability-suite installed"
    return f"an error of its own: {text}"


def _silence() -> None:
    """Keeps Dask's logs off the screen, to the end of the process: what matters of them comes back as results."""
    ours = ("distributed", "tornado", "asyncio", "bokeh")
    for name in (*ours, *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logger = logging.getLogger(name)  # Dask gives several of its own a way to the screen
        logger.handlers, logger.propagate = [logging.NullHandler()], False
