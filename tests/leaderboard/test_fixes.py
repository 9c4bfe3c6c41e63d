"""What rescued networks, by symptom: every count has its recipes, and every example is what it says."""

from __future__ import annotations

import pytest

from leaderboard import fixes
from leaderboard.boards import Board, board
from leaderboard.cells import CellPages, verdict
from leaderboard.renderer import HERE
from leaderboard.symptoms import Symptom
from suite.results import reader

ANY = Symptom("any", "Any", "", lambda board, row: not row.trains)


@pytest.fixture(scope="module")
def published() -> list[Board]:
    return [board(reader.read(folder)) for folder in reader.folders(HERE / "results")]


def test_every_symptom_has_evidence_and_examples_that_hold(published: list[Board]) -> None:
    evidence = fixes.all_evidence(published)
    assert [one.symptom.key for one in evidence] == ["flat", "nan", "seeds", "overfits", "recurrent"]
    for one in evidence:
        assert sum(count for _, count in one.benchmarks) == one.recipes
        assert all(change.recipes >= fixes.LEAST for change in (*one.changes, *one.conditions, *one.pairs))
        assert not any(change.condition for change in (*one.changes, *one.pairs))
        assert all(change.condition for change in one.conditions)
        lows = [change.interval[0] for change in one.changes]
        assert lows == sorted(lows, reverse=True)
        example = next(change.example for change in one.changes if change.example)
        after = example.remedy.neighbour
        assert one.symptom.shows(example.board, example.row)
        assert one.symptom.rescued(after.row)
        assert sum(a != b for a, b in zip(example.row.labels, after.row.labels, strict=True)) == len(after.swaps) == 1
        assert any(changed for _, changed in example.remedy.after)
    long = evidence[-1]
    assert ("GRU and Adam", 6, 6) in [(pair.name, pair.trained, pair.recipes) for pair in long.pairs]


def test_pairs_are_counted_where_no_single_change_of_the_recipe_helps(published: list[Board]) -> None:
    for one in fixes.all_evidence(published):
        for pair in one.pairs:
            for case in pair.cases:
                alone = [n for n in case.pages.neighbours(case.row) if not n.condition and not n.row.missing]
                assert alone
                assert not any(one.symptom.rescued(n.row) for n in alone)


def test_of_fixed_learning_rates_a_smaller_one_is_counted_and_nothing_else(published: list[Board]) -> None:
    rates = next(found for found in published if found.results.name == "learning_rates")
    changes = fixes.changes_of([CellPages(rates)], ANY)
    assert [change.steps for change in changes] == [(("learning_rate", "smaller"),)]
    assert changes[0].example is not None, "its code differs in the rate alone, which is the change here"


def test_a_recipe_that_no_single_change_rescues_is_shown_the_nearest_that_trains(published: list[Board]) -> None:
    order = next(found for found in published if found.results.name == "rnn_temporal_order")
    pages = CellPages(order)
    row = next(
        row for row in order.recorded if row.labels == ("100", "simple_rnn", "glorot_uniform", "clip 1", "momentum")
    )
    assert not any(n.fixes and not n.condition for n in pages.neighbours(row))
    nearest = pages.nearest_fixes(row)
    assert {len(n.swaps) for n in nearest} == {3}
    assert all(n.row.trains and n.row.labels[0] == "100" for n in nearest)
    assert "gru" in nearest[0].name
    assert "adam" in nearest[0].name


def test_a_run_that_ends_in_nan_says_when_and_where(published: list[Board]) -> None:
    deep = next(found for found in published if found.results.name == "deep_mlp")
    row = next(row for row in deep.recorded if row.labels == ("relu", "large", "none", "momentum"))
    assert "All 6 runs NaN at step 2, layer hidden_4." in verdict(deep, row)
