"""Synthetic but realistic exported results: any number of cells, written by the real writer.

A toy theory decides: activation, initializer, normalization and optimizer give a gradient factor per layer and an
ease of training; scores, outcomes, causes, curves and gradients follow from these and the seed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from suite.protocol.outcomes import THRESHOLDS
from suite.protocol.rates import any_at_edge, best_rate, tried_of
from suite.protocol.records import PROTOCOL_VERSION, Budget, Cell, Record, Replicate, Trial, to_plain
from suite.protocol.run_statistics import RunData, statistics_of
from suite.results.manifest import BudgetFacts, Manifest, Missing, Seeds, TaskFacts
from suite.results.writer import export

GRID: Mapping[str, Sequence[Any]] = {
    "activation": ["sigmoid", "tanh", "relu", "swish"],
    "initializer": ["small", "glorot_uniform", "he_normal"],
    "normalization": ["none", "batch", "layer"],
    "optimizer": ["sgd", "momentum", "adam"],
}
SCRIPT = "<script>alert(1)</script>"
NASTY = "\"><img src=x onerror=alert(1)> ' onmouseover=alert(1)"
"""Breaks out of an attribute that is not escaped."""

GAIN = {
    "sigmoid": 0.236, "tanh": 0.93, "relu": 0.72, "swish": 0.5, "small": 0.5, "he_normal": 1.38, "orthogonal": 1.15,
    "batch": 1.25, "layer": 1.12, "rnn": 0.85, "lstm": 0.93, "gru": 0.97,
}  # fmt: skip
EASE = {"adam": 0.9, "momentum": 0.45, "sgd": 0.0, "batch": 1.1, "layer": 0.7, "sigmoid": -0.6, "small": -0.5}
CHANCE = {"accuracy": 0.1, "mse": 1 / 6}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_results(parent: Path, *arguments: Any, **options: Any) -> Path:
    """Writes `parent/name`, of what `made_results` makes, and returns it."""
    return export(*made_results(*arguments, **options), parent)


def made_results(
    name: str = "deep_mlp",
    *,
    title: str = "Which recipes train a 20-layer MLP?",
    grid: Mapping[str, Sequence[Any]] = GRID,
    cells: int | None = None,
    replicates: int = 5,
    layers: int = 20,
    probes: int = 20,
    trials: int = 6,
    steps: int = 340,
    missing: int = 3,
    metric: str = "accuracy",
    length: int | None = None,
    reference: float | None = None,
    seed: int = 0,
) -> tuple[Manifest, list[Record]]:
    """What an export is made of.

    Args:
        name: Of the benchmark.
        title: Of the benchmark.
        grid: Factors and their labels.
        cells: Take only so many of the grid's combinations, the first ones.
        replicates: Per cell.
        layers: L.
        probes: Probed steps of a run.
        trials: Learning rates per cell, the first half on the shared grid.
        steps: Of a run.
        missing: Cells without a result; every other one an infrastructure error, the rest never run.
        metric: "accuracy" or "mse".
        length: Time steps of a recurrent model; None for the others.
        reference: Of the manifest.
        seed: Of everything random.
    """
    rng = np.random.default_rng(seed)
    combinations = list(itertools.product(*grid.values()))[:cells]
    ids = [hashlib.sha256(f"{name}{combination}".encode()).hexdigest()[:16] for combination in combinations]
    absent = set(rng.choice(len(ids), size=missing, replace=False).tolist()) if missing else set()
    budget = Budget(steps, trials, replicates, probes, 1e-4, 1.0)
    world = _World(rng, budget, layers, metric, length)
    spec = _spec(name, title, grid, metric)
    made = [
        Cell(
            name, identity, dict(zip(grid, combination, strict=True)), {}, {"name": world.task}, world.model, budget, 0,
            world.target, False, (), "",
        )
        for identity, combination in zip(ids, combinations, strict=True)
    ]  # fmt: skip
    manifest = Manifest(
        protocol_version=PROTOCOL_VERSION,
        benchmark=name,
        title=title,
        description="Twenty layers of 64 units on scikit-learn's digits: what keeps the gradient alive?",
        spec=spec,
        spec_sha256=hashlib.sha256(spec.encode()).hexdigest(),
        quick=False,
        model=world.model,
        task=TaskFacts(name=world.task, **world.facts),
        target=world.target,
        reference=reference,
        factors={factor: tuple(labels) for factor, labels in grid.items()},
        fixed={"width": 64, "batch_size": 64, "loss": {"name": "cross_entropy"}},
        budget=BudgetFacts(**to_plain(budget)),
        thresholds=dict(THRESHOLDS.as_mapping()),
        seeds=Seeds(benchmark=0, replicates=tuple(1000 + r for r in range(replicates))),
        versions={"python": "3.11.2", "suite": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"},
        git_commit=COMMIT,
        cells_by_commit={COMMIT: len(ids) - len(absent)},
        machine={"system": "Linux", "processor": "x86_64", "cores": 2},
        created="2026-11-21T07:00:00+00:00",
        cells_total=len(ids),
        missing=tuple(
            Missing(
                cell=ids[i],
                factors=dict(made[i].factors),
                status="infrastructure error" if order % 2 == 0 else "not run",
                detail=f"worker died: signal 9 {NASTY}" if order % 2 == 0 else "",
            )
            for order, i in enumerate(sorted(absent))
        ),
        files={},
    )
    return manifest, [world.record(cell) for index, cell in enumerate(made) if index not in absent]


def rehash(folder: Path, **changes: Any) -> None:
    """Writes the manifest with the hashes of the files as they are now, as a forger would; `changes` to its keys."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text()) | changes
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    file.write_text(json.dumps(manifest))


def _spec(name: str, title: str, grid: Mapping[str, Sequence[Any]], metric: str) -> str:
    lines = [
        f"name: {name}",
        f"title: {json.dumps(title)}",
        "seed: 0",
        f"task: {'digits' if metric == 'accuracy' else 'adding'}",
    ]
    lines += ["model: mlp", "target: 0.9", "fixed: {width: 64, batch_size: 64}", "grid:"]
    for factor, labels in grid.items():
        levels = [
            "{name: random_normal, stddev: 1e-2, label: small}" if label == "small" else json.dumps(label)
            for label in labels
        ]
        lines.append(f"  {factor}: [{', '.join(levels)}]")
    lines.append(
        "budget: {steps: 340, trials: 6, replicates: 5, evaluations: 20, learning_rate: {low: 1e-4, high: 1.0}}"
    )
    return "\n".join(lines) + "\n"


class _World:
    """What the toy theory says of every run."""

    def __init__(self, rng: np.random.Generator, budget: Budget, layers: int, metric: str, length: int | None) -> None:
        self.rng, self.budget, self.layers, self.length = rng, budget, layers, length
        self.shares, self.chance = metric == "accuracy", CHANCE[metric]
        self.model, self.task = "recurrent" if length else "mlp", "digits" if self.shares else "adding"
        self.target = 0.9 if self.shares else 0.01
        self.facts = {
            "metric": metric, "higher_is_better": self.shares, "chance_score": self.chance,
            "baseline_loss": 2.302585 if self.shares else 1 / 6, "classes": 10 if self.shares else None,
        }  # fmt: skip
        self.probed = np.unique(np.linspace(0, budget.steps - 1, budget.evaluations).astype(np.int32))

    def score(self, skill: np.ndarray) -> np.ndarray:
        """From 0 (chance) to 1 (all learned)."""
        return np.round(0.1 + 0.885 * skill, 4) if self.shares else (1 / 6) ** (1 - skill) * 4e-4**skill

    def record(self, cell: Cell) -> Record:
        """Of a cell, by its labels."""
        rng, labels = self.rng, list(cell.factors.values())
        factor = np.prod([GAIN.get(label, 1.0) for label in labels]) * rng.lognormal(0, 0.03)
        factor = float(np.clip(factor, 0.05, 1.9))
        depth = next((x for x in labels if isinstance(x, int) and not isinstance(x, bool)), self.layers)
        ease = 3.2 - 0.55 * abs(np.log10(factor)) * depth + sum(EASE.get(label, 0.0) for label in labels)
        skill = 1 / (1 + np.exp(-(ease + rng.normal(0, 0.25, self.budget.replicates))))
        skill = np.where(skill < 0.12, rng.uniform(0, 0.01, len(skill)), skill)
        trials, rate = self._trials(float(skill.max()))
        runs = [self._run(index, float(own), factor) for index, own in enumerate(skill)]
        return Record(
            cell, (rate,), any_at_edge([rate], self.budget.learning_rate_low, self.budget.learning_rate_high), trials,
            tuple(runs), tuple(f"hidden_{n}" for n in range(1, self.layers + 1)), 1000,
            round(rng.uniform(5, 60), 2), 1.0, self.facts, THRESHOLDS.as_mapping(),
        )  # fmt: skip

    def _trials(self, skill: float) -> tuple[tuple[Trial, ...], float]:
        """Half of them on the shared grid; and the rate they choose."""
        best, shared = 10 ** self.rng.uniform(-3.5, -0.5), (self.budget.trials + 1) // 2
        near = best * 10 ** self.rng.normal(0, 0.4, self.budget.trials - shared)
        near[-1] = best
        rates = [*np.geomspace(1e-4, 1, shared).tolist(), *near.tolist()]
        scores = self.score(skill * np.exp(-0.5 * (np.log10(np.array(rates) / best) / 0.9) ** 2)).tolist()
        trials = tuple(
            Trial(i, rate, None, "nonfinite", i < shared)
            if rate > 30 * best
            else Trial(i, rate, score, "slow", i < shared)
            for i, (rate, score) in enumerate(zip(rates, scores, strict=True))
        )
        chance = float(self.facts["chance_score"])
        return trials, best_rate(tried_of(trials, higher_is_better=self.shares, chance_score=chance))

    def _run(self, index: int, skill: float, factor: float) -> Replicate:
        rng, steps = self.rng, self.budget.steps
        nonfinite, diverged = factor > 1.5 and rng.uniform() < 0.6, factor > 1.4 and rng.uniform() < 0.4
        skill = 0.0 if nonfinite or diverged else skill
        score = float(self.score(np.array(skill)))
        met = score >= self.target if self.shares else score <= self.target
        outcome = (
            "nonfinite" if nonfinite else "diverged" if diverged else "trained" if met
            else "lost" if skill > 0.6 else "stalled" if skill < 0.02 else "slow"
        )  # fmt: skip
        traces = self._traces(skill, factor, nonfinite, diverged)
        ratio = float(np.log10(factor)) * (self.layers - 1)
        causes = ("vanishing",) * (ratio < -3) + ("exploding",) * (ratio > 3) + ("saturated",) * (abs(ratio) > 9)
        train = min(score + 0.01, 1.0) if self.shares else score * 0.9
        return Replicate(
            replicate=index, seed=1000 + index, outcome=outcome, causes=() if outcome == "trained" else causes,
            test_score=None if nonfinite else score, train_score=None if nonfinite else train,
            validation_score=None if nonfinite else score,
            train_loss=None if nonfinite else 2.31 * (1.0 - skill) + 0.01 + 5.0 * diverged,
            steps_to_target=int(np.clip(steps * (1.4 - skill), 17, steps)) if outcome == "trained" else None,
            steps=len(traces["loss"]), nonfinite_step=len(traces["loss"]) + 1 if nonfinite else None,
            nonfinite_layer="hidden_3" if nonfinite else None,
            seconds=round(rng.uniform(0.2, 1.5), 3), traces=traces, milliseconds_per_step=0.5 + 0.01 * index,
            statistics=statistics_of(RunData(traces, clip_rate=0.1, curvatures=(-0.1 * skill, 3.0))) | {
                "saturated_fraction": 0.2, "dead_fraction": 0.1, "largest_singular_value": 1.0 + skill,
                "loss_range_median": 0.1, "effective_beta_median": 2.0 + skill},
        )  # fmt: skip

    def _traces(self, skill: float, factor: float, nonfinite: bool, diverged: bool) -> dict[str, np.ndarray]:
        """Of all steps, or of those until it went non-finite in the middle of the run."""
        rng, looks, layers = self.rng, len(self.probed), self.layers
        drift = factor * (1 + (1 / factor**0.5 - 1) * np.linspace(0, 1, looks) * skill)
        log10 = -3.2 + np.arange(layers - 1, -1, -1) * np.log10(drift)[:, None] - np.linspace(0, 0.8, looks)[:, None]
        rms = 10.0 ** (log10 + rng.normal(0, 0.12, log10.shape))
        rms[rms < 1e-45] = 0.0
        time = np.linspace(0, 1, looks)
        progress = skill * (1 - np.exp(-5 * time)) / (1 - np.exp(-5))
        noise = rng.normal(0, 0.01, looks)
        loss = 2.31 * np.exp(-4 * progress + 4 * noise) + 40 * diverged * time
        steps = self.budget.steps
        kept = looks // 2 + 1 if nonfinite else looks
        if nonfinite:
            rms[kept - 1], steps = np.inf, int(self.probed[kept - 1]) + 1
        by_look = {
            "probed_step": self.probed, "gradient_rms": rms, "validation_loss": loss * 1.1,
            "validation_score": self.score(np.clip(progress + noise * (progress > 0.05), 0, 1)),
            **{name: np.full((looks, layers), 0.1) for name in (
                "weight_gradient_norm", "activation_mean", "activation_std", "zero_fraction", "saturated_fraction", "dead_fraction",
                "update_ratio",
            )},
        }  # fmt: skip
        if self.length:
            through_time = 10.0 ** (-3 + np.arange(self.length - 1, -1, -1) * np.log10(factor))
            by_look["gradient_rms_through_time"] = np.tile(through_time, (looks, 1, 1))
        by_look |= {name: values.astype(np.float32) for name, values in by_look.items() if name != "probed_step"}
        by_step = {"loss": np.interp(np.arange(steps), self.probed, loss), "gradient_norm": np.full(steps, 0.5)}
        return {name: values[:kept] for name, values in by_look.items()} | by_step
