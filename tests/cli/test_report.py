"""The ranked table: fits its terminal, hides nothing, and says what it can stand by."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from suite.cli.ranked_table import BEST, MOST, WORST, strip
from suite.cli.remarks import remarks
from suite.cli.report import Report, print_report
from suite.pictures.scale import NONFINITE
from suite.protocol.ranks import ranked, standings
from suite.records import Stored
from suite.run.gather import Gathered
from suite.spec import Benchmark, expand, read_benchmarks
from tests.conftest import TINY, Suite
from tests.made import FACTS, PROVENANCE, make_cell, make_record, make_replicate, nonfinite_replicate

GRID = """\
grid:
  activation: [sigmoid, tanh, relu, swish, selu]
  initializer: [he_normal, {name: random_normal, stddev: 0.01, label: small}]
  normalization: [none, batch, layer]
  optimizer: [sgd]
"""


@pytest.fixture
def big(make_suite: Callable[..., Suite]) -> Benchmark:
    """30 cells of three replicates."""
    spec = TINY[: TINY.index("grid:")] + GRID + TINY[TINY.index("budget:") :].replace("replicates: 2", "replicates: 3")
    return read_benchmarks(make_suite(spec=spec).spec)[0]


def results_of(benchmark: Benchmark, recorded: int | None = None, error: str = "") -> Gathered:
    """he_normal scores 0.2 more than small; the rest is small noise."""
    cells, stored = expand(benchmark), {}
    rng = np.random.default_rng(0)
    for cell in cells[:recorded]:
        base = 0.7 + 0.2 * (cell.factors["initializer"] == "he_normal")
        outcome = "trained" if base > 0.8 else "stalled"
        runs = tuple(
            make_replicate(
                i, rng, test_score=base + 0.001 * rng.random(), outcome=outcome, causes=("vanishing",) * (base < 0.8)
            )
            for i in range(3)
        )
        stored[cell.fingerprint] = Stored(make_record(cell, replicates=runs), PROVENANCE, 0)
    errors = {cell.fingerprint: error for cell in cells[recorded:]} if recorded is not None and error else {}
    return Gathered(benchmark, cells, stored, errors)


def lines(results: Gathered, width: int = 80, height: int = 60, *, everything: bool = False) -> list[str]:
    """What a terminal of this size shows; of height 0, what a pipe gets."""
    stream = io.StringIO()
    size = {"force_terminal": True, "height": height} if height else {}
    console = Console(file=stream, width=width, color_system=None, highlight=False, **size)
    print_report(console, Report(results, everything=everything, command="suite show big --all", below=2))
    return stream.getvalue().splitlines()


def rows(shown: list[str]) -> list[str]:
    return [line for line in shown if re.match(r" *\d+ .*\d/3", line)]


def words(shown: list[str]) -> str:
    return " ".join(" ".join(shown).split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_fits(big: Benchmark, width: int) -> None:
    shown = lines(results_of(big), width)
    assert max(map(len, shown)) <= width
    if width >= 80:
        assert any("he_normal" in line for line in shown)
        assert any("stalled" in line and "0/3" in line for line in shown)


def test_factor_of_one_level_takes_no_room(big: Benchmark) -> None:
    assert not any("sgd" in line for line in lines(results_of(big), 120))


def test_the_end_of_a_run_fits_the_height_with_the_findings_last(big: Benchmark) -> None:
    for height, used in ((12, BEST + WORST), (24, None), (26, None), (40, MOST + WORST), (60, 30)):
        shown = lines(results_of(big), height=height)
        assert len(rows(shown)) == used or len(shown) + 2 + 1 == height, "two lines below, and the prompt"
        assert (f"… {30 - len(rows(shown))} more: suite show big --all" in shown) == (height < 60)
        assert shown[-1].startswith("95% intervals, corrected for ")
    whole = lines(results_of(big), height=24, everything=True)
    assert len(rows(whole)) == 30
    assert not any("suite show" in line for line in whole)


def test_nothing_is_cut_where_the_output_is_piped(big: Benchmark) -> None:
    shown = lines(results_of(big), height=0)
    assert len(rows(shown)) == 30
    assert any(re.search(r"stalled vanishing, 0\.\d+ per layer *$", line) for line in shown)
    assert not any("…" in line for line in shown)
    assert sum(line.startswith("30 recipes: ") and line.endswith(".") for line in shown) == 1


def test_a_strip_has_the_first_step_above_the_last() -> None:
    gradients = np.logspace(-9, 0, 10)[None] * np.array([[1.0], [np.inf]])
    shown = strip(gradients)
    assert shown.plain == "▀" * 10
    styles = [str(span.style) for span in shown.spans]
    assert len(set(styles)) == 10
    assert {style.split(" on ")[1] for style in styles} == {NONFINITE}
    assert strip(np.zeros((0, 4))).plain == ""


def test_finding_names_the_better_level_first_with_its_interval(big: Benchmark) -> None:
    text = words(lines(results_of(big)))
    assert "Initializer: he_normal beats small by 0.200 test accuracy (0.1" in text
    assert "it wins 15 of 15 pairs that differ only in this factor." in text
    assert "Activation:" not in text, "noise is no finding"


def test_an_erratic_cell_is_marked_and_the_mark_explained(big: Benchmark) -> None:
    """In a column that stays as wide as its figures and one mark; a table of steady cells has neither."""
    results = results_of(big)
    assert "erratic" not in words(lines(results))
    assert not any("~" in line for line in lines(results))
    cell = next(cell for cell in results.cells if cell.factors["initializer"] == "he_normal")
    record = results.stored[cell.fingerprint].record
    runs = (replace(record.replicates[0], outcome="slow"), *record.replicates[1:])
    stored = {**results.stored, cell.fingerprint: Stored(replace(record, replicates=runs), PROVENANCE, 0)}
    for width in (60, 80, 120):
        shown = lines(Gathered(big, results.cells, stored, {}), width)
        assert max(map(len, shown)) <= width
        assert [line for line in shown if "2/3~" in line]
        assert sum("~" in line for line in shown) == 2, "one row, and the legend"
        assert "~ some seeds fail" in words(shown)


def test_lower_is_better(big: Benchmark) -> None:
    results = results_of(big)
    facts = {**FACTS, "metric": "mse", "higher_is_better": False, "chance_score": 1.0}
    stored = {
        key: Stored(make_record(s.record.cell, replicates=s.record.replicates, task_facts=facts), PROVENANCE, 0)
        for key, s in results.stored.items()
    }
    shown = lines(Gathered(big, results.cells, stored, {}))
    assert "small beats he_normal" in " ".join(shown)
    assert "small" in shown[2]


def test_missing_cells_are_told(big: Benchmark) -> None:
    text = words(lines(results_of(big, 28, "the worker process died")))
    assert "2 of 30 recipes without a result; 2 failed for reasons outside the recipe: the worker" in text
    assert "no results yet" not in text
    assert "30 of 30 recipes without a result." in words(lines(results_of(big, 0)))


def test_better_tier_ranks_first_then_score() -> None:
    records = [make_record(make_cell(n), score=score) for n, score in enumerate([0.5, 0.9, 0.7])]
    records.append(make_record(make_cell(9), replicates=(nonfinite_replicate(0), nonfinite_replicate(1))))
    order = ranked(standings(records))
    assert [s.record.cell.factors["number"] for s in order] == [1, 2, 0, 9]
    tiers = [s.figures["tier"] for s in order]
    assert tiers == sorted(tiers)
    assert order[-1].figures["test_score"] == 0.1


def test_basin_is_of_the_shared_grid_and_interval_within_bounds() -> None:
    (standing,) = standings([make_record(make_cell())])
    figures = standing.figures
    assert figures["basin_decades"] == pytest.approx(0.25), "of 0.1 and 0.01 the lower one, to the end of its side"
    assert 0 <= figures["test_low"] <= figures["test_score"] <= figures["test_high"] <= 1
    assert figures["success_rate"] == 1
    assert list(itertools.islice(figures, 3)) == ["learning_rate", "at_edge", "basin_decades"]


@pytest.mark.parametrize(
    ("scores", "interval"),
    [((0.1, 0.13, 0.16), ".06–.20"), ((0.059903, 0.1, 0.140097), ".00–.20"), ((4e-4, 5e-4, 6e-4), "3e-04–7e-04")],
)
def test_both_ends_of_an_interval_are_written_alike(scores: tuple[float, ...], interval: str, big: Benchmark) -> None:
    cell, rng = expand(big)[0], np.random.default_rng(0)
    runs = tuple(make_replicate(i, rng, test_score=score) for i, score in enumerate(scores))
    stored = {cell.fingerprint: Stored(make_record(cell, replicates=runs), PROVENANCE, 0)}
    assert interval in "\n".join(lines(Gathered(big, [cell], stored, {})))


def test_it_is_said_where_runs_are_judged_by_another_target_than_they_were_trained_for(big: Benchmark) -> None:
    results = results_of(big, recorded=2)
    assert remarks(results) == []
    changed = replace(results, benchmark=replace(big, target=0.75))
    (told,) = remarks(changed)
    assert told.startswith(f"the target changed from {big.target:g} to 0.75")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("plan", "tiny.yaml", "--top", "3"), ": run `suite run tiny.yaml` first."),
    ],
)
def test_nothing_to_show_or_rank_is_told_with_the_file(arguments: tuple[str, ...], told: str, suite: Suite) -> None:
    assert told in suite(*arguments, status=2).stderr
