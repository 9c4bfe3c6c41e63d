"""Derives the results for a smaller budget or another target from a record."""

from __future__ import annotations

import dataclasses

import numpy as np

from suite.protocol.outcomes import classify_outcome, find_causes, steps_to_target
from suite.protocol.rates import any_at_edge, chosen_rate
from suite.protocol.records import Budget, Cell, Outcome, Record, Replicate, Trial


def holds(record: Record, cell: Cell) -> bool:
    """Whether a record contains all trials and replicates of a cell.

    Args:
        record: Record with the same fingerprint.
        cell: Cell with the requested budget.
    """
    budget = cell.budget
    if len(record.learning_rates) < budget.tunings or len(record.replicates) < budget.replicates:
        return False
    if any(len(record.trials_of(tuning)) < budget.trials for tuning in range(budget.tunings)):
        return False
    rates = chosen_rates(record, budget)
    return all(
        (run.tuning, run.learning_rate) == (index % budget.tunings, rates[index % budget.tunings])
        for index, run in enumerate(record.replicates[: budget.replicates])
    )


def chosen_rates(record: Record, budget: Budget) -> tuple[float, ...]:
    """The rate that the first trials of each tuning in a budget select."""

    def chosen(tuning: int) -> float:
        trials = record.trials_of(tuning)
        if budget.trials >= len(trials):
            return record.learning_rates[tuning]
        return chosen_rate(trials[: budget.trials], record.task_facts)

    return tuple(chosen(tuning) for tuning in range(min(budget.tunings, len(record.learning_rates))))


def as_asked(record: Record, cell: Cell) -> Record:
    """The record reduced to the trials and replicates of a cell, with outcomes for its target.

    Args:
        record: Record that holds the cell, with its traces if the target differs.
        cell: Cell with the requested budget and target.
    """
    judged, budget = judged_by(record, cell.target), cell.budget
    rates = chosen_rates(record, budget)
    trials = tuple(trial for tuning in range(budget.tunings) for trial in judged.trials_of(tuning)[: budget.trials])
    return dataclasses.replace(
        judged,
        cell=cell,
        learning_rates=rates,
        at_edge=bool(trials) and any_at_edge(rates, budget.learning_rate_low, budget.learning_rate_high),
        trials=trials,
        replicates=judged.replicates[: budget.replicates],
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
