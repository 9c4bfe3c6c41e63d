"""The storms: each runs a grid to its end through kills of one kind, and counts the harm."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools.storms.rounds import PATIENCE_SECONDS, Counts, Round
from tools.storms.servers import dask_scheduler, dask_worker, free_port, mlflow_server


def _kills(round_: Round, kills: int) -> Counts:
    """Kills a run several times from its very first second on, and lets it end."""
    within = 4.0
    for _ in range(kills):
        round_.kill(round_.start(), within)
        within = round_.random.choice([2.0, 6.0, 12.0, 20.0])
    round_.finish()
    return round_.check()


def _local(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def runs(folder: Path, number: int, kills: int = 5) -> Counts:
    """Runs killed on records and MLflow's database in the working folder."""
    return _kills(Round(folder, _local(folder), number), kills)


def workers(folder: Path, number: int, kills: int = 5) -> Counts:
    """Workers of a Dask cluster killed one after the other, with new ones coming in their place."""
    round_ = Round(folder, _local(folder), number)
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
    round_ = Round(folder, _local(folder), number)
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


def _together(count: int) -> Callable[[Path, int], Counts]:
    """Several runs begun at once; those that are turned away have to say so, with status 2."""

    def storm(folder: Path, number: int) -> Counts:
        round_ = Round(folder, _local(folder), number)
        for run in [round_.start() for _ in range(count)]:
            _, err = run.communicate(timeout=PATIENCE_SECONDS)
            turned_away = run.returncode == 2 and "another `suite run`" in err
            if run.returncode != 0 and not turned_away:
                print(
                    f"round {number}: a run beside others ended with {run.returncode}: {err[-1500:]}", file=sys.stderr
                )
                round_.counts.locked_out += 1
        round_.finish()
        return round_.check()

    return storm


STORMS: dict[str, Callable[[Path, int], Counts]] = {
    "runs": runs,
    "workers": workers,
    "scheduler": scheduler,
    "server": server,
    "two-at-once": _together(2),
    "four-at-once": _together(4),
}
"""By name; each takes a folder of its own and a seed."""
