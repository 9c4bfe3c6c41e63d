"""The smallest round of each storm. `python -m tools.storms` is the long form."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.faults.many import fill
from tools.storms.rounds import ROOT
from tools.storms.storms import STORMS, runs, server


def test_killed_from_the_first_second_on(tmp_path: Path) -> None:
    counts = runs(tmp_path, 1, kills=2)
    assert counts.starts == 3
    assert counts.harm == 0


def test_two_runs_at_once(tmp_path: Path) -> None:
    counts = STORMS["two-at-once"](tmp_path, 1)
    assert counts.starts == 3
    assert counts.harm == 0


def test_the_server_of_mlflow_goes_and_comes_back_in_the_middle(tmp_path: Path) -> None:
    counts = server(tmp_path, 1, kills=1)
    assert (counts.kills, counts.harm) == (1, 0)


def test_a_thousand_recorded_cells_are_shown_within_a_fixed_time_and_a_little_for_each(tmp_path: Path) -> None:
    """In processor time; what is quadratic in the levels of a factor takes a minute here."""
    spec = fill(tmp_path, 1000)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SUITE_RECORDS": str(tmp_path / "records")}
    for command in (("plan",), ("show",), ("export", "--out", "tables")):
        before = os.times()
        run = [sys.executable, "-m", "suite", command[0], str(spec), *command[1:]]
        done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        after = os.times()
        assert done.returncode == 0, done.stderr
        assert after.children_user + after.children_system - before.children_user - before.children_system < 20


def test_the_tool_says_what_it_can_do() -> None:
    command = [sys.executable, "-m", "tools.storms", "nonsense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"got nonsense, expected some of {', '.join(STORMS)}" in done.stderr
