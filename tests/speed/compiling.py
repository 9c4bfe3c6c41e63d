"""Building, tracing and compiling one program, by depth."""

from __future__ import annotations

from suite.run.warm import load
from tests.speed.timing import cpu

KINDS = {
    "plain": {"normalization": "none", "optimizer": "sgd"},
    "batch_adam": {"normalization": "batch", "optimizer": "adam"},
}
DEPTHS = (10, 20, 50, 100)
STEPS, EVALUATIONS = 34, 4
"""Short runs: the graph is the same at any number of steps."""


def measure() -> dict[str, dict[str, float]]:
    """Processor seconds until a program has run for the first time, less those of a run, by kind and depth."""
    load()  # as workers do, who look for garbage among what was loaded no more
    found: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    _compile(2, "plain")  # what is loaded at the first program of a process belongs to none
    for depth in DEPTHS:
        for kind in KINDS:
            found[kind][str(depth)] = _compile(depth, kind)
            print(f"  depth {depth}, {kind}: {found[kind][str(depth)]:.2f} s", flush=True)
    return found


def _compile(depth: int, kind: str) -> float:
    from suite.training.program import Program
    from tests.probes.cases import digits, feed, recipe

    factors = recipe(depth=depth, width=64, activation="relu", initializer="he_normal", **KINDS[kind])
    programs: list[Program] = []
    built = cpu(lambda: programs.append(Program(factors, "mlp", digits(), STEPS, EVALUATIONS)))
    (program,) = programs
    fed = feed(program, factors, rate=0.001)

    def run() -> None:
        program.run(fed)
        for split in ("train", "test"):
            program.evaluate(split)

    return built + cpu(run) - cpu(run)
