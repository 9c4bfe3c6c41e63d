"""One cell, start to finish, on the real digits."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.protocol.nesting import as_asked, holds
from suite.protocol.rates import best_rate, tried_of
from suite.protocol.records import Budget, Cell, Record, record_from_plain, to_plain
from suite.spec.identity import fingerprint, identity
from suite.training import experiment
from suite.training.experiment import REPLICATE, TUNING, batch_rows, run_cell, run_seed, train_once
from tests.made import CLOCKED
from tests.probes.cases import digits, named, recipe

BUDGET = Budget(steps=60, trials=4, replicates=3, evaluations=5, learning_rate_low=1e-3, learning_rate_high=1.0)


def cell(target: float = 0.8, budget: Budget = BUDGET, **factors) -> Cell:
    made = Cell(
        benchmark="tiny",
        fingerprint="0" * 16,
        factors={"activation": "relu"},
        recipe=recipe(depth=2, width=32, optimizer="sgd", **factors),
        task={"name": "digits", "train_size": None, "scaling": "standard"},
        model="mlp",
        budget=budget,
        seed=0,
        target=target,
        quick=False,
        search_path=(),
        program="",
    )
    return named(made)


@pytest.fixture(scope="module")
def record() -> Record:
    return run_cell(cell())


def test_a_cell_that_trains_says_so(record: Record) -> None:
    assert [r.outcome for r in record.replicates] == ["trained"] * 3
    assert all(r.causes == () for r in record.replicates)
    assert all(r.test_score > 0.8 and r.train_score > 0.8 for r in record.replicates)
    assert all(r.steps == 60 and r.steps_to_target in {1, 16, 30, 31, 45, 46, 60} for r in record.replicates)
    assert record.task_facts["metric"] == "accuracy"
    assert record.task_facts["baseline_loss"] == pytest.approx(np.log(10), abs=1e-3)
    assert record.layers == ("hidden_1", "hidden_2")


def test_the_tuned_rate_is_the_best_of_the_trials(record: Record) -> None:
    tried = tried_of(record.trials, higher_is_better=True, chance_score=record.task_facts["chance_score"])
    assert record.learning_rates == (best_rate(tried),)
    assert len(record.trials) == 4


def test_tuning_and_replicates_never_share_a_seed(record: Record) -> None:
    seeds = [r.seed for r in record.replicates]
    assert len(set(seeds)) == 3
    assert seeds == [run_seed(0, REPLICATE, i) for i in range(3)]
    assert run_seed(0, TUNING, 0, 0) not in seeds
    assert run_seed(1, REPLICATE, 0) not in seeds


def test_the_same_cell_gives_the_same_record_bit_for_bit(record: Record) -> None:
    again = run_cell(cell())
    assert without_times(again) == without_times(record)
    for ours, theirs in zip(record.replicates, again.replicates, strict=True):
        for name, array in ours.traces.items():
            np.testing.assert_array_equal(array, theirs.traces[name], err_msg=name)


def without_times(record: Record) -> dict:
    plain = to_plain(record)
    for key in ("seconds", "compile_seconds"):
        plain.pop(key)
    for replicate in plain["replicates"]:
        for key in CLOCKED:
            replicate.pop(key)
    return plain


def asking(trials: int, tunings: int, replicates: int) -> Cell:
    return cell(budget=dataclasses.replace(BUDGET, trials=trials, tunings=tunings, replicates=replicates))


@pytest.fixture(scope="module")
def whole() -> Record:
    return run_cell(asking(10, 2, 4))


@pytest.mark.parametrize(("trials", "tunings", "replicates"), [(10, 2, 2), (5, 2, 4), (10, 1, 4), (3, 1, 1)])
def test_a_smaller_record_is_extended_to_what_asking_for_all_at_once_gives(
    trials: int, tunings: int, replicates: int, whole: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, trained = run_cell(asking(trials, tunings, replicates)), []

    def counted(*what: Any, **named: Any) -> Any:
        trained.append(what[3])
        return train_once(*what, **named)

    monkeypatch.setattr(experiment, "train_once", counted)
    extended = run_cell(asking(10, 2, 4), [part])
    assert without_times(extended) == without_times(whole)
    for ours, theirs in zip(extended.replicates, whole.replicates, strict=True):
        for name, array in ours.traces.items():
            np.testing.assert_array_equal(array, theirs.traces[name], err_msg=name)
    same = [(run.tuning, run.learning_rate) for run in whole.replicates]
    kept = [(run.tuning, run.learning_rate) == same[run.replicate] for run in part.replicates]
    assert len(trained) == (20 - trials * tunings) + (4 - sum(kept))


def test_replicates_alternate_among_tunings_which_have_seeds_and_data_of_their_own(whole: Record) -> None:
    assert [run.tuning for run in whole.replicates] == [0, 1, 0, 1]
    assert [run.learning_rate for run in whole.replicates] == [*whole.learning_rates, *whole.learning_rates]
    first, second = whole.trials_of(0), whole.trials_of(1)
    assert len(first) == len(second) == 10
    assert first[0].learning_rate == second[0].learning_rate
    assert first[0].validation_loss != second[0].validation_loss


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler"])
def test_optunas_own_samplers_tune_too_and_nest(sampler: str) -> None:
    few, many = (
        named(cell(budget=dataclasses.replace(BUDGET, trials=n, replicates=1, sampler=sampler))) for n in (3, 6)
    )
    part, whole = run_cell(few), run_cell(many)
    assert whole.trials[:3] == part.trials
    assert without_times(run_cell(many, [part])) == without_times(whole)
    assert all(1e-3 <= trial.learning_rate <= 1 and not trial.shared_grid for trial in whole.trials)
    assert fingerprint(identity(few)) == fingerprint(identity(many)) != fingerprint(identity(cell()))


def test_a_larger_record_says_what_fewer_trials_replicates_and_another_target_give(whole: Record) -> None:
    for trials, tunings in itertools.product(range(1, 10), (1, 2)):
        asked = dataclasses.replace(asking(trials, tunings, 2), target=0.97)
        if holds(whole, asked):
            assert without_times(as_asked(whole, asked)) == without_times(run_cell(asked, [whole]))
            alone = run_cell(asked)
            assert without_times(as_asked(whole, asked)) == without_times(alone)
    assert holds(whole, asking(10, 2, 4))
    assert not any(holds(whole, asking(*more)) for more in ((11, 2, 4), (10, 2, 5), (10, 3, 4)))


def test_a_fixed_rate_is_not_tuned_and_shares_its_program() -> None:
    fixed = named(dataclasses.replace(cell(learning_rate=0.3), budget=dataclasses.replace(BUDGET, trials=0)))
    record = run_cell(fixed)
    assert (record.learning_rates, record.at_edge, record.trials) == ((0.3,), False, ())
    assert len(record.replicates) == BUDGET.replicates
    assert fixed.program == cell().program
    assert fingerprint(identity(fixed)) != fingerprint(identity(cell()))


def test_tuning_and_replicates_share_no_seed() -> None:
    seeds = [run_seed(0, TUNING, tuning, repeat) for tuning in range(3) for repeat in range(3)]
    assert len({*seeds, *(run_seed(0, REPLICATE, index) for index in range(9))}) == 18


def test_what_layers_showed_is_told_in_one_number_a_run(record: Record) -> None:
    for run in record.replicates:
        zeros, updates = run.traces["zero_fraction"], run.traces["update_ratio"]
        assert run.statistics["zero_fraction_init"] == pytest.approx(zeros[0].mean())
        assert 0.3 < run.statistics["zero_fraction_init"] < 0.7, "of ReLU about half"
        assert run.statistics["update_ratio_last"] == pytest.approx(np.median(updates[:, -1]))
        assert 0.5 < run.statistics["largest_singular_value"] < 5
        assert run.milliseconds_per_step > 0


def test_a_landscape_is_kept_and_changes_no_other_figure(record: Record) -> None:
    few = dataclasses.replace(BUDGET, replicates=1)
    asked = dataclasses.replace(few, landscape=True)
    (run,) = run_cell(named(dataclasses.replace(cell(budget=asked)))).replicates
    assert run.statistics["curvature_low"] < 0 < run.statistics["curvature_high"]
    assert run.statistics["effective_beta_median"] == pytest.approx(np.median(run.traces["effective_beta"]))
    assert run.statistics["effective_beta_median"] <= 2 * run.statistics["curvature_high"]
    assert run.statistics["loss_range_median"] > 0
    (plain,) = run_cell(named(cell(budget=few))).replicates
    assert plain.statistics["curvature_low"] is plain.statistics["effective_beta_median"] is None
    assert run.validation_score == pytest.approx(plain.validation_score, abs=0.02), "compiled apart, it may round apart"


def test_a_run_is_timed_unless_it_compiles(record: Record) -> None:
    assert all(0 < run.milliseconds_per_step < 50 for run in record.replicates)
    given = named(dataclasses.replace(cell(), recipe={**cell().recipe, "learning_rate": 0.1, "width": 9}))
    first, *others = run_cell(dataclasses.replace(given, budget=dataclasses.replace(BUDGET, trials=0))).replicates
    assert first.milliseconds_per_step is None
    assert all(0 < run.milliseconds_per_step < 50 for run in others)


def test_a_record_survives_the_way_to_plain_data_and_back(record: Record) -> None:
    traces = {r.replicate: r.traces for r in record.replicates}
    assert record_from_plain(to_plain(record), traces) == record


def test_replicates_differ_and_the_test_split_is_what_is_reported(record: Record) -> None:
    assert len({r.train_loss for r in record.replicates}) == 3
    sizes = len(digits().train), len(digits().validation), len(digits().test)
    assert sizes == (1077, 360, 360)
    right = [r.test_score * 360 for r in record.replicates]
    assert right == pytest.approx([round(count) for count in right], abs=1e-3)


def test_a_recipe_that_explodes_is_a_result() -> None:
    huge = Budget(40, 2, 2, 4, 1e6, 1e8)
    record = run_cell(cell(budget=huge, initializer={"name": "random_normal", "stddev": 10.0}))
    assert {r.outcome for r in record.replicates} <= {"nonfinite", "diverged"}
    nonfinite = [r for r in record.replicates if r.outcome == "nonfinite"]
    assert all(r.test_score is None and r.nonfinite_step is not None for r in nonfinite)
    assert all(t.outcome in {"nonfinite", "diverged"} for t in record.trials)


def test_a_network_that_explodes_before_its_first_update_is_named_so() -> None:
    large = {"name": "random_normal", "stddev": 1.0}
    deep = recipe(depth=30, width=64, optimizer="sgd", initializer=large)
    record = run_cell(named(dataclasses.replace(cell(budget=Budget(5, 1, 1, 2, 1e-2, 1e-1)), recipe=deep)))
    (run,) = record.replicates
    assert (run.outcome, run.nonfinite_step, run.causes) == ("nonfinite", 1, ("exploding",))
    # Each layer multiplies the squared gradient by 64/2 in expectation.
    assert run.statistics["gradient_factor_init"] == pytest.approx(32**0.5, rel=0.15)


def test_a_target_out_of_reach_is_slow_and_censored() -> None:
    record = run_cell(dataclasses.replace(cell(), target=1.01))
    assert {r.outcome for r in record.replicates} == {"slow"}
    assert all(r.steps_to_target is None for r in record.replicates)


def test_an_edited_component_is_the_edited_one_in_a_worker_that_lives_on(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    slopes = []
    for version, sign in enumerate(("", "-")):
        file.write_text(f"from keras import ops\n\ndef squash(z):\n    return {sign}ops.softplus(z)  # {version}\n")
        own = cell(activation="mine:squash")
        record = run_cell(dataclasses.replace(own, search_path=(str(tmp_path),), program=f"p{version}"))
        slopes.append(record.replicates[0].traces["activation_mean"][0, 0])
    assert slopes[0] > 0 > slopes[1]
    assert "mine" not in sys.modules
    assert "keras" in sys.modules, "what else was imported meanwhile stays"
    assert str(tmp_path) not in sys.path


def test_batches_take_every_example_once_an_epoch() -> None:
    rows = batch_rows(examples=10, batch_size=4, steps=5, seed=0)
    assert rows.shape == (5, 4)
    epochs = rows.reshape(-1)
    assert sorted(epochs[:10]) == sorted(epochs[10:]) == list(range(10))
    assert list(epochs[:10]) != list(epochs[10:])
    np.testing.assert_array_equal(rows, batch_rows(10, 4, 5, 0))
