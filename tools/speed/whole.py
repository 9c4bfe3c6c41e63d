"""Whole processes of `suite run`: where the time goes, by how many workers, and against the plain script."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.speed.timing import command, gflops

PLAIN = Path(__file__).parent / "plain.py"
GRID = {
    "activation": ["relu"],
    "initializer": ["small", "glorot_uniform", "he_normal", "large"],
    "normalization": ["none", "batch"],
    "optimizer": ["adam"],
}
"""The eight cells that the plain script does, too."""

ALL_CELLS, TRAININGS, STEPS, PRODUCTS = 180, 24, 340, 60
"""Of deep_mlp.yaml: its cells, trainings a cell, steps of each, and products of 64 x 64 matrices a step."""

WORKERS = (1, 2)
IMPORTS = [sys.executable, "-c", "import keras, tensorflow"]


@dataclass(frozen=True)
class _Run:
    """One `suite run`: seconds in all and until its first cell was begun; processor seconds a cell of the main process."""

    seconds: float
    start: float
    main_cpu: float
    records: Sequence[Any]


def measure_cells() -> dict[str, Any]:
    """36 cells of deep_mlp.yaml (ReLU) by two workers, and what became of the workers' time."""
    with tempfile.TemporaryDirectory() as folder:
        run = _run(Path(folder), "activation=relu", 2)
    seconds = sum(record.seconds for record in run.records)
    compiling = sum(record.compile_seconds for record in run.records)
    replicates = [each for record in run.records for each in record.replicates]
    looping = sum(each.milliseconds_per_step * each.steps for each in replicates) / 1000
    trained = seconds - compiling
    loop = trained * looping / sum(each.seconds for each in replicates)
    share = ALL_CELLS / len(run.records)
    steps = sum(each.steps for each in replicates) / len(replicates) * TRAININGS * len(run.records)
    product_seconds = steps * PRODUCTS * 2 * 64**3 / gflops() / 1e9
    whole = 2 * run.seconds
    return {
        "cells": len(run.records),
        "seconds": run.seconds,
        "all_seconds": run.start + (run.seconds - run.start) * share,
        "main_cpu": run.main_cpu,
        "start": run.start,
        "imports": statistics.median(command(IMPORTS, Path.cwd()).seconds for _ in range(3)),
        "compile_share": compiling / seconds,
        "profile": {
            "compiling": compiling / whole,
            "products": product_seconds / whole,
            "loop": (loop - product_seconds) / whole,
            "around": (trained - loop) / whole,
            "start": run.start / run.seconds,
            "waiting": (whole - seconds) / whole - run.start / run.seconds,
        },
    }


def measure_workers() -> dict[str, Any]:
    """Eight cells by one worker, by two, and by the plain script on two processes, from one training a cell of it."""
    only = ",".join(f"{factor}={level}" for factor, levels in GRID.items() for level in levels)
    found: dict[str, Any] = {}
    for workers in WORKERS:
        with tempfile.TemporaryDirectory() as folder:
            found[str(workers)] = _run(Path(folder), only, workers).seconds
        print(f"  8 cells, {workers} workers: {found[str(workers)]:.1f} s", flush=True)
    grid = [word for factor, levels in GRID.items() for word in (f"--{factor}", *levels)]
    words = [sys.executable, str(PLAIN), "--workers", "2", "--trials", "1", "--replicates", "0", *grid]
    took = command(words, PLAIN.parent)
    each = [json.loads(line)["training_seconds"] for line in took.text.splitlines() if "training_seconds" in line]
    found["plain"] = took.seconds + sum(each) / 2 * (TRAININGS - 1)
    found["plain_training"] = statistics.median(each)
    return found


def _run(folder: Path, only: str, workers: int) -> _Run:
    """Runs cells of deep_mlp.yaml with records of their own; a line of output is a cell recorded."""
    import psutil

    words = [sys.executable, "-u", "-m", "suite", "run", "deep_mlp", "--workers", str(workers), "--only", only]
    kept = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "SUITE_RECORDS")}
    environment: Mapping[str, str] = kept
    errors = folder / "errors.txt"
    started = time.perf_counter()
    at: list[tuple[float, float]] = []
    with (
        errors.open("w") as stderr,
        subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True) as run,
    ):
        main = psutil.Process(run.pid)
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("["):
                spent = main.cpu_times()
                at.append((time.perf_counter() - started, spent.user + spent.system))
    if run.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {run.returncode}:\n{errors.read_text()}")
    seconds = time.perf_counter() - started
    from suite.records import Records

    store = Records(folder / "records")
    entries = sorted(store.recorded("deep_mlp"), key=lambda entry: entry.finished)
    records = [stored.record for stored in store.load(entries)]
    (first, cpu_then), (_, cpu_last) = at[0], at[-1]
    return _Run(seconds, first - records[0].seconds, (cpu_last - cpu_then) / (len(at) - 1), records)
