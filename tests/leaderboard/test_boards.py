"""Boards, cells and findings against the tables they come from."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leaderboard import site
from leaderboard.boards import Board, Row, board
from leaderboard.cells import CellPages, verdict
from leaderboard.columns import columns
from leaderboard.findings import BoardFindings, across_tasks
from suite.pictures.cells import draw_figures
from suite.pictures.strips import strip_image
from suite.protocol.along import TIME
from suite.protocol.audit import Audited
from suite.protocol.effects import factor_effects
from suite.protocol.records import Record, Trial
from suite.protocol.statistics import SMALL_SAMPLE, bootstrap_mean
from suite.results import reader as tables
from suite.results.writer import export
from tests.leaderboard.conftest import Built
from tests.leaderboard.synthetic import GRID, made_results, write_results


@pytest.fixture(scope="module")
def boards(built: Built) -> dict[str, Board]:
    return {folder.name: board(tables.read(folder)) for folder in tables.folders(built.results)}


@pytest.fixture(scope="module")
def deep(boards: dict[str, Board]) -> Board:
    return boards["deep_mlp"]


def test_rows_stand_in_the_order_of_tiers_then_scores_and_missing_cells_last(deep: Board) -> None:
    keys = [(row["tier"], -row["test_score"]) for row in deep.recorded]
    assert keys == sorted(keys)
    assert [row.result for row in deep.rows[-3:]] == ["missing"] * 3
    assert {row.missing[0] for row in deep.missing if row.missing} == {"not run yet", "infrastructure error"}
    assert len(deep.rows) == deep.manifest.cells_total


def test_an_error_ranks_from_low_to_high(boards: dict[str, Board]) -> None:
    keys = [(row["tier"], row["test_score"]) for row in boards["rnn_adding"].recorded]
    assert keys == sorted(keys)


def test_facets_count_every_row_once(deep: Board) -> None:
    for facet in deep.facets:
        if facet.key != "cause":
            assert sum(count for *_, count, _ in facet.options) == len(deep.rows), facet.key


def test_the_figures_shown_are_those_of_the_table(deep: Board) -> None:
    row = deep.recorded[40]
    table = deep.results.cells.set_index("cell").loc[row.cell]
    cells = {column.key: str(column.write(row)) for column in columns(deep)}
    assert f"{table.test_score:.3f}<small>{table.test_low:.3f}–{table.test_high:.3f}" in cells["test"]
    assert f">{table.trained}/{table.replicates}<" in cells["trained"]
    assert f'data-order="{table.gradient_ratio_median:.4g}"' in cells["gradient"]


def test_censored_steps_sort_behind_the_budget(deep: Board) -> None:
    never = next(row for row in deep.recorded if row["steps_to_target"] is None)
    written = {column.key: str(column.write(never)) for column in columns(deep)}["steps"]
    assert written == '<td class="n censored" data-order="341">&gt; 340</td>'


def test_a_nonfinite_run_scores_chance(deep: Board) -> None:
    runs = deep.results.replicates
    cell = runs[runs.outcome == "nonfinite"]["cell"].iloc[0]
    index = [row.cell for row in deep.recorded].index(cell)
    nonfinite = (runs[runs.cell == cell].outcome == "nonfinite").to_numpy()
    assert (deep.scores[index][nonfinite] == 0.1).all()


def test_a_score_worse_than_chance_counts_as_chance_in_comparisons(tmp_path: Path) -> None:
    manifest, records = made_results(
        "off", grid={"activation": ["relu", "tanh"]}, metric="mse", layers=3, probes=4, missing=0
    )
    far = replace(records[0].replicates[0], test_score=1e9)
    records[0] = replace(records[0], replicates=(far, *records[0].replicates[1:]))
    found = board(tables.read(export(manifest, records, tmp_path)))
    assert found.scores.max() == pytest.approx(1 / 6)


def test_each_cell_is_held_against_the_chance_of_its_own_task(tmp_path: Path) -> None:
    """A grid that varies the task has tasks of several chance scores; the manifest has that of the first."""
    manifest, records = made_results("lengths", grid={"length": [20, 50]}, metric="mse", layers=3, probes=4, missing=0)
    runs = tuple(replace(run, test_score=None, outcome="nonfinite") for run in records[1].replicates)
    records[1] = replace(records[1], replicates=runs, task_facts={**records[1].task_facts, "chance_score": 0.25})
    found = board(tables.read(export(manifest, records, tmp_path)))
    assert found.scores[1].tolist() == [0.25] * 5
    assert found.recorded[1]["test_score"] == 0.25


def test_one_recurrent_layer_is_followed_through_time(tmp_path: Path) -> None:
    folder = write_results(
        tmp_path, "rnn", grid={"unit": ["rnn", "lstm"]}, metric="mse", length=30, layers=1, probes=4, missing=0
    )
    found = board(tables.read(folder))
    assert found.along is TIME
    row = found.recorded[0]
    assert row.gradients.shape == (4, 30)
    first = found.results.through_time.of(row.cell)[3][:, 0]
    expected = np.median([np.log10(g[0] / g[-1]) for g in first])
    assert row["gradient_ratio_init"] == pytest.approx(expected, abs=1e-3), "the exported traces are rounded"
    figures = draw_figures(CellPages(found).view(row))
    assert "time step, first to last" in figures["gradients"].drawing.svg()
    assert "depth" not in figures
    assert "time" in figures
    assert "every time step multiplies" in verdict(found, row)
    assert re.fullmatch("first step: .* at the last time step, .* at the first time step", row.strip_text)
    titles = [column.title for column in columns(found)]
    assert "Factor per time step" in titles


def test_a_strip_stands_for_a_whole_run(deep: Board) -> None:
    """What ended after a fifth of the looks fills a fifth of the width."""
    drawn = np.full((4, 3), 1e-3)

    def pixels(uri: str) -> np.ndarray:
        png = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
        return np.asarray(png.convert("RGBA"))[..., 3]

    alpha = pixels(strip_image(drawn, 20))
    assert alpha.shape == (3, 20)
    assert (alpha[:, :4] == 255).all()
    assert not alpha[:, 4:].any()
    assert (pixels(strip_image(np.full((60, 30), 1e-3), 60)) == 255).all()


def test_an_effect_is_the_same_whichever_way_the_cells_are_ordered(deep: Board) -> None:
    """The terminal has them in the order of the grid, the page by rank."""
    grid = sorted(range(len(deep.recorded)), key=lambda index: deep.recorded[index].labels)
    factors = {factor: [column[index] for index in grid] for factor, column in deep.columns.items()}
    bounds = deep.scale.difference_bounds
    effects = [effect.among_all for effect in factor_effects(factors, deep.scores[grid], bounds=bounds)]
    on_page = {(e.factor, e.level, e.other): e for e in BoardFindings(deep).pairs}
    assert max(effect.pairs for effect in effects) >= SMALL_SAMPLE, "fewer are not resampled"
    for effect in effects:
        same = (
            on_page.get((effect.factor, effect.level, effect.other))
            or on_page[effect.factor, effect.other, effect.level].turned()
        )
        assert (same.mean, same.low, same.high) == pytest.approx((effect.mean, effect.low, effect.high), rel=1e-12)


def test_neighbours_differ_in_one_factor_and_those_that_fix_it_come_first(deep: Board) -> None:
    pages = CellPages(deep)
    row = next(row for row in deep.recorded if not row.trains and any(n.fixes for n in pages.neighbours(row)))
    neighbours = pages.neighbours(row)
    assert len(neighbours) == sum(len(labels) - 1 for labels in deep.factors.values())
    for n in neighbours:
        assert sum(a != b for a, b in zip(n.row.labels, row.labels, strict=True)) == 1
    assert [n.fixes for n in neighbours] == sorted((n.fixes for n in neighbours), reverse=True)
    first = neighbours[0]
    index = {r.cell: i for i, r in enumerate(deep.recorded)}
    difference = deep.scores[index[first.row.cell]] - deep.scores[index[row.cell]]
    assert first.gain == bootstrap_mean(difference, bounds=(-1, 1))


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
    assert verdict(deep, errors).startswith("There is no result: infrastructure error (worker died: signal 9 ")


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
            assert page.index("The learning rate: ") < page.index("one factor away")
    assert told["met the target"]
    assert told["was tried"]


@pytest.mark.parametrize(("rate", "end", "beyond"), [(1e-4, "lower", "smaller"), (1.0, "upper", "larger")])
def test_a_rate_at_an_end_of_the_range_is_told_with_the_way_out(
    tmp_path: Path, rate: float, end: str, beyond: str
) -> None:
    found, row = _of_trials(tmp_path, [(rate, 0.3, 0), (rate, 0.2, 1)])
    (said,) = CellPages(found).rate_first(row)
    assert said.endswith(f"lies at the {end} end of the range searched; a {beyond} one may train it.")


def test_a_rate_that_met_the_target_under_one_seed_and_not_under_the_next_is_no_fix(tmp_path: Path) -> None:
    found, row = _of_trials(tmp_path, [(0.01, 0.95, 0), (0.01, 0.3, 1), (0.02, 0.92, 0), (0.02, 0.94, 1)])
    (said,) = CellPages(found).rate_first(row)
    assert said.startswith("The learning rate: 0.020, the one it has, met the target while it was tuned")
    assert said.endswith("(validation accuracy 0.930).")


def test_of_a_fixed_rate_it_is_said_that_no_other_was_tried(tmp_path: Path) -> None:
    found, row = _of_trials(tmp_path, [], fixed=0.1)
    assert CellPages(found).rate_first(row) == ["The learning rate: it was fixed at 0.10; no other was tried."]


def _of_trials(tmp_path: Path, trials: list[tuple[float, float, int]], fixed: float | None = None) -> tuple[Board, Row]:
    """A board of one cell that fails, of these trials: rate, validation score and seed."""
    manifest, records = made_results("one", grid={"activation": ["relu"]}, layers=3, probes=4, missing=0)
    made = tuple(Trial(i, rate, score, "slow", seed == 0, seed) for i, (rate, score, seed) in enumerate(trials))
    runs = tuple(replace(run, outcome="slow", test_score=0.3) for run in records[0].replicates)
    best = fixed or max(trials, key=lambda trial: trial[0])[0]
    edge = not 2e-4 < best < 0.5
    records[0] = replace(records[0], trials=made, replicates=runs, learning_rate=best, at_edge=edge)
    found = board(tables.read(export(manifest, records, tmp_path)))
    return found, found.recorded[0]


def test_every_figure_of_a_recurrent_cell(boards: dict[str, Board]) -> None:
    found = boards["rnn_adding"]
    drawn = draw_figures(CellPages(found).view(found.rows[0]))
    assert list(drawn) == ["loss", "scores", "gradients", "depth", "time", "strips", "rates"]


def test_findings_follow_the_spec_and_the_numbers(deep: Board) -> None:
    findings = BoardFindings(deep)
    assert [e.level for e in findings.levels[:4]] == list(deep.factors["activation"])
    biggest = findings.biggest
    assert biggest is not None
    assert biggest.mean == max(abs(e.mean) for e in findings.pairs if e.told_from_zero)
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


def test_swings_are_told_among_all_of_the_board_and_read_with_the_better_level_first(deep: Board) -> None:
    findings = BoardFindings(deep)
    assert findings.swings
    assert findings.all_swings[0].of == len(findings.all_swings) == 6 * 3 * 3 + 3 * 3 * 3
    places = [{told.swing.factor, told.swing.second} for told in findings.swings]
    assert len({frozenset(place) for place in places}) == len(places), "one of each two factors"
    for told in findings.swings:
        assert told.swing.low > 0
        assert max(told.high.mean, told.low.mean, key=abs) > 0
        assert told.swing.mean == pytest.approx(told.high.mean - told.low.mean, abs=0.05), (
            "missing cells move it a little"
        )
        assert (told.high.given, told.low.given) == tuple(
            (told.swing.second, level) for level in (told.swing.here, told.swing.there)
        )


def test_measured_columns_can_be_chosen_where_they_are_known_and_runs_are_shown_where_they_differ(
    deep: Board, tmp_path: Path
) -> None:
    keys = {"parameters", "milliseconds", "update_first", "update_last", "zeros_init", "zeros_end", "singular"}
    offered = {column.key: column for column in columns(deep)}
    assert keys <= set(offered)
    assert not any(offered[key].shown for key in (*keys, "runs"))
    assert all(column.meaning for column in offered.values())
    row = deep.recorded[0]
    assert offered["parameters"].write(row) == '<td class="n" data-order="1000">1,000</td>'
    assert offered["milliseconds"].write(row) == '<td class="n" data-order="0.52">0.52</td>'
    manifest, records = made_results("few", grid={"activation": ["relu", "tanh"]}, layers=3, probes=4, missing=0)
    records = [
        replace(r, replicates=tuple(replace(run, largest_singular_value=None) for run in r.replicates)) for r in records
    ]
    records[0] = replace(records[0], replicates=records[0].replicates[:3])
    few = {column.key: column for column in columns(board(tables.read(export(manifest, records, tmp_path))))}
    assert "singular" not in few
    assert few["runs"].shown


def test_the_boards_head_says_what_the_audit_found(tmp_path: Path, built: Built) -> None:
    head = (built.site / "deep_mlp" / "index.html").read_text().split('class="keys"')[0]
    assert "The tuning of this board was not audited." in head

    def head_of(name: str, gain: float) -> str:
        manifest, records = made_results(name, grid=GRID, layers=3, probes=4, missing=0)
        steady = [r for r in records if len({run.outcome for run in r.replicates}) == 1][:6]

        def audited(record: Record) -> Record:
            runs = [replace(run, test_score=(run.test_score or 0.1) + gain) for run in record.replicates]
            return replace(record, replicates=tuple(runs))

        audit = [Audited(r.cell.fingerprint, r, audited(r)) for r in steady]
        export(manifest, records, tmp_path / name, audit)
        site.build(tmp_path / name, tmp_path / f"{name}-site")
        page = (tmp_path / f"{name}-site" / name / "index.html").read_text()
        return page.split('class="keys"')[0]

    good, poor = head_of("good", 0.01), head_of("poor", 0.05)
    said = r"24 trials in place of 6 gain \+0.0[15]0 \(\+0.0[15]0 to \+0.0[15]0\) on 6 of 108 cells"
    for page in (good, poor):
        assert re.search(said, page)
    assert 'class="note warn"' in poor
    assert "The tuning misses that much" in poor
    assert "warn" not in good.split("</head>")[1]


def test_the_frontier_runs_along_depth_and_length(boards: dict[str, Board]) -> None:
    assert set(BoardFindings(boards["depth"]).frontiers) == {"depth"}
    (points,) = BoardFindings(boards["rnn_adding"]).frontiers.values()
    assert all(set(point.tried) <= {20.0, 50.0, 100.0} for point in points)


def test_across_tasks_needs_a_reference_and_a_level_in_common(boards: dict[str, Board]) -> None:
    shared = {(entry.factor, entry.level) for entry in across_tasks(list(boards.values()))}
    assert shared == {
        ("activation", "tanh"),
        ("activation", "relu"),
        ("initializer", "glorot_uniform"),
        ("initializer", "he_normal"),
    }
    assert across_tasks([boards["deep_mlp"], boards["rnn_adding"]]) == []
