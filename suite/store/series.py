"""What MLflow's pages show of a record: params, tags and a few named series, grouped by the part before the slash.

The whole of it is in the record's artifact; this is the part worth a chart. Norms are logged as log10, an exact zero as
the float's floor; what is not finite is left out, since it breaks MLflow's pages, and told in tags.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from suite.protocol.labels import label_text
from suite.protocol.measurements import series_of
from suite.protocol.records import Budget, Cell, Record, Replicate
from suite.protocol.words import record_in_words

Point = tuple[str, float, int]
"""Name, value and step of a metric."""

_FLOOR = float(np.finfo(np.float32).tiny)


def run_name(cell: Cell) -> str:
    """The recipe in one line."""
    return " · ".join(label_text(label) for label in cell.factors.values()) or cell.benchmark


def parameters(cell: Cell) -> dict[str, str]:
    """Every factor, task argument and part of the budget. A component's arguments follow it, after a dot."""
    found = {"task": label_text(cell.task["name"]), "model": cell.model}
    found |= {f"task.{name}": label_text(value) for name, value in cell.task.items() if name != "name"}
    for factor, level in cell.recipe.items():
        name = level["name"] if isinstance(level, Mapping) else level
        label = cell.factors.get(factor, name)
        found[factor] = label_text(label)
        if isinstance(level, Mapping):
            arguments = dict(level) if label != name else {k: v for k, v in level.items() if k != "name"}
            found |= {f"{factor}.{argument}": label_text(value) for argument, value in arguments.items()}
    found |= {factor: label_text(label) for factor, label in cell.factors.items() if factor not in found}
    found |= {f"budget.{name}": label_text(getattr(cell.budget, name)) for name in Budget.__dataclass_fields__}
    return found


def outcomes(replicates: Sequence[Replicate]) -> str:
    """How the runs ended: "trained 2, stalled 1"."""
    return ", ".join(f"{name} {count}" for name, count in Counter(r.outcome for r in replicates).most_common())


def cell_tags(record: Record) -> dict[str, str]:
    """How the cell's runs ended, and why."""
    causes = sorted({cause for replicate in record.replicates for cause in replicate.causes})
    return {
        "outcomes": outcomes(record.replicates),
        "causes": "+".join(causes),
        "verdict": record_in_words(record),
        "at_edge": label_text(record.at_edge),
    }


def cell_metrics(record: Record) -> list[Point]:
    """What the tuning found, trial by trial, and the means over the replicates."""
    metric = record.task_facts.get("metric", "score")
    points: list[Point] = [("result/learning_rate", record.learning_rate, 0)]
    results = {
        "success_rate": [float(replicate.outcome == "trained") for replicate in record.replicates],
        f"test_{metric}": _known(replicate.test_score for replicate in record.replicates),
        f"train_{metric}": _known(replicate.train_score for replicate in record.replicates),
    }
    points += [(f"result/{name}", float(np.mean(values)), 0) for name, values in results.items() if values]
    for trial in record.trials:
        points.append(("tuning/learning_rate_log10", float(np.log10(trial.learning_rate)), trial.trial))
        if trial.validation_score is not None:
            points.append((f"tuning/validation_{metric}", trial.validation_score, trial.trial))
    return points


def replicate_tags(replicate: Replicate) -> dict[str, str]:
    """How the run ended; where it went non-finite, if it did."""
    tags = {"outcome": replicate.outcome, "causes": "+".join(replicate.causes), "seed": str(replicate.seed)}
    if replicate.nonfinite_step is not None:
        tags |= {"nonfinite_step": str(replicate.nonfinite_step), "nonfinite_layer": replicate.nonfinite_layer or ""}
    return tags


def replicate_metrics(replicate: Replicate, metric: str) -> list[Point]:
    """The run's series at the probed steps, and its results."""
    traces = replicate.traces
    steps = (np.asarray(traces.get("probed_step", ())) + 1).astype(int).tolist()
    points = [
        (name, float(value), step)
        for name, values in series_of(traces, metric, _FLOOR).items()
        for value, step in zip(values, steps, strict=False)
    ]
    results = {
        f"test_{metric}": replicate.test_score,
        f"train_{metric}": replicate.train_score,
        f"validation_{metric}": replicate.validation_score,
        "train_loss": replicate.train_loss,
        "steps_to_target": replicate.steps_to_target,
        **{k: v for k, v in replicate.statistics.items() if k.startswith("gradient_")},
        "seconds": replicate.seconds,
    }
    return points + [(f"result/{name}", float(v), replicate.steps) for name, v in results.items() if v is not None]


def _known(values: Any) -> list[float]:
    return [value for value in values if value is not None]
