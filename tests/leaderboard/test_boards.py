"""A board's rows and columns, against the tables they come from."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leaderboard.boards import Board, board
from leaderboard.cells import CellPages, verdict
from leaderboard.columns import columns
from suite.pictures.cells import draw_figures
from suite.pictures.strips import strip_image
from suite.protocol.gradient_axis import TIME
from suite.protocol.run_statistics import STATISTICS
from suite.results import reader as tables
from suite.results.writer import export
from tests.leaderboard.conftest import Built
from tests.leaderboard.synthetic import made_results, write_results


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
    assert (deep.scores.values[index][nonfinite] == 0.1).all()


def test_a_score_worse_than_chance_counts_as_chance_in_comparisons(tmp_path: Path) -> None:
    manifest, records = made_results(
        "off", grid={"activation": ["relu", "tanh"]}, metric="mse", layers=3, probes=4, missing=0
    )
    far = replace(records[0].replicates[0], test_score=1e9)
    records[0] = replace(records[0], replicates=(far, *records[0].replicates[1:]))
    found = board(tables.read(export(manifest, records, tmp_path)))
    assert found.scores.values.max() == pytest.approx(1 / 6)


def test_each_cell_is_held_against_the_chance_of_its_own_task(tmp_path: Path) -> None:
    """A grid that varies the task has tasks of several chance scores; the manifest has that of the first."""
    manifest, records = made_results("lengths", grid={"length": [20, 50]}, metric="mse", layers=3, probes=4, missing=0)
    runs = tuple(replace(run, test_score=None, outcome="nonfinite") for run in records[1].replicates)
    records[1] = replace(records[1], replicates=runs, task_facts={**records[1].task_facts, "chance_score": 0.25})
    found = board(tables.read(export(manifest, records, tmp_path)))
    assert found.scores.values[1].tolist() == [0.25] * 5
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
    assert "each time step shrinks" in verdict(found, row)
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


def test_measured_columns_can_be_chosen_where_they_are_known_and_runs_are_shown_where_they_differ(
    deep: Board, tmp_path: Path
) -> None:
    keys = {"parameters", "milliseconds", *(s.key for s in STATISTICS if s.of_cell and not s.shown)}
    offered = {column.key: column for column in columns(deep)}
    assert keys <= set(offered)
    assert not any(offered[key].shown for key in (*keys, "runs"))
    assert all(column.meaning for column in offered.values())
    row = deep.recorded[0]
    assert offered["parameters"].write(row) == '<td class="n" data-order="1000">1,000</td>'
    assert offered["milliseconds"].write(row) == '<td class="n" data-order="0.52">0.52</td>'
    unknown = {"largest_singular_value": None}
    manifest, records = made_results("few", grid={"activation": ["relu", "tanh"]}, layers=3, probes=4, missing=0)
    records = [
        replace(r, replicates=tuple(replace(run, statistics=run.statistics | unknown) for run in r.replicates))
        for r in records
    ]
    records[0] = replace(records[0], replicates=records[0].replicates[:3])
    few = {column.key: column for column in columns(board(tables.read(export(manifest, records, tmp_path))))}
    assert "largest_singular_value" not in few
    assert few["runs"].shown


def test_the_boards_head_says_what_its_intervals_hold(built: Built) -> None:
    head = (built.site / "deep_mlp" / "index.html").read_text().split('class="keys"')[0]
    assert "Learning rates were tuned once, so that intervals leave out what another tuning would change." in head
