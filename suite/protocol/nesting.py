"""Derives the results for a smaller budget or another target from a record."""

from __future__ import annotations

import dataclasses

import numpy as np

from suite.protocol.outcomes import classify_outcome, find_causes, steps_to_target
from suite.protocol.rates import best_rate, tried_of
from suite.protocol.records import Cell, Outcome, Record, Replicate, Trial


def holds(record: Record, cell: Cell) -> bool:
    """Whether a record contains all trials and replicates of a cell.

    Args:
        record: Record with the same fingerprint.
        cell: Cell with the requested budget.
    """
    budget = cell.budget
    enough = len(record.trials) >= budget.trials and len(record.replicates) >= budget.replicates
    return enough and record.learning_rate == chosen_rate(record, budget.trials)


def chosen_rate(record: Record, trials: int) -> float:
    """The rate selected by the first `trials` trials of a record."""
    if trials >= len(record.trials):
        return record.learning_rate
    facts = record.task_facts
    tried = tried_of(
        record.trials[:trials],
        higher_is_better=bool(facts["higher_is_better"]),
        chance_score=float(facts["chance_score"]),
    )
    return best_rate(tried)


def as_asked(record: Record, cell: Cell) -> Record:
    """The record reduced to the trials and replicates of a cell, with outcomes for its target.

    Args:
        record: Record that holds the cell, with its traces if the target differs.
        cell: Cell with the requested budget and target.
    """
    judged = judged_by(record, cell.target)
    return dataclasses.replace(
        judged,
        cell=cell,
        trials=judged.trials[: cell.budget.trials],
        replicates=judged.replicates[: cell.budget.replicates],
    )


def judged_by(record: Record, target: float) -> Record:
    """The record with outcomes for another target."""
    if target == record.cell.target:
        return record
    return dataclasses.replace(
        record,
        cell=dataclasses.replace(record.cell, target=target),
        trials=tuple(_trial_judged(trial, record, target) for trial in record.trials),
        replicates=tuple(_judged(run, record, target) for run in record.replicates),
    )


def _trial_judged(trial: Trial, record: Record, target: float) -> Trial:
    facts = record.task_facts
    outcome = classify_outcome(
        finite=trial.train_loss is not None,
        train_loss=trial.train_loss,
        baseline_loss=float(facts["baseline_loss"]),
        scores=np.array([trial.best_score, trial.validation_score], dtype=np.float64),
        target=target,
        higher_is_better=bool(facts["higher_is_better"]),
    )
    return dataclasses.replace(trial, outcome=str(outcome))


def _judged(run: Replicate, record: Record, target: float) -> Replicate:
    facts, scores = record.task_facts, run.traces["validation_score"]
    higher = bool(facts["higher_is_better"])
    outcome = classify_outcome(
        finite=run.nonfinite_step is None,
        train_loss=run.train_loss,
        baseline_loss=float(facts["baseline_loss"]),
        scores=scores,
        target=target,
        higher_is_better=higher,
    )
    # The traces lack the non-finite step, so the causes of such runs are kept.
    found = run.causes if outcome == Outcome.NONFINITE else tuple(map(str, find_causes(run.traces)))
    return dataclasses.replace(
        run,
        outcome=str(outcome),
        causes=() if outcome == Outcome.TRAINED else found,
        steps_to_target=steps_to_target(run.traces, target, higher),
    )
