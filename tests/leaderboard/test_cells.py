"""What a cell's page says, against the tables it comes from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leaderboard.boards import Board, Row, board
from leaderboard.cells import CellPages, verdict
from suite.pictures.cells import draw_figures
from suite.protocol.records import Trial
from suite.results import reader as tables
from suite.results.writer import export
from tests.leaderboard.conftest import Built
from tests.leaderboard.synthetic import made_results


def test_neighbours_differ_in_one_factor_and_those_that_fix_it_come_first(deep: Board) -> None:
    pages = CellPages(deep)
    row = next(row for row in deep.recorded if not row.trains and any(n.fixes for n in pages.neighbours(row)))
    neighbours = pages.neighbours(row)
    assert len(neighbours) == sum(len(labels) - 1 for labels in deep.factors.values())
    for n in neighbours:
        assert sum(a != b for a, b in zip(n.row.labels, row.labels, strict=True)) == 1
    assert [n.fixes for n in neighbours] == sorted((n.fixes for n in neighbours), reverse=True)
    first = pages.with_gains(row, neighbours)[0]
    index = {r.cell: i for i, r in enumerate(deep.recorded)}
    difference = deep.scores.estimate([1, -1], [index[first.row.cell], index[row.cell]])
    assert first.gain == difference.interval(bounds=(-1, 1))


def test_verdicts(deep: Board) -> None:
    best = verdict(deep, deep.rows[0])
    assert best.startswith("Trains: all 5 runs meet the target; test accuracy 0.97")
    assert "tier 1." in best
    failed = next(row for row in deep.recorded if row.result == "none" and "vanishing" in row.causes)
    assert verdict(deep, failed).startswith("Does not train: none of 5 runs meet the target, ")
    assert "vanishing" in verdict(deep, failed)
    some = next(row for row in deep.recorded if row.result == "some")
    assert verdict(deep, some).startswith("Trains sometimes: ")
    errors = next(row for row in deep.missing if row.missing and row.missing[0] == "infrastructure error")
    assert verdict(deep, errors).startswith("No result: infrastructure error (worker died: signal 9 ")


def test_what_fixes_it_speaks_of_the_learning_rate_first(deep: Board, built: Built) -> None:
    """Of rates that met the target while they were tuned, of those that nobody tried, and of the range's ends."""
    pages, failed = CellPages(deep), [row for row in deep.recorded if not row.trains]
    trials = deep.results.trials.assign(score=deep.results.trials.validation_score.fillna(deep.scale.chance))
    told: Counter[str] = Counter()
    for row in failed:
        mine = trials[trials.cell == row.cell].sort_values("learning_rate")
        said = " ".join(pages.rate_first(row))
        means = mine.groupby("learning_rate").score.mean()
        expected = {
            "met the target": bool((means >= deep.scale.target).any()),
            "was tried": bool(np.diff(np.log10(mine.learning_rate)).max() > 0.5 + 1e-9),
            "end of the range": row["at_edge"],
        }
        assert {words: words in said for words in expected} == expected
        told.update(words for words, there in expected.items() if there)
        page = (built.site / "deep_mlp" / "cell" / f"{row.cell}.html").read_text().split('id="fixes"')[1]
        if said:
            assert page.index("Learning rate: ") < page.index("differ")
    assert told["met the target"]
    assert told["was tried"]


@pytest.mark.parametrize(("rate", "end", "beyond"), [(1e-4, "lower", "smaller"), (1.0, "upper", "larger")])
def test_a_rate_at_an_end_of_the_range_is_told_with_the_way_out(
    tmp_path: Path, rate: float, end: str, beyond: str
) -> None:
    found, row = _of_trials(tmp_path, [(rate, 0.3, 0), (rate, 0.2, 1)])
    (said,) = CellPages(found).rate_first(row)
    assert said.endswith(f"is at the {end} end of the range searched; a {beyond} one may work.")


def test_a_rate_that_met_the_target_under_one_seed_and_not_under_the_next_is_no_fix(tmp_path: Path) -> None:
    found, row = _of_trials(tmp_path, [(0.01, 0.95, 0), (0.01, 0.3, 1), (0.02, 0.92, 0), (0.02, 0.94, 1)])
    (said,) = CellPages(found).rate_first(row)
    assert said.startswith("Learning rate: 0.020 (the chosen rate) met the target during tuning")
    assert said.endswith("(validation accuracy 0.930).")


def test_of_a_fixed_rate_it_is_said_that_no_other_was_tried(tmp_path: Path) -> None:
    found, row = _of_trials(tmp_path, [], fixed=0.1)
    assert CellPages(found).rate_first(row) == ["Learning rate: fixed at 0.10; no other was tried."]


def _of_trials(tmp_path: Path, trials: list[tuple[float, float, int]], fixed: float | None = None) -> tuple[Board, Row]:
    """A board of one cell that fails, of these trials: rate, validation score and seed."""
    manifest, records = made_results("one", grid={"activation": ["relu"]}, layers=3, probes=4, missing=0)
    made = tuple(Trial(i, rate, score, "slow", seed == 0, seed) for i, (rate, score, seed) in enumerate(trials))
    runs = tuple(replace(run, outcome="slow", test_score=0.3) for run in records[0].replicates)
    best = fixed or max(trials, key=lambda trial: trial[0])[0]
    edge = not 2e-4 < best < 0.5
    records[0] = replace(records[0], trials=made, replicates=runs, learning_rates=(best,), at_edge=edge)
    found = board(tables.read(export(manifest, records, tmp_path)))
    return found, found.recorded[0]


def test_every_figure_of_a_recurrent_cell(boards: dict[str, Board]) -> None:
    found = boards["rnn_adding"]
    drawn = draw_figures(CellPages(found).view(found.rows[0]))
    assert list(drawn) == ["loss", "scores", "gradients", "depth", "time", "strips", "rates"]
