"""Ranks by their promises: the order is that of the means, tiers only cut it, and what is erratic is marked."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.columns import CELL_COLUMNS
from suite.protocol.ranks import RankedCell, figures_of, ranked, standings
from suite.protocol.records import Record
from tests.made import FACTS, make_cell, make_record, make_replicate, nonfinite_replicate

ERROR = {**FACTS, "metric": "mse", "higher_is_better": False, "chance_score": 1 / 6}


def _random_records(seed: int, higher: bool) -> list[Record]:
    """Steady, erratic and failed cells, some of one level's scores exactly, of 1 to 10 replicates, some of them
    non-finite or worse than chance."""
    rng = np.random.default_rng(seed)
    records = []
    for number in range(40):
        level, spread = rng.choice([0.1, 0.5, 0.9, 0.95]), rng.choice([0.0, 0.002, 0.05])
        count, fails = int(rng.choice([1, 3, 5, 10])), rng.choice([0.0, 0.3])
        if number == 0:  # from a steady first cell others can be told
            level, spread, count, fails = 1.0, 0.0, 10, 0.0
        scores = np.clip(np.where(rng.random(count) < fails, 0.05, level + spread * rng.normal(size=count)), 0, 1)
        runs = [
            nonfinite_replicate(index)
            if number and rng.random() < 0.05
            else make_replicate(
                index,
                rng,
                test_score=float(score if higher else (1 - score) / 4),
                outcome="trained" if score >= 0.9 else "slow",
            )
            for index, score in enumerate(scores)
        ]
        records.append(make_record(make_cell(number), replicates=tuple(runs), task_facts=FACTS if higher else ERROR))
    records.append(make_record(make_cell(40), replicates=(), task_facts=FACTS if higher else ERROR))
    return records


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_no_recipe_stands_above_one_with_a_better_mean(seed: int, higher: bool) -> None:
    found = ranked(standings(_random_records(seed, higher)))
    assert found[-1].figures["test_score"] is None, "without a score a cell comes last"
    scored = found[:-1]
    means = [standing.figures["test_score"] for standing in scored]
    assert means == sorted(means, reverse=higher)
    tiers = [standing.figures["tier"] for standing in scored]
    assert tiers == sorted(tiers), "the tier never falls as the mean falls"
    assert set(tiers) == set(range(1, max(tiers) + 1))
    assert len(set(tiers)) > 1, "the tables are rich enough to show it"


def test_ranks_do_not_hang_on_the_order_of_the_cells() -> None:
    records = _random_records(3, True)
    tier_of = {s.record.cell.fingerprint: s.figures["tier"] for s in standings(records)}
    for order in (records[::-1], [records[i] for i in np.random.default_rng(1).permutation(len(records))]):
        assert {s.record.cell.fingerprint: s.figures["tier"] for s in standings(order)} == tier_of


def test_what_ties_stands_in_one_order_whatever_order_it_came_in() -> None:
    runs = tuple(make_replicate(i, np.random.default_rng(0), test_score=0.9) for i in range(3))
    tied = [make_record(make_cell(number), replicates=runs) for number in (3, 1, 2)]
    for records in (tied, tied[::-1]):
        assert [s.record.cell.factors["number"] for s in ranked(standings(records))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["trained"] * 5, False),
        (["stalled"] * 5, False),
        (["trained"] * 4 + ["slow"], True),
        (["trained"] + ["diverged"] * 4, True),
        (["lost"] * 3, False),
        (["trained"], False),
        ([], False),
    ],
)
def test_erratic_is_what_trains_under_some_seeds_and_fails_under_others(outcomes: list[str], expected: bool) -> None:
    rng = np.random.default_rng(0)
    runs = tuple(make_replicate(index, rng, outcome=outcome) for index, outcome in enumerate(outcomes))
    (figures,) = figures_of([make_record(make_cell(), replicates=runs)])
    assert figures["erratic"] is expected
    assert list(figures) == list(CELL_COLUMNS)


def test_an_erratic_cell_stands_where_its_mean_is() -> None:
    """0.71 on average, not told from the best by its own spread, stands below a steady 0.95 all the same."""
    rng = np.random.default_rng(0)

    def cell(number: int, scores: list[float]) -> Record:
        runs = tuple(
            make_replicate(i, rng, test_score=s, outcome="trained" if s > 0.9 else "stalled")
            for i, s in enumerate(scores)
        )
        return make_record(make_cell(number), replicates=runs)

    erratic = cell(0, [0.97, 0.97, 0.97, 0.1, 0.54])
    steady, best = cell(1, [0.951, 0.952, 0.95, 0.949, 0.953]), cell(2, [0.971, 0.97, 0.969, 0.972, 0.968])
    found: list[RankedCell] = ranked(standings([erratic, steady, best]))
    assert [s.record.cell.factors["number"] for s in found] == [2, 1, 0]
    assert [s.figures["tier"] for s in found] == [1, 2, 2]
    assert [s.figures["erratic"] for s in found] == [False, False, True]
