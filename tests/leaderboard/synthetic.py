"""Synthetic but realistic exported results: any number of cells, in the columns of the real ones.

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
import pandas as pd

from suite.protocol.records import PROTOCOL_VERSION, TABLES
from suite.protocol.statistics import (
    basin_decades,
    bootstrap_mean,
    no_worse_than_chance,
    steps_to_target_median,
    tiers,
    wilson,
)

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


def write_results(
    parent: Path,
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
) -> Path:
    """Writes `parent/name` and returns it.

    Args:
        parent: The folder of all results.
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
    rows = [index for index in range(len(ids)) if index not in absent]
    world = _World(rng, [combinations[i] for i in rows], layers, metric, replicates, steps, length)
    keys = pd.DataFrame([combinations[i] for i in rows], columns=list(grid))
    for factor in grid:
        if len({type(label) for label in grid[factor]}) > 1:
            keys[factor] = keys[factor].map(str)  # a column of Parquet has one type
    keys.insert(0, "cell", [ids[i] for i in rows])
    keys.insert(0, "benchmark", name)

    tables = {
        "trials": world.trials(keys, trials),
        "replicates": world.replicates(keys),
        "gradients": world.gradients(keys, probes),
        "curves": world.curves(keys, probes),
    }
    if length:
        tables["gradients_through_time"] = world.through_time(keys, probes)
    tables["cells"] = world.cells(keys, tables["trials"])

    folder = parent / name
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in tables.items():
        assert set(TABLES[table]) <= set(frame.columns), table
        exported = frame[["benchmark", "cell", *grid, *TABLES[table]]]
        exported.to_parquet(folder / f"{table}.parquet", index=False)
        if table in ("cells", "replicates", "trials"):
            exported.to_csv(folder / f"{table}.csv", index=False)
    spec = _spec(name, title, grid, metric)
    manifest = {
        "protocol_version": PROTOCOL_VERSION, "benchmark": name, "title": title,
        "description": "Twenty layers of 64 units on scikit-learn's digits: what keeps the gradient alive?",
        "spec": spec, "spec_sha256": hashlib.sha256(spec.encode()).hexdigest(), "quick": False,
        "model": "recurrent" if length else "mlp",
        "task": {
            "name": "digits" if metric == "accuracy" else "adding", "metric": metric,
            "higher_is_better": metric == "accuracy", "chance_score": CHANCE[metric],
            "baseline_loss": 2.302585 if metric == "accuracy" else 1 / 6,
            "classes": 10 if metric == "accuracy" else None,
        },
        "target": world.target, "reference": reference,
        "factors": {factor: list(labels) for factor, labels in grid.items()},
        "fixed": {"width": 64, "batch_size": 64, "loss": {"name": "cross_entropy"}},
        "budget": {
            "steps": steps, "trials": trials, "replicates": replicates, "evaluations": probes,
            "learning_rate_low": 1e-4, "learning_rate_high": 1.0,
        },
        "thresholds": {"vanishing": -3, "exploding": 3, "dead": 0.9, "saturated": 0.5, "stalled": 0.98, "diverged": 2},
        "seeds": {"benchmark": 0, "replicates": [1000 + r for r in range(replicates)]},
        "versions": {"python": "3.11.2", "suite": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"},
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
        "created": "2026-11-21T07:00:00+00:00", "cells_total": len(ids),
        "missing": [
            {
                "cell": ids[i], "factors": dict(zip(grid, combinations[i], strict=True)),
                "status": "infrastructure error" if order % 2 == 0 else "not run",
                "detail": f"worker died: signal 9 {NASTY}" if order % 2 == 0 else "",
            }
            for order, i in enumerate(sorted(absent))
        ],
        "files": {},
    }  # fmt: skip
    write_manifest(folder, manifest)
    return folder


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Writes the manifest with the hashes of the files that lie there."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".parquet", ".csv"))
    manifest["files"] = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))


def change_cell(folder: Path, cell: str, **values: Any) -> None:
    """Overwrites figures of one cell in the cells table, and brings the manifest up to date."""
    for suffix in (".parquet", ".csv"):
        path = folder / f"cells{suffix}"
        frame = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path)
        for column, value in values.items():
            frame.loc[frame["cell"] == cell, column] = value
        frame.to_parquet(path, index=False) if suffix == ".parquet" else frame.to_csv(path, index=False)
    write_manifest(folder, json.loads((folder / "manifest.json").read_text()))


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

    def __init__(
        self,
        rng: np.random.Generator,
        recipes: list[tuple],
        layers: int,
        metric: str,
        replicates: int,
        steps: int,
        length: int | None,
    ) -> None:
        self.rng, self.layers, self.metric, self.steps, self.length = rng, layers, metric, steps, length
        self.target = 0.9 if metric == "accuracy" else 0.01
        self.factor = np.array([np.prod([GAIN.get(label, 1.0) for label in recipe]) for recipe in recipes])
        self.factor = np.clip(self.factor * rng.lognormal(0, 0.03, len(recipes)), 0.05, 1.9)
        depth = np.array(
            [next((x for x in recipe if isinstance(x, int) and not isinstance(x, bool)), layers) for recipe in recipes]
        )
        strain = np.abs(np.log10(self.factor)) * depth
        ease = 3.2 - 0.55 * strain + np.array([sum(EASE.get(label, 0.0) for label in recipe) for recipe in recipes])
        self.skill = 1 / (1 + np.exp(-(ease[:, None] + rng.normal(0, 0.25, (len(recipes), replicates)))))
        hopeless = self.skill < 0.12
        self.skill[hopeless] = rng.uniform(0, 0.01, hopeless.sum())
        self.nonfinite = (self.factor[:, None] > 1.5) & (rng.uniform(size=self.skill.shape) < 0.6)
        self.diverged = (self.factor[:, None] > 1.4) & ~self.nonfinite & (rng.uniform(size=self.skill.shape) < 0.4)
        self.skill[self.nonfinite | self.diverged] = 0.0
        self.rate = 10 ** rng.uniform(-3.5, -0.5, len(recipes))
        self.ratio = np.log10(self.factor) * (layers - 1)

    def score(self, skill: np.ndarray) -> np.ndarray:
        """From 0 (chance) to 1 (all learned)."""
        if self.metric == "accuracy":
            return np.round(0.1 + 0.885 * skill, 4)
        return (1 / 6) ** (1 - skill) * 4e-4**skill

    def met(self) -> np.ndarray:
        """Whether each run reached the target."""
        score = self.score(self.skill)
        return score >= self.target if self.metric == "accuracy" else score <= self.target

    def outcomes(self) -> tuple[np.ndarray, np.ndarray]:
        """Outcome and causes of each run."""
        outcome = np.where(self.skill < 0.02, "stalled", "slow").astype(object)
        outcome[self.met()] = "trained"
        outcome[(self.skill > 0.6) & ~self.met()] = "lost"
        outcome[self.diverged], outcome[self.nonfinite] = "diverged", "nonfinite"
        ratio = np.broadcast_to(self.ratio[:, None], outcome.shape)
        cause = np.where(ratio < -3, "vanishing", np.where(ratio > 3, "exploding", "")).astype(object)
        cause[(ratio < -9) & (cause != "")] += "+saturated"
        cause[outcome == "trained"] = ""
        return outcome, cause

    def test_scores(self) -> np.ndarray:
        """As ranked: a non-finite run counts as the constant predictor."""
        score = self.score(self.skill)
        score[self.nonfinite] = CHANCE[self.metric]
        return score

    def _long(self, keys: pd.DataFrame, *sizes: int) -> pd.DataFrame:
        repeated = keys.loc[keys.index.repeat(int(np.prod(sizes)))].reset_index(drop=True)
        for column in keys.columns:
            repeated[column] = repeated[column].astype("category")
        return repeated

    def trials(self, keys: pd.DataFrame, trials: int) -> pd.DataFrame:
        shared = (trials + 1) // 2
        grid = np.geomspace(1e-4, 1, shared)
        rates = np.concatenate(
            [
                np.tile(grid, (len(keys), 1)),
                self.rate[:, None] * 10 ** self.rng.normal(0, 0.4, (len(keys), trials - shared)),
            ],
            axis=1,
        )
        rates[:, -1] = self.rate
        skill = self.skill.max(axis=1, keepdims=True) * np.exp(-0.5 * (np.log10(rates / self.rate[:, None]) / 0.9) ** 2)
        frame = self._long(keys, trials)
        frame["trial"] = np.tile(np.arange(trials), len(keys))
        frame["learning_rate"] = rates.ravel()
        lost = (rates > 30 * self.rate[:, None]).ravel()
        frame["validation_score"] = np.where(lost, np.nan, self.score(skill).ravel())
        frame["outcome"] = np.where(lost, "nonfinite", "slow")
        frame["shared_grid"] = np.tile(np.arange(trials) < shared, len(keys))
        return frame

    def replicates(self, keys: pd.DataFrame) -> pd.DataFrame:
        count = self.skill.shape[1]
        outcome, causes = self.outcomes()
        score = self.score(self.skill)
        score[self.nonfinite] = np.nan
        trained = outcome == "trained"
        ended = np.where(self.nonfinite, self.rng.integers(5, self.steps, score.shape), self.steps)
        reached = np.clip(self.steps * (1.4 - self.skill), 17, self.steps).astype(int)
        frame = self._long(keys, count)
        frame["replicate"] = np.tile(np.arange(count), len(keys))
        frame["seed"] = 1000 + frame["replicate"]
        frame["outcome"], frame["causes"] = outcome.ravel(), causes.ravel()
        frame["test_score"] = frame["validation_score"] = score.ravel()
        frame["train_score"] = (
            np.minimum(score + 0.01, 1.0).ravel() if self.metric == "accuracy" else score.ravel() * 0.9
        )
        frame["train_loss"] = np.where(
            self.nonfinite, np.nan, 2.31 * (1.0 - self.skill) + 0.01 + 5.0 * self.diverged
        ).ravel()
        frame["steps_to_target"] = pd.array(np.where(trained, reached, 0).ravel(), dtype="Int64")
        frame.loc[~trained.ravel(), "steps_to_target"] = pd.NA
        frame["steps"] = ended.ravel()
        frame["nonfinite_step"] = pd.array(ended.ravel(), dtype="Int64")
        frame.loc[~self.nonfinite.ravel(), "nonfinite_step"] = pd.NA
        frame["nonfinite_layer"] = np.where(self.nonfinite.ravel(), "hidden_3", None)
        ratio = np.repeat(self.ratio, count)
        frame["gradient_ratio_init"] = ratio + self.rng.normal(0, 0.1, len(frame))
        frame["gradient_ratio_median"] = ratio + self.rng.normal(0, 0.2, len(frame))
        frame["gradient_factor_init"] = np.repeat(self.factor, count) * self.rng.lognormal(0, 0.02, len(frame))
        for column in ("saturated_fraction", "dead_fraction", "clip_rate"):
            frame[column] = np.round(self.rng.uniform(0, 0.3, len(frame)), 3)
        frame["seconds"] = np.round(self.rng.uniform(0.2, 1.5, len(frame)), 3)
        return frame

    def gradients(self, keys: pd.DataFrame, probes: int) -> pd.DataFrame:
        count, layers = self.skill.shape[1], self.layers
        frame = self._long(keys, count, probes, layers)
        drift = 1 + (1 / self.factor[:, None] ** 0.5 - 1) * np.linspace(0, 1, probes) * self.skill.mean(axis=1)[:, None]
        factor = self.factor[:, None] * drift
        back = np.arange(layers - 1, -1, -1)
        log10 = -3.2 + back * np.log10(factor)[:, :, None] - np.linspace(0, 0.8, probes)[None, :, None]
        log10 = log10[:, None] + self.rng.normal(0, 0.12, (len(keys), count, probes, layers))
        rms = 10.0**log10
        rms[rms < 1e-45] = 0.0
        frame["replicate"] = np.tile(np.repeat(np.arange(count, dtype=np.int8), probes * layers), len(keys))
        frame["step"] = np.tile(np.repeat(self._probed(probes), layers), len(keys) * count)
        frame["layer"] = np.tile(np.arange(1, layers + 1, dtype=np.int16), len(keys) * count * probes)
        frame["name"] = pd.Categorical.from_codes(
            frame["layer"].to_numpy() - 1, [f"hidden_{n}" for n in range(1, layers + 1)]
        )
        frame["gradient_rms"] = rms.ravel().astype(np.float32)
        for column in (
            "weight_gradient_norm",
            "activation_mean",
            "activation_std",
            "saturated_fraction",
            "dead_fraction",
            "update_ratio",
        ):
            frame[column] = np.float32(0.1)
        exploded = np.zeros(rms.shape, dtype=bool)
        exploded[self.nonfinite, probes // 2 :] = True
        frame.loc[exploded.ravel() & (frame["step"] == self._probed(probes)[probes // 2]), "gradient_rms"] = np.inf
        return frame[~(exploded.ravel() & (frame["step"] > self._probed(probes)[probes // 2]))]

    def through_time(self, keys: pd.DataFrame, probes: int) -> pd.DataFrame:
        count, length = self.skill.shape[1], self.length or 1
        frame = self._long(keys, count, probes, length)
        log10 = -3 + np.arange(length - 1, -1, -1) * np.log10(self.factor)[:, None]
        frame["gradient_rms"] = (10.0 ** np.tile(log10[:, None, :], (1, count * probes, 1))).ravel()
        frame["replicate"] = np.tile(np.repeat(np.arange(count), probes * length), len(keys))
        frame["step"] = np.tile(np.repeat(self._probed(probes), length), len(keys) * count)
        frame["layer"] = 1
        frame["time"] = np.tile(np.arange(1, length + 1), len(keys) * count * probes)
        return frame

    def _probed(self, probes: int) -> np.ndarray:
        return np.unique(np.linspace(1, self.steps, probes).astype(np.int32))

    def curves(self, keys: pd.DataFrame, probes: int) -> pd.DataFrame:
        count = self.skill.shape[1]
        frame = self._long(keys, count, probes)
        time = np.linspace(0, 1, probes)
        progress = self.skill[:, :, None] * (1 - np.exp(-5 * time)) / (1 - np.exp(-5))
        noise = self.rng.normal(0, 0.01, progress.shape)
        loss = 2.31 * np.exp(-4 * progress) * np.exp(4 * noise) + 40 * self.diverged[:, :, None] * time
        frame["replicate"] = np.tile(np.repeat(np.arange(count), probes), len(keys))
        frame["step"] = np.tile(self._probed(probes), len(keys) * count)
        frame["train_loss"], frame["validation_loss"] = loss.ravel(), loss.ravel() * 1.1
        frame["gradient_norm"] = 0.5
        frame["validation_score"] = self.score(np.clip(progress + noise * (progress > 0.05), 0, 1)).ravel()
        ended = np.repeat(self.nonfinite.ravel(), probes) & (np.tile(time, len(keys) * count) > 0.5)
        return frame[~ended]

    def cells(self, keys: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
        frame, count = keys.copy(), self.skill.shape[1]
        outcome, causes = self.outcomes()
        scores, trained = self.test_scores(), (outcome == "trained").sum(axis=1)
        higher, chance = self.metric == "accuracy", CHANCE[self.metric]
        shared, per_cell = trials["shared_grid"].to_numpy(), len(trials) // len(keys)
        frame["learning_rate"], frame["at_edge"] = self.rate, self.rate < 4e-4
        rates, values = trials["learning_rate"].to_numpy(), trials["validation_score"].to_numpy()
        pick = np.nanmax if higher else np.nanmin
        frame["basin_decades"] = [
            basin_decades(
                rates[rows][shared[rows]],
                values[rows][shared[rows]],
                best=pick(values[rows]),
                chance=chance,
                higher_is_better=higher,
            )
            for rows in (slice(i * per_cell, (i + 1) * per_cell) for i in range(len(keys)))
        ]
        frame["replicates"], frame["trained"], frame["success_rate"] = count, trained, trained / count
        frame[["success_low", "success_high"]] = [wilson(int(k), count) for k in trained]
        bounds = (0.0, 1.0) if higher else (0.0, np.inf)
        frame[["test_score", "test_low", "test_high"]] = [bootstrap_mean(row, bounds=bounds) for row in scores]
        frame["train_score"] = scores.mean(axis=1)
        runs = self.replicates(keys)
        steps = runs["steps_to_target"].to_numpy(dtype=float, na_value=np.nan).reshape(len(keys), count)
        frame["steps_to_target"] = [steps_to_target_median(row) for row in steps]
        for column in ("gradient_ratio_init", "gradient_ratio_median", "gradient_factor_init"):
            frame[column] = np.median(runs[column].to_numpy().reshape(len(keys), count), axis=1)
        frame["causes"] = ["+".join(sorted({c for text in row for c in text.split("+") if c})) for row in causes]
        frame["tier"] = tiers(
            no_worse_than_chance(scores, chance, higher_is_better=higher), frame["test_score"], higher_is_better=higher
        )
        frame["seconds"] = np.round(self.rng.uniform(5, 60, len(keys)), 2)
        return frame
