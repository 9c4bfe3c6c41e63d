"""Figures of speed, no pass or fail: the suite against a plain script, steps against Model.fit, and where time goes.

python tests/speed/compare.py            # a few minutes: 8 cells against the plain script
python tests/speed/compare.py --steps    # only the times per step
python tests/speed/compare.py --families # steps of CNNs and recurrent networks, and MNIST
python tests/speed/compare.py --scaling  # one worker against all: 36 cells, three times (Linux)
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
CELLS = {
    "activation": ["relu"],
    "initializer": ["small", "glorot_uniform", "he_normal", "large"],
    "normalization": ["none", "batch"],
    "optimizer": ["adam"],
}
STEPS, ROUNDS = 340, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--steps", action="store_true", help="only the times per step")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="of both sides; default: all cores")
    only.add_argument("--families", action="store_true", help="only steps of CNNs and recurrent networks, and MNIST")
    only.add_argument("--scaling", action="store_true", help="only one worker against all")
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
    if arguments.scaling:
        compare_workers(arguments.workers)
        return
    if not arguments.steps and not arguments.families:
        compare_whole_runs(arguments.workers)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(HERE.parent.parent))
    if not arguments.families:
        compare_steps()
    if not arguments.steps:
        from tests.speed.families import compare_families

        compare_families()


def compare_whole_runs(workers: int) -> None:
    """Whole processes on the same cells, one after the other: start-up, compilation and storing included."""
    only = [f"{factor}={label}" for factor, labels in CELLS.items() for label in labels]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
        command = [
            sys.executable,
            "-m",
            "suite",
            "run",
            "deep_mlp",
            "--workers",
            str(workers),
            "--only",
            ",".join(only),
        ]
        ours = _time(command, cwd=folder, env=environment)
        again = _time(command, cwd=folder, env=environment)
        shares = _shares(environment["MLFLOW_TRACKING_URI"], Path(folder, "copy"), workers, ours)
    grid = [word for factor, labels in CELLS.items() for word in (f"--{factor}", *labels)]
    theirs = _time([sys.executable, str(HERE / "plain.py"), "--workers", str(workers), *grid])
    cells = 8
    print(f"\n{cells} cells of deep_mlp.yaml, whole processes, {workers} workers")
    print(f"  plain script (Model.fit, Optuna, gradient callback)  {theirs:8.1f} s")
    print(f"  suite run                                            {ours:8.1f} s   {theirs / ours:.1f} times faster")
    print(f"  suite run again, all recorded                        {again:8.1f} s")
    print(f"  of the {workers} x {ours:.1f} s of suite run: " + ", ".join(f"{k} {v:.0%}" for k, v in shares.items()))


def compare_workers(workers: int) -> None:
    """The same 36 cells by all workers, by one, and by one that shares its core with the main process."""

    def run(count: int, cores: set[int]) -> float:
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
            command = [sys.executable, "-m", "suite", "run", "deep_mlp", "--only", "activation=relu"]
            return _time(
                [*command, "--workers", str(count)],
                cwd=folder, env=environment, preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )  # fmt: skip

    cores = sorted(os.sched_getaffinity(0))[:workers]
    workers = len(cores)
    together = run(workers, set(cores))
    print(f"\n36 cells of deep_mlp.yaml, whole processes\n  {workers} workers on {workers} cores {together:8.1f} s")
    for title, used in ((f"1 worker on {workers} cores", set(cores)), ("1 worker on 1 core", {cores[0]})):
        alone = run(1, used)
        print(f"  {title:<22}{alone:8.1f} s   {alone / together:.2f} times as long", flush=True)


def _shares(uri: str, copy: Path, workers: int, seconds: float) -> dict[str, float]:
    """Where the workers' time went, and what recording the same cells again in an empty store takes."""
    from suite.store import Store

    store = Store(uri)
    entries = store.recorded("deep_mlp")
    compiling = sum(entry.compile_seconds for entry in entries)
    cells = sum(entry.seconds for entry in entries)
    loaded = store.load(entries)
    copy.mkdir()
    with Store(f"sqlite:///{copy}/mlflow.db").writing() as writer:
        writer.open_benchmark(loaded[0].record.cell, loaded[0].provenance)
        started = time.perf_counter()
        for stored in loaded:
            writer.add(stored.record, stored.provenance)
        recording = time.perf_counter() - started
    whole = workers * seconds
    idle = whole - cells
    return {
        "training": (cells - compiling) / whole,
        "compiling": compiling / whole,
        "idle (start-up and waiting)": idle / whole,
        "MLflow and pictures, in a process of their own": recording / whole,
    }


def _time(command: list[str], **options: object) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return seconds


def compare_steps() -> None:
    """One thread, 20 x 64, batch 64: interleaved rounds, medians."""
    import keras  # noqa: F401  imported before anything is timed

    from tests.speed.timing import interleave

    contenders: dict[str, Callable[[], None]] = {}
    print("\ncompilation (build, trace, compile)")
    for name, probes, xla in (("no probes", False, True), ("20 probed steps", True, True), ("no XLA", True, False)):
        started = time.perf_counter()
        contenders[f"suite, {name}"] = run = _suite_run(probes, xla)
        run()
        first = time.perf_counter() - started
        started = time.perf_counter()
        run()
        print(f"  suite, {name:<28}{first - (time.perf_counter() - started):8.2f} s")
    contenders["Keras Model.fit"] = _keras_run()
    torch_run = _torch_run()
    if torch_run is not None:
        contenders["PyTorch, eager"] = torch_run
    contenders["sgemm alone, 3 a layer"] = _sgemm_run()
    times = {
        name: [seconds / STEPS * 1000 for seconds in found] for name, found in interleave(contenders, ROUNDS).items()
    }
    fit = statistics.median(times["Keras Model.fit"])
    print(
        f"\nms per step, median of {ROUNDS} interleaved rounds of {STEPS} steps, validation included where there is any"
    )
    for name, values in times.items():
        median = statistics.median(values)
        print(
            f"  {name:<35}{median:8.3f}   {fit / median:5.1f} times Model.fit  ({min(values):.3f} to {max(values):.3f})"
        )
    if torch_run is None:
        print("  (PyTorch is not installed)")


def _suite_run(probes: bool, xla: bool) -> Callable[[], None]:
    from suite.training.program import Program
    from tests.probes.cases import digits, feed, recipe

    factors = recipe(depth=20, width=64, activation="relu", initializer="he_normal", optimizer="sgd")
    program = Program(factors, "mlp", digits(), STEPS, 20, probes=probes, xla=xla)
    fed = feed(program, factors, rate=0.01)
    return lambda: program.run(fed) and None


def _keras_run() -> Callable[[], None]:
    import keras

    from tests.probes.cases import digits

    layers = [keras.layers.Dense(64, activation="relu", kernel_initializer="he_normal") for _ in range(20)]
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), *layers, keras.layers.Dense(10)])
    model.compile(
        optimizer=keras.optimizers.SGD(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    train, validation = digits().train, digits().validation
    rows = 17 * 64

    def run() -> None:
        x, y = train.x.repeat(2, axis=0)[:rows], train.y.repeat(2, axis=0)[:rows]
        model.fit(x, y, batch_size=64, epochs=20, validation_data=(validation.x, validation.y), verbose=0)

    return run


def _torch_run() -> Callable[[], None] | None:
    try:
        import torch
    except ImportError:
        return None
    from tests.probes.cases import digits

    torch.set_num_threads(1)
    blocks: list[torch.nn.Module] = [torch.nn.Flatten()]
    for _ in range(20):
        blocks += [torch.nn.Linear(64, 64), torch.nn.ReLU()]
    model = torch.nn.Sequential(*blocks, torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    loss = torch.nn.CrossEntropyLoss()
    x, y = torch.from_numpy(digits().train.x), torch.from_numpy(digits().train.y).long()

    def run() -> None:
        for _ in range(STEPS):
            rows = torch.randint(0, len(x), (64,))
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()

    return run


def _sgemm_run() -> Callable[[], None]:
    """The least the arithmetic costs here: three products of 64 x 64 x 64 a layer and step, by NumPy's BLAS."""
    import numpy as np

    a, b = (np.random.default_rng(0).standard_normal((64, 64), np.float32) for _ in range(2))
    out = np.empty_like(a)

    def run() -> None:
        for _ in range(STEPS * 20 * 3):
            np.matmul(a, b, out=out)

    return run


if __name__ == "__main__":
    main()
