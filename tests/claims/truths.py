"""Synthetic tables of a known truth: an effect for every context, noise of a known kind, replicates paired by seed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from suite.claims.claim import Claim, Form
from suite.claims.evaluation import Judgement, evaluate_claim
from suite.claims.evidence import Evidence
from suite.claims.forms.compare import Compare

GRID: Mapping[str, tuple[str, ...]] = {
    "activation": ("tanh", "relu"),
    "initializer": ("small", "glorot", "he"),
    "optimizer": ("sgd", "adam"),
    "depth": ("5", "10", "20"),
}
RELU_OVER_TANH = Compare({"activation": ("relu",)}, {"activation": ("tanh",)})

Mean = Callable[[Mapping[str, str]], float]


def plus(effect: float, base: float = 0.8) -> Mean:
    """ReLU is better by so much in every context; contexts differ in level."""
    return lambda levels: base + effect * (levels["activation"] == "relu") - 0.05 * (levels["initializer"] == "small")


def crossed(levels: Mapping[str, str]) -> float:
    """ReLU is better by a tenth under He, worse by a tenth under the others."""
    return 0.7 + (0.1 if levels["initializer"] == "he" else -0.1) * (levels["activation"] == "relu")


def column(factor: str, grid: Mapping[str, Sequence[str]] = GRID) -> NDArray:
    """The label of every cell's level of a factor, shape (cells, 1)."""
    return np.array([labels[list(grid).index(factor)] for labels in itertools.product(*grid.values())])[:, None]


def table(
    mean: Mean,
    *,
    seed: int = 0,
    noise: float = 0.02,
    shared: float = 0.02,
    replicates: int = 5,
    grid: Mapping[str, Sequence[str]] = GRID,
    binary: bool = False,
    erratic: float = 0.0,
    **columns: NDArray,
) -> Evidence:
    """A benchmark whose cells have a known mean.

    Args:
        mean: Of the test score of a cell, or the chance that a run trains if `binary`.
        seed: Of all that is drawn.
        noise: Standard deviation of each run.
        shared: Of what the runs under one seed share.
        replicates: Of every cell.
        grid: Its factors.
        binary: Whether runs train or do not, in place of having a score.
        erratic: Chance that a run scores at chance level, whatever its cell.
        columns: Others, (cells, replicates) or (cells, 1).
    """
    rng = np.random.default_rng(seed)
    levels = tuple(itertools.product(*grid.values()))
    means = np.array([mean(dict(zip(grid, labels, strict=True))) for labels in levels])[:, None]
    shape = (len(levels), replicates)
    if binary:
        scores = (rng.random(shape) < means).astype(float)
    else:
        scores = means + rng.normal(0, shared, (1, replicates)) + rng.normal(0, noise, shape)
        scores = np.where(rng.random(shape) < erratic, 0.1, scores)
    outcome = np.where(scores > 0.9, "trained", "slow").astype(object)
    return Evidence(
        "made",
        {name: tuple(labels) for name, labels in grid.items()},
        {"width": "64"},
        levels,
        tuple(f"{index:08x}" for index in range(len(levels))),
        {
            "test_score": scores,
            "success_rate": scores if binary else (scores > 0.9).astype(float),
            "outcome": outcome,
            "chance_score": np.full((len(levels), 1), 0.1),
            **columns,
        },
    )


def claim(form: Form = RELU_OVER_TANH, **changes: object) -> Claim:
    """That ReLU scores 0.02 more than tanh, with changes."""
    fields = {"id": "made", "says": "A claim.", "source": "nobody", "benchmarks": ("made",), "form": form, "by": 0.02}
    return Claim(**{**fields, **changes})  # type: ignore[arg-type]


def judged(evidence: Evidence, asked: Claim | None = None) -> Judgement:
    """A claim, the usual one if none is given, on one benchmark."""
    return evaluate_claim(asked or claim(), {"made": evidence})
