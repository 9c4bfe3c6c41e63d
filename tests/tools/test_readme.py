"""The README says what its tables say, and a sentence that they no longer bear out is told."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from tests.leaderboard.synthetic import write_results
from tools.readme import BLOCKS, REPOSITORY, written
from tools.readme.findings import NotBorneOut, mnist_cnn
from tools.readme.published import RESULTS, Published
from tools.readme.speed import speed
from tools.speed.growth import PICTURE, drawn, kept_in
from tools.speed.measured import measured
from tools.speed.table import ROWS

published = functools.cache(lambda name: Published(RESULTS / name))


@pytest.mark.parametrize("page", BLOCKS)
def test_every_figure_is_that_of_the_published_tables(page: str) -> None:
    """`python -m tools.readme` writes them."""
    before = (REPOSITORY / page).read_text(encoding="utf-8")
    after, wrong = written(page, before, published)
    assert wrong == []
    assert after.splitlines() == before.splitlines()


def test_only_what_is_marked_is_written(tmp_path: Path) -> None:
    found = Published(write_results(tmp_path, layers=3, probes=4, trials=4, missing=8))
    text = "before <!-- trainings -->1<!-- /trainings --> after 1\n"
    after, wrong = written("README.md", text, lambda name: found)
    assert after == f"before <!-- trainings -->{100 * (4 + 5)}<!-- /trainings --> after 1\n"
    assert wrong == ["Expected one block <!-- findings --> in README.md."]
    assert written("README.md", after, lambda name: found)[0] == after


def test_a_sentence_that_its_tables_do_not_bear_out_is_not_written(tmp_path: Path) -> None:
    grid = {"residual": ["plain", "skip"], "normalization": ["none", "batch"]}
    alike = Published(write_results(tmp_path, "mnist_cnn", grid=grid, layers=3, probes=4, missing=0))
    with pytest.raises(NotBorneOut, match="do not bear out that skip connections hurt without normalization"):
        mnist_cnn({"mnist_cnn": alike})


def test_a_speed_that_was_not_measured_is_not_written() -> None:
    found = {name: part for name, part in measured().items() if name != "steps"}
    with pytest.raises(NotBorneOut, match=r"Not measured: steps\. Run tox -e speed -- steps"):
        speed(found)


def test_the_picture_of_growth_is_of_the_same_figures_as_the_text() -> None:
    kept = kept_in(PICTURE)
    assert kept == drawn(measured())
    assert set(kept["compiling"]["plain"]) == {"10", "20", "50", "100"}


def test_a_goal_is_reached_from_its_own_side() -> None:
    faster, shorter = (next(row for row in ROWS if row.more_is_better is more) for more in (True, False))
    for row, better in ((faster, 2.0), (shorter, 0.5)):
        assert row.reached(row.goal)
        assert row.reached(row.goal * better)
        assert not row.reached(row.goal / better)
        assert row.before is not None
        assert row.ratio(row.before * better) == pytest.approx(2)


def test_an_effect_is_asked_either_way_round(tmp_path: Path) -> None:
    found = Published(write_results(tmp_path, layers=3, probes=4, missing=0))
    there, back = found.effect("normalization", "batch", "none"), found.effect("normalization", "none", "batch")
    assert (there.mean, there.low, there.high) == (-back.mean, -back.high, -back.low)
    assert there.mean == pytest.approx(found.score(normalization="batch") - found.score(normalization="none"))
    given = found.within("normalization", "batch", "none", activation="sigmoid")
    assert given.given == ("activation", "sigmoid")
    assert given.mean == pytest.approx(
        found.score(normalization="batch", activation="sigmoid")
        - found.score(normalization="none", activation="sigmoid")
    )
    with pytest.raises(LookupError, match="no cell of"):
        found.score(normalization="group")
