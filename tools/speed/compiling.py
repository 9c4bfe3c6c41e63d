"""Building, tracing and compiling one program, by depth, and of it the network's own passes alone."""

from __future__ import annotations

from collections.abc import Callable

from suite.run.preload import load
from tools.speed.timing import cpu

KINDS = {
    "plain": {"normalization": "none", "optimizer": "sgd"},
    "batch_adam": {"normalization": "batch", "optimizer": "adam"},
}
DEPTHS = (10, 20, 50, 100)
STEPS, EVALUATIONS = 34, 4
"""Short runs: the graph is the same at any number of steps."""


def measure() -> dict[str, dict[str, float]]:
    """Processor seconds until a program has run for the first time, less those of a run, by kind and depth.

    A kind's `_passes` are those of its network's passes alone.
    """
    load()  # as workers do, who look for garbage among what was loaded no more
    found: dict[str, dict[str, float]] = {}
    _compile(_program, 2, "plain")  # what is loaded at the first program of a process belongs to none
    for depth in DEPTHS:
        for kind in KINDS:
            for name, build in ((kind, _program), (f"{kind}_passes", _passes)):
                found.setdefault(name, {})[str(depth)] = seconds = _compile(build, depth, kind)
                print(f"  depth {depth}, {name}: {seconds:.2f} s", flush=True)
    return found


def _compile(build: Callable[[int, str], Callable[[], None]], depth: int, kind: str) -> float:
    made: list[Callable[[], None]] = []
    built = cpu(lambda: made.append(build(depth, kind)))
    (run,) = made
    return built + cpu(run) - cpu(run)


def _program(depth: int, kind: str) -> Callable[[], None]:
    from suite.training.program import Program
    from tests.probes.cases import digits, feed

    chosen = _chosen(depth, kind)
    program = Program(chosen, "mlp", digits(), STEPS, EVALUATIONS)
    fed = feed(program, chosen, rate=0.001)

    def run() -> None:
        program.run(fed)
        for split in ("train", "test"):
            program.evaluate(split)

    return run


def _passes(depth: int, kind: str) -> Callable[[], None]:
    from tests.probes.cases import digits
    from tools.speed.passes import network_of, passes

    chosen = _chosen(depth, kind)
    return passes(network_of("mlp", digits(), chosen), digits(), chosen, STEPS)


def _chosen(depth: int, kind: str) -> dict[str, object]:
    from tests.probes.cases import recipe

    return recipe(depth=depth, width=64, activation="relu", initializer="he_normal", **KINDS[kind])
