"""The storms: each runs a grid to its end through kills, on one kind of store or cluster, and counts the harm."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from tests.faults.many import fill
from tests.faults.rounds import PATIENCE_SECONDS, ROOT, Counts, Round
from tests.faults.servers import dask_scheduler, dask_worker, free_port, mlflow_server, postgres


def _kills(round_: Round, kills: int) -> Counts:
    """Kills a run several times from its very first second on, and lets it end."""
    within = 4.0
    for _ in range(kills):
        round_.kill(round_.start(), within)
        within = round_.random.choice([2.0, 6.0, 12.0, 20.0])
    round_.finish()
    return round_.check()


def on_sqlite(folder: Path, number: int, kills: int = 5) -> Counts:
    """Runs killed on MLflow's default store."""
    return _kills(Round(folder, f"sqlite:///{folder / 'mlflow.db'}", number), kills)


def on_postgres(folder: Path, number: int, kills: int = 5) -> Counts:
    """Runs killed on a new database of PostgreSQL."""
    with postgres(folder) as uri:
        return _kills(Round(folder, uri, number), kills)


def on_server(folder: Path, number: int, kills: int = 5) -> Counts:
    """Runs killed on MLflow's server with its artifact proxy on."""
    with mlflow_server(folder) as uri:
        return _kills(Round(folder, uri, number), kills)


def workers(folder: Path, number: int, kills: int = 5) -> Counts:
    """Workers of a Dask cluster killed one after the other, with new ones coming in their place."""
    round_ = Round(folder, f"sqlite:///{folder / 'mlflow.db'}", number)
    with dask_scheduler(folder, environment=round_.environment) as address, contextlib.ExitStack() as stack:
        alive = [_worker(stack, round_, address) for _ in range(2)]
        run = round_.start(address)
        assert run.stdout is not None
        for _ in range(kills):
            if not run.stdout.readline():
                break
            time.sleep(round_.random.uniform(0, 0.3))
            alive.append(_worker(stack, round_, address))
            alive.pop(0).kill()
            round_.counts.kills += 1
        run.communicate(timeout=PATIENCE_SECONDS)
        round_.finish(address)
    return round_.check()


def _worker(stack: contextlib.ExitStack, round_: Round, address: str) -> subprocess.Popen[bytes]:
    return stack.enter_context(dask_worker(round_.folder, address, environment=round_.environment))


def scheduler(folder: Path, number: int, kills: int = 1) -> Counts:
    """The scheduler killed in the middle of a run, which says so; another brought up in its place."""
    round_ = Round(folder, f"sqlite:///{folder / 'mlflow.db'}", number)
    port = free_port()
    for _ in range(kills):
        with dask_scheduler(folder, port, round_.environment) as address, contextlib.ExitStack() as stack:
            _worker(stack, round_, address)
            run = round_.start(address)
            assert run.stdout is not None
            run.stdout.readline()
        round_.counts.kills += 1
        _, err = run.communicate(timeout=PATIENCE_SECONDS)
        if run.returncode != 1 or f"the Dask scheduler at {address} is gone" not in err or err.count("\n") > 1:
            print(f"round {number} said of its scheduler: {err}", file=sys.stderr)
            round_.counts.left_behind += 1
    with dask_scheduler(folder, port, round_.environment) as address, contextlib.ExitStack() as stack:
        _worker(stack, round_, address)
        round_.finish(address)
    return round_.check()


def server(folder: Path, number: int, kills: int = 2) -> Counts:
    """MLflow's server killed in the middle of a run and brought back, which the run lives through."""
    port = free_port()
    with contextlib.ExitStack() as up:
        round_ = Round(folder, up.enter_context(mlflow_server(folder, port)), number)
        run = round_.start()
        assert run.stdout is not None
        for _ in range(kills):
            run.stdout.readline()
            up.close()
            round_.counts.kills += 1
            time.sleep(round_.random.uniform(0, 3))
            up.enter_context(mlflow_server(folder, port))
        run.communicate(timeout=PATIENCE_SECONDS)
        round_.finish()
        return round_.check()


def _together(store: Callable[[Path], AbstractContextManager[str]], runs: int) -> Callable[[Path, int], Counts]:
    """Several runs begun at once; those that are turned away have to say so, with status 2."""

    def storm(folder: Path, number: int) -> Counts:
        with store(folder) as uri:
            round_ = Round(folder, uri, number)
            began = [round_.start() for _ in range(runs)]
            for run in began:
                _, err = run.communicate(timeout=PATIENCE_SECONDS)
                turned_away = run.returncode == 2 and "another `suite run`" in err
                if run.returncode != 0 and not turned_away:
                    print(
                        f"round {number}: a run beside others ended with {run.returncode}: {err[-1500:]}",
                        file=sys.stderr,
                    )
                    round_.counts.locked_out += 1
            round_.finish()
            return round_.check()

    return storm


@contextlib.contextmanager
def _sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'mlflow.db'}"


def ten_thousand(folder: Path, number: int, cells: int = 10_000, seconds: float = 10.0) -> Counts:
    """A store of very many cells: what reads all of them, and a run with nothing to do, in seconds of processor time."""
    counts = Counts(rounds=1, once=True)
    spec = fill(folder, cells)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    for command, *options in (("plan",), ("show",), ("run",), ("export", "--out", "tables")):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-m", "suite", command, str(spec), *options], cwd=folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        after = os.times()
        took = after.children_user + after.children_system - before.children_user - before.children_system
        counts.starts += 1
        print(f"{cells} cells, {command}: {took:.1f} s of processor time, status {done.returncode}", flush=True)
        counts.locked_out += bool(done.returncode) or took > seconds
    return counts


STORMS: dict[str, Callable[[Path, int], Counts]] = {
    "sqlite": on_sqlite,
    "postgres": on_postgres,
    "server": on_server,
    "workers": workers,
    "scheduler": scheduler,
    "server-killed": server,
    "two-at-once-on-sqlite": _together(_sqlite, 2),
    "two-at-once": _together(mlflow_server, 2),
    "four-at-once": _together(mlflow_server, 4),
    "two-at-once-on-postgres": _together(postgres, 2),
    "four-at-once-on-postgres": _together(postgres, 4),
    "ten-thousand": ten_thousand,
}
"""By name; each takes a folder of its own and a seed."""
