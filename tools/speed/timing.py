"""Timing side by side: machines drift, so contenders take turns; in processor time, since other work may share the cores."""

from __future__ import annotations

import logging
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRODUCT = 64
"""Rows and columns of the products that the machine's speed is told by: those of the 64-unit networks."""


def one_thread() -> None:
    """Holds this process to one thread and few words, as a worker is held; before TensorFlow is imported."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # many programs in one process are meant here
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def interleave(contenders: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median processor seconds of every contender over the rounds, after a first run of each that compiles."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(cpu(run))
    return {name: statistics.median(found) for name, found in times.items()}


def cpu(run: Callable[[], Any]) -> float:
    """Processor seconds of a call, of all threads of this process."""
    started = time.process_time()
    run()
    return time.process_time() - started


def products(count: int) -> Callable[[], None]:
    """So many products of two 64 x 64 matrices of float32, by NumPy's BLAS."""
    import numpy as np

    a, b = (np.random.default_rng(0).standard_normal((PRODUCT, PRODUCT), np.float32) for _ in range(2))
    out = np.empty_like(a)

    def run() -> None:
        for _ in range(count):
            np.matmul(a, b, out=out)

    return run


def gflops() -> float:
    """What one thread of the machine reaches in such products now, in 10^9 operations a second of processor time."""
    count = 5000
    return 2 * PRODUCT**3 * count / interleave({"products": products(count)}, 7)["products"] / 1e9


@dataclass(frozen=True)
class Took:
    """What a command took, with all its children, in seconds; and what it wrote."""

    seconds: float
    cpu: float
    text: str


def command(words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Took:
    """Runs a command in a folder.

    Raises:
        SystemExit: It failed; with what it said.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        words, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return Took(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout)
