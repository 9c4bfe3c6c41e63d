"""The README's section on speed, from what `tox -e speed` measured last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tools.readme.findings import NotBorneOut
from tools.speed.measured import PARTS, Measured
from tools.speed.table import ROWS, growth
from tools.speed.whole import TRAININGS

FAMILIES = {
    "cnn_8": "CNN, 8 layers of 8 channels on 8 x 8 images",
    "cnn_20_batch": "CNN, 20 layers, batch normalization",
    "simple_rnn": "simple RNN, 64 units, 100 time steps",
    "lstm": "LSTM, 64 units, 100 time steps",
    "gru": "GRU, 64 units, 100 time steps",
}
STEPS = {
    "fit": "Keras `Model.fit`",
    "torch": "PyTorch, eager",
    "no_xla": "this suite, without XLA",
    "probed": "this suite, with 20 probed steps",
    "unprobed": "this suite, without probes",
    "products": "the matrix products alone, by NumPy",
}
PROFILE = {
    "compiling": "building and compiling programs",
    "products": "what the matrix products alone would take",
    "loop": "the rest of the compiled loop",
    "around": "drawing weights, evaluation and verdicts",
    "start": "start-up",
    "waiting": "waiting for the last recipes and the end",
}


def speed(found: Measured) -> str:
    """The section.

    Raises:
        NotBorneOut: A part was never measured.
    """
    lacking = [part for part in PARTS if part not in found]
    if lacking:
        raise NotBorneOut(f"Not measured: {', '.join(lacking)}. Run tox -e speed -- {' '.join(lacking)}")
    return "\n".join(["", *_whole(found), "", *_steps(found), "", *_growing(found), "", *_goals(found), ""])


def _whole(found: Measured) -> Iterable[str]:
    cells, workers = found["cells"], found["workers"]
    yield (
        f"Measured by `tox -e speed` on {cells['machine']}, without a GPU. No GPU was tried; workers would share one. One thread does "
        f"{_span(found)} GFLOP/s in products of 64 x 64 matrices, asked beside every part. Seconds of steps, "
        "programs and commands are of processor time, medians of interleaved rounds; those of whole runs by the clock."
    )
    yield ""
    yield (
        f"Eight recipes of `deep_mlp.yaml`, {8 * TRAININGS} trainings of 340 steps, whole processes on two cores: `suite run` takes "
        f"{workers['2']:.0f} s, its start-up included; a careful script with `Model.fit`, Optuna and a callback for "
        f"gradient norms {workers['plain']:.0f} s, {workers['plain'] / workers['2']:.0f} times as long (carried forward "
        f"from 8 of its trainings, {workers['plain_training']:.1f} s each). One worker takes {workers['1']:.0f} s, "
        f"{workers['1'] / workers['2']:.1f} times as long as two."
    )
    yield ""
    yield (
        f"{cells['cells']} of its 180 recipes take {cells['seconds']:.0f} s, all of them about "
        f"{cells['all_seconds'] / 60:.0f} minutes at that pace. The workers' time: "
        + ", ".join(f"{PROFILE[name]} {max(share, 0):.0%}" for name, share in cells["profile"].items())
        + f". The main process spends {cells['main_cpu']:.2f} s of processor time on each recipe."
    )
    yield ""
    yield from _peer(found["peer"])


def _peer(peer: Mapping[str, Any]) -> Iterable[str]:
    """Against Keras on JAX."""
    times = peer["suite"] / peer["jax"]
    yield (
        f"The same eight recipes by one worker take {peer['suite']:.0f} s of processor time, all processes and imports included; a "
        f"script on Keras's JAX backend, its steps in `jax.lax.scan`, {peer['jax']:.0f} s for as many trainings ({times:.2g} times), with "
        "gradient norms and validation accuracy at twenty steps, without the other probes, records and MLflow. Of one program, which serves four initializers, and of a step:"
    )
    yield ""
    yield "| | compiling, s | Keras on JAX | a step, ms, probed | Keras on JAX |"
    yield "|---|---|---|---|---|"
    for kind, title in (("none", "no normalization"), ("batch", "batch normalization")):
        it = peer[kind]
        yield f"| {title} | {it['suite_compiling']:.1f} | {it['jax_compiling']:.1f} | {it['suite_step_ms']:.2f} | {it['jax_step_ms']:.2f} |"


def _steps(found: Measured) -> Iterable[str]:
    steps = found["steps"]
    yield "One step of the 20 x 64 network, batch 64, validation included, and steps of other families:"
    yield ""
    yield "| what | ms | `Model.fit`, ms |"
    yield "|---|---|---|"
    for name, title in STEPS.items():
        if name in steps and name != "fit":
            yield f"| {title} | {steps[name]:.2f} | {steps['fit']:.1f} |"
    for name, title in FAMILIES.items():
        yield f"| {title} | {found['families'][name]['suite']:.1f} | {found['families'][name]['fit']:.1f} |"
    mlp = found["mnist_mlp"]
    yield ""
    yield (
        f"Three epochs of MNIST through 784-128-128-10 take {mlp['suite']:.2f} s, probed and validated twice; the same "
        f"loop compiled alone, with nothing in it but training, {mlp['bare']:.2f} s."
    )


def _growing(found: Measured) -> Iterable[str]:
    plain, batch = found["compiling"]["plain"], found["compiling"]["batch_adam"]
    yield "![Cost against depth, finished recipes and workers](images/growth.svg)"
    yield ""
    yield (
        f"A program of depth 100 takes {growth(found, 'plain'):.1f} times as long to compile as one of depth 20 "
        f"({plain['100']:.0f} s and {plain['20']:.1f} s), with batch normalization and Adam "
        f"{growth(found, 'batch_adam'):.1f} times ({batch['100']:.0f} s and {batch['20']:.1f} s). The network's passes alone, "
        f"written into the graph layer by layer, grow {growth(found, 'plain_passes'):.1f} and {growth(found, 'batch_adam_passes'):.1f} times: "
        "with nothing beside them that is the same at any depth, that is the limit."
    )


def _goals(found: Measured) -> Iterable[str]:
    norms: Mapping[str, Mapping[str, float]] = {norm: found["mnist_cnn"][norm] for norm in ("none", "batch")}
    yield "What is aimed at, and what is reached:"
    yield ""
    yield "| what | now | goal | limit |"
    yield "|---|---|---|---|"
    for row in ROWS:
        now = row.now(found)
        goal = f"{'at least' if row.more_is_better else 'at most'} {row.goal:g}"
        yield (
            f"| {row.what} | {row.text(now)} | {goal}{'' if row.reached(now) else ', missed'} | "
            f"{'' if row.limit is None else f'{row.limit(found):.3g}'} |"
        )
    yield ""
    steps = found["steps"]
    yield (
        "The limit is what a row would be with nothing left but what cannot be saved: of steps and programs, the network's own passes, "
        "forward and back, compiled as the suite compiles them, without optimizer, probes and validation (of recurrent ones by Keras's own layer, which the suite's loop over time steps may beat by a little); against the script, no "
        f"compiling at all. One after the other and by XLA, the products of a step take {steps['xla_products']:.2f} ms, by NumPy "
        f"{steps['products']:.2f} ms."
    )
    yield ""
    one, other = (f"{it['step']:.0f} ms ({it['step_gflops']:.0f} GFLOP/s)" for it in norms.values())
    looks = " and ".join(f"{it['along_share'] + it['ends_share']:.0%}" for it in norms.values())
    yield (
        f"`mnist/cnn` is bound by its convolutions and by what it evaluates: a step takes {one}, with batch normalization "
        f"{other}; `Model.fit` {norms['none']['fit_step']:.0f} and {norms['batch']['fit_step']:.0f} ms. {looks} of a cell's "
        f"time are passes over images that validate and test, at {norms['none']['evaluation_gflops']:.0f} and "
        f"{norms['batch']['evaluation_gflops']:.0f} GFLOP/s. Were every convolution as fast as the products, the whole "
        f"would take {_least(found):.0f} s on two cores."
    )


def _least(found: Measured) -> float:
    """Seconds of two cores that mnist/cnn's arithmetic takes at the speed of the matrix products."""
    cnn = found["mnist_cnn"]
    return 2 * sum(float(cnn[norm]["cell_gflop"]) for norm in ("none", "batch")) / cnn["gflops"] / 2


def _span(found: Measured) -> str:
    speeds = sorted(part["gflops"] for part in found.values())
    low, high = round(speeds[0]), round(speeds[-1])
    return f"{low}" if low == high else f"{low} to {high}"
