"""The study of coverage: whole repetitions by the real command, and arithmetic that finds right intervals right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from suite.protocol.intervals import Estimate, scores_of
from tools.studies.repetitions import Coverage, coverage, together

ROOT = Path(__file__).parents[2]
SPEC = """\
name: small
title: A small benchmark
seed: 0
task: {name: digits, train_size: 100}
model: mlp
target: 0.5
fixed: {depth: 1, width: 8}
grid: {activation: [relu, tanh], initializer: [he_normal, glorot_uniform]}
budget: {steps: 20, trials: 2, tunings: 2, replicates: 4, evaluations: 4, learning_rate: {low: 0.01, high: 0.1}}
"""


def test_repetitions_are_run_and_compared(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SPEC)
    command = [sys.executable, "-m", "tools.studies.repetitions", "--out", str(tmp_path), "--repetitions", "2"]
    done = subprocess.run(
        [*command, str(tmp_path / "small.yaml")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, small, twice, every = done.stdout.splitlines()
    assert small.split()[:2] == ["small", "4"], "pairs that differ in one factor"
    assert every.split()[0] == "all"
    assert "ranks move by" in twice
    assert len(list(tmp_path.glob("small-100?/records/small/*.npz"))) == 8


@pytest.mark.parametrize(("scale", "held", "rms"), [(1.0, 0.95, 1.0), (0.5, 0.68, 2.0)])
def test_intervals_of_the_right_width_hold_and_those_of_half_do_not(scale: float, held: float, rms: float) -> None:
    rng = np.random.default_rng(0)
    found = [
        [Estimate(float(mean), 0.1 * scale, 1e6) for mean in truth + rng.normal(0, 0.1, 300)]
        for truth in [rng.normal(size=300)]
        for _ in range(8)
    ]
    seen = coverage(found)
    assert seen.contexts == 300
    assert seen.held == pytest.approx(held, abs=0.02)
    assert seen.rms == pytest.approx(rms, rel=0.05)


def test_coverage_of_several_benchmarks_counts_every_pair_alike() -> None:
    assert together([Coverage(10, 1.0, 1.0), Coverage(30, 0.8, 3.0)]) == Coverage(40, 0.85, pytest.approx(7**0.5))


def test_what_does_not_vary_is_not_counted() -> None:
    same = [scores_of([[0.1, 0.1], [0.1, 0.1]]).estimate([1, -1])] * 3
    assert np.isnan(coverage([same, same]).rms)
