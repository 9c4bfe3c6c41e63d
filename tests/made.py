"""Cells and records made by hand, and functions that stand for training where a test is about something else.

The functions are sent to worker processes, so they live in a module of their own and are told what to do by the cell.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.protocol.records import Budget, Cell, Provenance, Record, Replicate, Trial
from suite.protocol.run_statistics import KEYS

CLOCKED = ("seconds", "milliseconds_per_step")
"""Columns of cells and replicates that are measured with a clock: the same cell trained again has others."""

BUDGET = Budget(steps=40, trials=4, replicates=3, evaluations=5, learning_rate_low=1e-4, learning_rate_high=1.0)
PROVENANCE = Provenance(
    spec="name: made\n",
    spec_file="/nowhere/made.yaml",
    versions={"python": "3.11"},
    git_commit="0" * 40,
    machine={"cores": 2},
)
FACTS = {"metric": "accuracy", "higher_is_better": True, "chance_score": 0.1, "baseline_loss": 2.3, "classes": 10}


def make_cell(number: int = 0, program: str = "p", *, quick: bool = False, **recipe: Any) -> Cell:
    """A cell whose fingerprint and only factor is a number; `recipe` carries what a function below is to do."""
    return Cell(
        benchmark="made",
        fingerprint=f"{number:016x}",
        factors={"number": number},
        recipe={"number": number, "activation": {"name": "relu"}, **recipe},
        task={"name": "digits", "train_size": None},
        model="mlp",
        budget=BUDGET,
        seed=0,
        target=0.9,
        quick=quick,
        search_path=(),
        program=program,
    )


def make_record(cell: Cell, score: float = 0.95, **changes: Any) -> Record:
    """A record of three replicates around a test score, the same for the same cell."""
    rng = np.random.default_rng(int(cell.fingerprint, 16))
    replicates = tuple(make_replicate(index, rng, test_score=score + 0.001 * index) for index in range(3))
    fields: dict[str, Any] = {
        "cell": cell,
        "learning_rates": (0.01,),
        "at_edge": False,
        "trials": tuple(
            Trial(i, 10.0 ** (-i - 1), score, "slow", i < 2) for i, score in enumerate((0.5, 0.8, 0.7, 0.5))
        ),
        "replicates": replicates,
        "layers": ("hidden_1", "hidden_2"),
        "parameters": 100,
        "seconds": 2.0,
        "compile_seconds": 0.5,
        "task_facts": FACTS,
        "thresholds": {"dead": 0.9},
    }
    return Record(**{**fields, **changes})


def make_replicate(index: int, rng: np.random.Generator, **changes: Any) -> Replicate:
    """A run of 40 steps, probed at 5 of them, of two layers."""
    layers = {
        name: rng.random((5, 2)).astype(np.float32)
        for name in (
            "gradient_rms",
            "weight_gradient_norm",
            "activation_mean",
            "activation_std",
            "update_ratio",
            "zero_fraction",
        )
    }
    traces = {
        "loss": rng.random(40).astype(np.float32),
        "gradient_norm": rng.random(40).astype(np.float32),
        "probed_step": np.array([0, 10, 20, 30, 39], dtype=np.int32),
        "validation_loss": rng.random(5).astype(np.float32),
        "validation_score": rng.random(5).astype(np.float32),
        "saturated_fraction": np.full((5, 2), np.nan, dtype=np.float32),
        "dead_fraction": np.zeros((5, 2), dtype=np.float32),
        **layers,
    }
    fields: dict[str, Any] = {
        "replicate": index, "seed": 1000 + index, "outcome": "trained", "causes": (), "test_score": 0.95,
        "train_score": 0.99, "validation_score": 0.94, "train_loss": 0.1, "steps_to_target": 31, "steps": 40,
        "nonfinite_step": None, "nonfinite_layer": None, "seconds": 0.3, "learning_rate": 0.01, "traces": traces,
    }  # fmt: skip
    statistics = {"gradient_ratio_init": -1.5, "gradient_ratio_median": -1.0, "gradient_factor_init": 0.9,
                  "saturated_fraction": None, "dead_fraction": 0.0, "clip_rate": None}  # fmt: skip
    statistics |= {key: changes.pop(key) for key in KEYS if key in changes}
    return Replicate(**{**fields, "statistics": statistics, **changes})


def nonfinite_replicate(index: int = 0) -> Replicate:
    """A run that ended at step 12, after two probes, the second of which saw an infinite gradient."""
    run = make_replicate(index, np.random.default_rng(index))
    traces = {
        name: values[:11] if name in ("loss", "gradient_norm") else values[:2] for name, values in run.traces.items()
    }
    traces["gradient_rms"] = np.array([[0.0, 1.0], [np.inf, np.nan]], dtype=np.float32)
    return make_replicate(
        index, np.random.default_rng(index), outcome="nonfinite", causes=("exploding",), test_score=None,
        train_score=None, validation_score=None, train_loss=None, steps_to_target=None, steps=11, nonfinite_step=12,
        nonfinite_layer="hidden_2", gradient_ratio_init=None, gradient_ratio_median=None, traces=traces,
    )  # fmt: skip


def record_at_once(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Stands for training."""
    return make_record(cell)


def record_who(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Takes a moment, prints, and tells its process in `parameters`."""
    print("noise on the screen")
    time.sleep(float(cell.recipe.get("sleep", 0.05)))
    return make_record(cell, parameters=os.getpid())


def record_when_met(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Comes to a place of its own and waits until the cell it is to meet is at its; leaves a note if none came.

    How long is only a limit: no test that passes waits for it.
    """
    mine, other = Path(cell.recipe["place"]), Path(cell.recipe["meet"])
    mine.touch()
    deadline = time.monotonic() + 300
    while not other.exists():
        if time.monotonic() > deadline:
            mine.with_suffix(".alone").touch()
            raise TimeoutError(f"nobody at {other}")
        time.sleep(0.01)
    return record_who(cell)


def die_or_record(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Kills its own process as long as the file named by the cell holds a number above zero, which it counts down."""
    if "deaths" in cell.recipe:
        file = Path(cell.recipe["deaths"])
        left = int(file.read_text())
        if left:
            file.write_text(str(left - 1))
            os.kill(os.getpid(), 9)
    return record_who(cell)


def crash(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Says something where C++ does, is seen for a while, and dies of what the cell says: `abort` or a signal's name."""
    os.write(2, b"warming up\nterminate called after throwing an instance of 'std::bad_alloc'\n")
    time.sleep(1.2)
    signal.raise_signal(getattr(signal, cell.recipe["signal"]))
    raise AssertionError("still alive")


def raise_or_record(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Raises what cannot be pickled, if the cell says so."""
    if cell.recipe.get("raises"):

        class Local(Exception):
            pass

        raise Local("first line\nsecond line")
    return make_record(cell)


def edit_and_record(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Stands for a user who edits a module while its cells train."""
    with Path(cell.recipe["edits"]).open("a") as file:
        file.write("\n\nact = abs\n")
    return make_record(cell)
