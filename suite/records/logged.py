"""What MLflow is given of a cell: params, tags, a few named series and a note. The whole record stays in its file.

Norms are logged as log10, an exact zero as the float's floor. Values that are not finite are left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suite.protocol.labels import label_text
from suite.protocol.measurements import series_of
from suite.protocol.ranks import figures_of
from suite.protocol.rates import typical_rate
from suite.protocol.records import Cell, Provenance, Record, cell_from_plain
from suite.protocol.words import record_in_words
from suite.protocol.written import counted

Point = tuple[str, float, int]
"""Name, value and step of a metric."""

_FLOOR = float(np.finfo(np.float32).tiny)
_NAMES = {
    "test_score": "test_{metric}", "success_rate": "success_rate", "test_low": "test_{metric}_low", "test_high": "test_{metric}_high",
    "train_score": "train_{metric}", "steps_to_target": "steps_to_target", "gradient_ratio_init": "gradient_ratio",
    "gradient_factor_init": "gradient_factor", "seconds": "seconds",
}  # fmt: skip
"""Statistics of a cell that are logged, to four digits, by their names here and in MLflow."""

_SERIES = {
    "loss/training": "loss",
    "{metric}/validation": "validation_{metric}",
    "gradient_log10/ratio_first_to_last": "gradient_ratio",
}
"""Series of a run that are logged, by their names here and in MLflow, where the run's number follows."""


@dataclass(frozen=True)
class LoggedRun:
    """A run as MLflow is to have it.

    Attributes:
        name: The recipe in one line.
        params: Factors and the tuned learning rate.
        tags: Outcome, cause, a note, and where the numbers come from.
        dataset: Name, digest, kind of source, and the task's arguments as JSON.
        metrics: Finite values only.
    """

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    dataset: tuple[str, str, str, str]
    metrics: Sequence[Point] = ()


def of_record(record: Record, provenance: Provenance) -> LoggedRun:
    """A finished cell."""
    causes = sorted({cause for run in record.replicates for cause in run.causes})
    tags = {
        "outcome": ", ".join(f"{name} {n}" for name, n in Counter(r.outcome for r in record.replicates).most_common()),
        "cause": "+".join(causes),
        "mlflow.note.content": record_in_words(record),
        **({"rate_at_edge": "true"} if record.at_edge else {}),
        **_origin(provenance),
    }
    params = {**_factors(record.cell), "learning_rate": f"{typical_rate(record.learning_rates):.6g}"}
    return LoggedRun(_name(record.cell), params, tags, _dataset(record.cell), _metrics(record))


def of_failure(failure: Mapping[str, Any], provenance: Provenance) -> LoggedRun:
    """A cell that could not be run, as its file has it."""
    cell = cell_from_plain(failure["cell"])
    tags = {"outcome": "could not be run", "mlflow.note.content": failure["error"], **_origin(provenance)}
    return LoggedRun(_name(cell), _factors(cell), tags, _dataset(cell))


def experiment_note(record: Record, provenance: Provenance) -> str:
    """What an experiment is, in words for people who open it in MLflow.

    Args:
        record: One of its cells.
        provenance: The spec and versions behind it.
    """
    cell, metric = record.cell, metric_of(record)
    factors = ", ".join(cell.factors)
    title, description = _title(cell.benchmark, provenance)
    times = counted(cell.budget.tunings, "time")
    tuned = f"Its learning rate was tuned {times} with {cell.budget.trials} trials; then " if cell.budget.trials else ""
    return f"""\
## {title}

{description}

Each run is one recipe: a {cell.model} on {cell.task["name"]}, varied by {factors}. {tuned}{cell.budget.replicates} networks
were trained for {cell.budget.steps} steps, each with its own seed and its own draw of the data.

- `test_{metric}` is their mean score on the test split, with its 95% interval in `test_{metric}_low` and `_high`.
- `success_rate` is the share of them that reached {cell.target:g} on the validation split.
- `gradient_ratio` is the gradient of the first hidden layer over that of the last before training, in powers of ten:
  -6 says that it shrinks a million-fold on its way back. `gradient_factor` is the same as a factor for each layer.
- `.../replicate_0` and so on are series over training; `gradients.html` among the artifacts shows every layer.

These runs are a copy: the records themselves are files, in the folder `records` from where `suite run` was given.
"""


def _title(benchmark: str, provenance: Provenance) -> tuple[str, str]:
    """Title and description in the text of the spec."""
    from suite.spec import SpecError, read_benchmarks

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, Path(provenance.spec_file).name)
        file.write_text(provenance.spec, encoding="utf-8")
        try:
            found = next(each for each in read_benchmarks(file) if each.name == benchmark)
        except (SpecError, StopIteration):  # it names modules or files that lie beside the spec
            return benchmark, ""
    return found.title, found.description


def metric_of(record: Record) -> str:
    """The task's metric, such as accuracy."""
    return str(record.task_facts.get("metric", "score"))


def _name(cell: Cell) -> str:
    return " · ".join(map(label_text, cell.factors.values())) or cell.benchmark


def _factors(cell: Cell) -> dict[str, str]:
    return {factor: label_text(label) for factor, label in cell.factors.items()}


def _dataset(cell: Cell) -> tuple[str, str, str, str]:
    arguments = json.dumps(dict(cell.task), sort_keys=True, default=str)
    return str(cell.task["name"]), hashlib.sha256(arguments.encode()).hexdigest()[:8], "suite task", arguments


def _origin(provenance: Provenance) -> dict[str, str]:
    commit = {"mlflow.source.git.commit": provenance.git_commit} if provenance.git_commit else {}
    return {"mlflow.source.name": provenance.spec_file, **commit}


def _metrics(record: Record) -> list[Point]:
    metric, figures = metric_of(record), figures_of([record])[0]
    statistics = {name.format(metric=metric): figures[key] for key, name in _NAMES.items()}
    found = [(name, float(f"{value:.4g}"), 0) for name, value in statistics.items() if value is not None]
    for run in record.replicates:
        steps = (np.asarray(run.traces.get("probed_step", ())) + 1).astype(int).tolist()
        series = series_of(run.traces, metric, _FLOOR)
        for key, name in _SERIES.items():
            values = series.get(key.format(metric=metric), ())
            named = f"{name.format(metric=metric)}/replicate_{run.replicate}"
            found += [(named, value, step) for value, step in zip(values, steps, strict=False)]
    return [(name, float(value), step) for name, value, step in found if math.isfinite(value)]
