"""The storms: each runs a grid to its end through kills, on one kind of store or cluster, and counts the harm."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from suite.store import Store
from suite.store.client import connect
from suite.store.names import FINGERPRINT
from suite.store.runs import search
from tests.faults.many import fill
from tests.faults.servers import dask_scheduler, dask_worker, free_port, mlflow_server, postgres
from tests.made import make_record

CELLS = 12
"""Of a round."""

ROOT = Path(__file__).parents[2]

SPEC = """\
name: storm
title: Cells that are recorded and not trained
seed: 1
task: digits
model: mlp
target: 0.5
fixed: {depth: 2, batch_size: 64}
grid:
  width: [2, 3, 4, 5]
  activation: [relu, tanh, elu]
budget: {steps: 30, trials: 4, replicates: 3, evaluations: 4, learning_rate: {low: 1e-3, high: 1.0}}
"""

RUN = """
import sys
from pathlib import Path
from suite.cli.ending import told
from suite.run.plan import make_plan
from suite.protocol.records import Failure
from suite.run.runner import run_plans
from suite.spec import read_benchmarks
from suite.store import Store
from suite.store.client import connect
from tests.faults.storms import record_slowly
if __name__ == "__main__":
    with told():
        store, workers = Store(), sys.argv[1]
        plan = make_plan(read_benchmarks(Path("storm.yaml"))[0], store)
        failed = []
        for step in run_plans([plan], store, workers if "://" in workers else int(workers), run=record_slowly):
            print(step.done, step.total, flush=True)
            failed += [step.result.error] if isinstance(step.result, Failure) else []
        sys.exit("\\n".join(failed) or 0)
"""
"""A run as `suite run` makes it, with a function in place of the training."""


@dataclass
class Counts:
    """What came of storms. All but the first three ought to be 0."""

    rounds: int = 0
    kills: int = 0
    starts: int = 0
    lost: int = 0
    changed: int = 0
    doubled: int = 0
    locked_out: int = 0
    left_behind: int = 0
    once: bool = False

    def __add__(self, other: Counts) -> Counts:
        sums = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return Counts(**{**sums, "once": self.once or other.once})

    @property
    def harm(self) -> int:
        """How much went wrong."""
        return self.lost + self.changed + self.doubled + self.locked_out + self.left_behind

    def __str__(self) -> str:
        return ", ".join(
            f"{getattr(self, f.name)} {f.name.replace('_', ' ')}" for f in fields(self) if f.name != "once"
        )


def record_slowly(cell: object, known: object) -> object:
    """Stands for training: a moment, and a record that is the same for the same cell."""
    time.sleep(0.2)
    return make_record(cell)  # type: ignore[arg-type]


@dataclass
class Round:
    """One grid, run to its end.

    Args:
        folder: Of its own.
        uri: Of the store.
        number: Seed of the moments.
    """

    folder: Path
    uri: str
    number: int

    def __post_init__(self) -> None:
        (self.folder / "storm.yaml").write_text(SPEC)
        (self.folder / "run.py").write_text(RUN)
        (self.folder / "tmp").mkdir(exist_ok=True)
        self.random = random.Random(self.number)
        self.counts = Counts(rounds=1)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.environment = {
            **kept, "MLFLOW_TRACKING_URI": self.uri, "PYTHONPATH": path, "TMPDIR": str(self.folder / "tmp"),
        }  # fmt: skip

    def start(self, workers: object = 1) -> subprocess.Popen[str]:
        """A run; a process group of its own."""
        self.counts.starts += 1
        return subprocess.Popen(
            [sys.executable, "run.py", str(workers)], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def kill(self, process: subprocess.Popen[str], within: float) -> None:
        """Kills a run, its workers too or it alone, at a random moment of the time it may take."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=self.random.uniform(0, within))
            return
        number = self.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if self.random.random() < 0.5 else os.kill)(process.pid, number)
        self.counts.kills += 1
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def finish(self, workers: object = 1, tries: int = 1) -> float:
        """Runs to the end; how long that took. Counts a lock-out if it does not come to one."""
        began, said = time.monotonic(), ""
        for _ in range(tries):
            process = self.start(workers)
            try:
                out, err = process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
            if process.returncode == 0:
                return time.monotonic() - began
            said = out + err
        print(f"round {self.number} was locked out: {said[-2000:]}", file=sys.stderr)
        self.counts.locked_out += 1
        return time.monotonic() - began

    def check(self) -> Counts:
        """Compares all that is recorded with what it ought to be, and looks for what was left behind."""
        from suite.spec import expand, read_benchmarks

        wanted = {
            cell.fingerprint: make_record(cell) for cell in expand(read_benchmarks(self.folder / "storm.yaml")[0])
        }
        assert len(wanted) == CELLS
        store = Store(self.uri)
        entries = [entry for entry in store.recorded("storm") if not entry.error]
        found = {stored.record.cell.fingerprint: stored.record for stored in store.load(entries)}
        self.counts.lost += len(wanted.keys() - found.keys())
        self.counts.changed += sum(not _same(found[key], wanted[key]) for key in wanted.keys() & found.keys())
        client = connect(self.uri)
        self.counts.doubled += surplus(search(client, client.get_experiment_by_name("storm").experiment_id, ""))
        self.counts.left_behind += len(list((self.folder / "tmp").rglob("suite-*")))
        return self.counts


def surplus(runs: Sequence[Any]) -> int:
    """How many of MLflow's runs are a second one of a cell or a replicate, or a replicate of no cell that is there."""
    cells = Counter(run.data.tags[FINGERPRINT] for run in runs if FINGERPRINT in run.data.tags)
    there = {run.info.run_id for run in runs if FINGERPRINT in run.data.tags}
    parents = [
        (run.data.tags["mlflow.parentRunId"], run.info.run_name) for run in runs if FINGERPRINT not in run.data.tags
    ]
    replicates = Counter(parent for parent in parents if parent[0] in there)
    second = sum(count - 1 for found in (cells, replicates) for count in found.values())
    return second + len(parents) - replicates.total()


def _same(one: object, other: object) -> bool:
    """Whether two records are equal, traces and all."""
    if one != other:
        return False
    pairs = zip(one.replicates, other.replicates, strict=True)  # type: ignore[attr-defined]
    return all(
        a.traces.keys() == b.traces.keys()
        and all(np.array_equal(a.traces[name], b.traces[name], equal_nan=True) for name in a.traces)
        for a, b in pairs
    )


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
        run.communicate(timeout=300)
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
        _, err = run.communicate(timeout=120)
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
        run.communicate(timeout=600)
        round_.finish()
        return round_.check()


def _together(store: Callable[[Path], AbstractContextManager[str]], runs: int) -> Callable[[Path, int], Counts]:
    """Several runs begun at once; those that are turned away have to say so, with status 2."""

    def storm(folder: Path, number: int) -> Counts:
        with store(folder) as uri:
            round_ = Round(folder, uri, number)
            began = [round_.start() for _ in range(runs)]
            for run in began:
                _, err = run.communicate(timeout=300)
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
    """A store of very many cells: `show` and a run with nothing to do, in seconds of processor time."""
    counts = Counts(rounds=1, once=True)
    spec = fill(folder, cells)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    for command in ("plan", "show", "run"):
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-m", "suite", command, str(spec)], cwd=folder, env=environment, capture_output=True,
            text=True, check=False,
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
