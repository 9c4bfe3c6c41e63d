"""The method page says of tiers what simulation gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import leaderboard
from tools.studies.tiers import BUDGETS, CROWD, detected, erratic, separated, steady

PAGE = " ".join((Path(leaderboard.__file__).parent / "templates" / "method.html").read_text().split())


def said(sentence: str) -> dict[int, float]:
    """The two numbers of a sentence, by their number of runs."""
    match = re.search(sentence, PAGE)
    assert match, sentence
    return dict(zip(BUDGETS, map(float, match.groups()), strict=True))


@pytest.mark.parametrize("replicates", BUDGETS)
def test_how_often_equal_recipes_differ(replicates: int) -> None:
    """Within three standard errors of a part of the study's boards."""
    crowd = said(
        rf"{CROWD} equal recipes fall into two tiers on (\d+) boards in 100 with 6 runs and on (\d+) with 8 runs"
    )
    two, fickle = said(r"two equal recipes on (\d+) and (\d+)"), said(r"two erratic ones on (\d+) and (\d+)")
    assert 100 * separated(steady, 2, replicates, 400) == pytest.approx(two[replicates], abs=3)
    assert 100 * separated(erratic, 2, replicates, 400) == pytest.approx(fickle[replicates], abs=3)
    assert 100 * separated(steady, CROWD, replicates, 200) == pytest.approx(crowd[replicates], abs=5.5)


@pytest.mark.parametrize("replicates", BUDGETS)
def test_how_small_a_difference_is_found(replicates: int) -> None:
    least = said(
        r"one that is worse by ([0-9.]+) falls out of the first tier 80 times in 100 with 6 runs, with 8 runs one that is "
        r"worse by ([0-9.]+)\."
    )
    assert detected(least[replicates] + 0.005, replicates, 150) > 0.75
    assert detected(least[replicates] - 0.01, replicates, 150) < 0.8
