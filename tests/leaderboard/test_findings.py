"""Effects, interactions and frontiers of boards, against the tables they come from."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboard.boards import Board
from leaderboard.findings import BoardFindings
from suite.protocol.effects import factor_effects
from suite.protocol.interactions import InteractionContrast
from suite.protocol.intervals import scores_of


def test_an_effect_is_the_same_whichever_way_the_cells_are_ordered(deep: Board) -> None:
    """The terminal has them in the order of the grid, the page by rank."""
    grid = sorted(range(len(deep.recorded)), key=lambda index: deep.recorded[index].labels)
    factors = {factor: [column[index] for index in grid] for factor, column in deep.columns.items()}
    bounds = deep.scale.difference_bounds
    ordered = scores_of(deep.scores.values[grid], deep.scores.tunings.tolist(), deep.scores.alike[grid].tolist())
    effects = [effect.simultaneous for effect in factor_effects(factors, ordered, bounds=bounds)]
    on_page = {(e.factor, e.level, e.other): e for e in BoardFindings(deep).pairs}
    for effect in effects:
        same = (
            on_page.get((effect.factor, effect.level, effect.other))
            or on_page[effect.factor, effect.other, effect.level].turned()
        )
        assert (same.mean, same.low, same.high) == pytest.approx((effect.mean, effect.low, effect.high), rel=1e-12)


def test_findings_follow_the_spec_and_the_numbers(deep: Board) -> None:
    findings = BoardFindings(deep)
    assert [e.level for e in findings.levels[:4]] == list(deep.factors["activation"])
    biggest = findings.biggest
    assert biggest is not None
    assert biggest.mean == max(abs(e.mean) for e in findings.pairs if e.significant)
    assert findings.compared == len(findings.pairs) == 6 + 3 + 3 + 3
    assert all(e.low <= e.mean <= e.high for e in findings.pairs)
    heat = findings.heat_table
    assert heat is not None
    assert (heat.rows, heat.columns) == ("activation", "initializer")
    rows = [r for r in deep.recorded if r.labels[:2] == ("relu", "he_normal")]
    value = heat.values[2][2]
    assert value is not None
    assert value[0] == pytest.approx(np.mean([r["test_score"] for r in rows]))
    assert value[2] == len(rows)


def test_interactions_are_significant_among_all_of_the_board_and_read_with_the_better_level_first(deep: Board) -> None:
    findings = BoardFindings(deep)
    assert findings.largest_interactions
    assert findings.contrasts[0].n_comparisons == len(findings.contrasts) == 6 * 3 * 3 + 3 * 3 * 3
    places = [{told.contrast.factor, told.contrast.second} for told in findings.largest_interactions]
    assert len({frozenset(place) for place in places}) == len(places), "one of each two factors"
    for told in findings.largest_interactions:
        assert told.contrast.low > 0
        assert max(told.high.mean, told.low.mean, key=abs) > 0
        assert told.contrast.mean == pytest.approx(_by_hand(deep, told.contrast))
        assert (told.high.given, told.low.given) == tuple(
            (told.contrast.second, level) for level in (told.contrast.here, told.contrast.there)
        )


def _by_hand(found: Board, contrast: InteractionContrast) -> float:
    """The mean contrast over the contexts that have all four cells."""
    means = {row.labels: found.scores.values[index].mean() for index, row in enumerate(found.recorded)}
    first, second = (list(found.factors).index(name) for name in (contrast.factor, contrast.second))

    def at(labels: tuple[str, ...], level: object, given: object) -> float | None:
        return means.get(tuple(level if i == first else given if i == second else x for i, x in enumerate(labels)))

    changes = []
    for labels in means:
        if (labels[first], labels[second]) == (contrast.level, contrast.here):
            four = [at(labels, a, b) for a in (contrast.level, contrast.other) for b in (contrast.here, contrast.there)]
            if None not in four:
                changes.append(four[0] - four[2] - four[1] + four[3])
    return float(np.mean(changes))


def test_the_frontier_runs_along_depth_and_length(boards: dict[str, Board]) -> None:
    assert set(BoardFindings(boards["depth"]).frontiers) == {"depth"}
    (points,) = BoardFindings(boards["rnn_adding"]).frontiers.values()
    assert all(set(point.tried) <= {20.0, 50.0, 100.0} for point in points)
