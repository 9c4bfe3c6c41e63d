"""One round of a storm: a grid that is run to its end, killed or not on the way, and what harm came of it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from suite.records import Records
from suite.records.tracking import Tracking
from tests.made import make_record

CELLS = 12
"""Of a round."""

PATIENCE_SECONDS = 1200
"""After which a run is held for locked out: on a machine that is busy with other things it takes minutes."""

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
from suite.records import Records
from tools.storms.rounds import record_slowly
if __name__ == "__main__":
    with told():
        records, workers = Records(), sys.argv[1]
        plan = make_plan(read_benchmarks(Path("storm.yaml"))[0], records)
        failed = []
        for step in run_plans([plan], records, workers if "://" in workers else int(workers), run=record_slowly):
            print(step.done, step.total, flush=True)
            failed += [step.result.error] if isinstance(step.result, Failure) else []
        sys.exit("\\n".join(failed) or 0)
"""
"""A run as `suite run` makes it, with a function in place of the training."""


@dataclass
class Counts:
    """What came of storms. All but the first three ought to be 0; `doubled` counts runs in MLflow."""

    rounds: int = 0
    kills: int = 0
    starts: int = 0
    lost: int = 0
    changed: int = 0
    doubled: int = 0
    locked_out: int = 0
    not_in_mlflow: int = 0
    left_behind: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def harm(self) -> int:
        """How much went wrong."""
        return self.lost + self.changed + self.doubled + self.locked_out + self.not_in_mlflow + self.left_behind

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, f.name)} {f.name.replace('_', ' ')}" for f in fields(self))


def record_slowly(cell: object, known: object) -> object:
    """Stands for training: a moment, and a record that is the same for the same cell."""
    time.sleep(0.2)
    return make_record(cell)  # type: ignore[arg-type]


@dataclass
class Round:
    """One grid, run to its end.

    Args:
        folder: Of its own.
        uri: Of MLflow.
        number: Seed of the moments.
    """

    folder: Path
    uri: str
    number: int

    def __post_init__(self) -> None:
        (self.folder / "storm.yaml").write_text(SPEC)
        (self.folder / "run.py").write_text(RUN)
        self.random = random.Random(self.number)
        self.counts = Counts(rounds=1)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW")}
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.environment = {
            **kept, "MLFLOW_TRACKING_URI": self.uri, "SUITE_RECORDS": str(self.folder / "records"), "PYTHONPATH": path,
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
                out, err = process.communicate(timeout=PATIENCE_SECONDS)
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
        records = Records(self.folder / "records", lambda line: print(line, file=sys.stderr))
        entries = [entry for entry in records.recorded("storm") if not entry.error]
        found = {stored.record.cell.fingerprint: stored.record for stored in records.load(entries)}
        self.counts.lost += len(wanted.keys() - found.keys())
        self.counts.changed += sum(not _same(found[key], wanted[key]) for key in wanted.keys() & found.keys())
        Tracking(records, ["storm"], self.uri).finish(PATIENCE_SECONDS)
        runs = _runs(self.uri)
        self.counts.doubled += len(runs) - len(set(runs) & wanted.keys())
        self.counts.not_in_mlflow += len(wanted.keys() - set(runs))
        self.counts.left_behind += len(list(records.folder.rglob("*.new")))
        return self.counts


def _runs(uri: str) -> list[str]:
    """The cell of every run in MLflow; empty for a run that is not finished."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name("storm").experiment_id])
    return [run.data.tags["suite.fingerprint"] if run.info.status == "FINISHED" else "" for run in runs]


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
