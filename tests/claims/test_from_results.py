"""Tables as the judge sees them: published and recorded ones alike, failures as the protocol counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from suite.claims.expressions import parse
from suite.claims.from_results import evidence_of, evidence_of_records
from suite.protocol.columns import factor_column
from suite.protocol.outcomes import gradient_straightness
from suite.protocol.ranks import compared_scores
from suite.results.reader import read
from tests.leaderboard.synthetic import made_results, write_results

GRID = {"activation": ["relu", "sigmoid"], "initializer": ["he_normal", "small"], "depth": [5, 30]}


def test_published_and_recorded_tables_are_the_same_evidence(tmp_path: Path) -> None:
    made = {"grid": GRID, "layers": 5, "missing": 1, "reference": 0.97}
    manifest, records = made_results("tiny", **made)
    recorded = evidence_of_records(manifest, records, traced=True)
    published = evidence_of(read(write_results(tmp_path, "tiny", **made)), traced=True)
    assert published.cells == recorded.cells
    assert published.levels == recorded.levels
    assert published.missing == recorded.missing == 1
    assert published.task == recorded.task == "digits"
    assert published.reference == recorded.reference == 0.97
    straight = "gradient_straightness_init"
    assert recorded.columns[straight][0, 0] == gradient_straightness(records[0].replicates[0].traces["gradient_rms"][0])
    assert straight not in evidence_of_records(manifest, records).columns
    for name, column in recorded.columns.items():
        if name == straight:  # of gradients that the table rounds
            np.testing.assert_allclose(published.columns[name], column, atol=0.01)
        elif column.dtype == object:
            assert published.columns[name].tolist() == column.tolist()
        else:
            np.testing.assert_array_equal(published.columns[name], column)


def test_scores_and_steps_are_those_that_comparisons_are_made_on() -> None:
    manifest, (first, *rest) = made_results("tiny", grid=GRID, layers=5, missing=0)
    lost = {"outcome": "nonfinite", "test_score": None, "train_score": None, "steps_to_target": None}
    records = [replace(first, replicates=(replace(first.replicates[0], **lost), *first.replicates[1:])), *rest]
    found = evidence_of_records(manifest, records)
    np.testing.assert_allclose(found.values(parse("test_score"), compared=True), compared_scores(records).values)
    assert found.columns["test_score"][0, 0] == found.columns["train_score"][0, 0] == 0.1
    for row, record in enumerate(records):
        for run in record.replicates:
            steps = found.columns["steps_to_target"][row, run.replicate]
            assert steps == (manifest.budget.steps if run.steps_to_target is None else run.steps_to_target)
            assert found.columns["success_rate"][row, run.replicate] == (run.outcome == "trained")
            assert found.columns["causes"][row, run.replicate] == "+".join(run.causes)
    assert found.factors["depth"] == ("5", "30")


def test_errors_are_no_worse_than_chance_either(tmp_path: Path) -> None:
    grid = {"unit": ["rnn", "lstm"], "length": [20, 100]}
    folder = write_results(tmp_path, "adding", grid=grid, metric="mse", length=20, layers=1, missing=0)
    found = evidence_of(read(folder))
    assert (found.higher_is_better, found.task) == (False, "adding")
    found.columns["test_score"][0, 0] = 99
    assert (found.values(parse("test_score"), compared=True) <= found.columns["chance_score"]).all()
    assert found.values(parse("test_score"))[0, 0] == 99


def test_a_run_that_is_late_is_late_by_the_steps_of_its_own_cell() -> None:
    grid = {"activation": ["relu", "sigmoid"], factor_column("steps"): [50, 340]}
    manifest, records = made_results("tiny", grid=grid, layers=5, missing=0)
    late = [replace(r, replicates=tuple(replace(run, steps_to_target=None) for run in r.replicates)) for r in records]
    found = evidence_of_records(manifest, late)
    assert found.columns["steps_to_target"][:, 0].tolist() == [float(labels[1]) for labels in found.levels]
    assert set(found.columns["budget"][:, 0]) == {50.0, 340.0}


def test_how_high_a_rate_may_be_is_where_the_basin_ends() -> None:
    manifest, (first, *rest) = made_results("tiny", grid=GRID, layers=5, missing=0)
    good = replace(first, trials=tuple(replace(trial, validation_score=0.9) for trial in first.trials))
    found = evidence_of_records(manifest, [good, *rest])
    assert found.columns["basin_high"][0, 0] == max(t.learning_rate for t in first.trials if t.shared_grid)
    given = [replace(record, trials=()) for record in (first, *rest)]
    assert np.isnan(evidence_of_records(manifest, given).columns["basin_high"]).all()
