"""The method page says of tiers what simulation gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import leaderboard
from tools.studies.tiers import CROWD, REPLICATES, erratic, found, steady, told_apart

PAGE = " ".join((Path(leaderboard.__file__).parent / "templates" / "method.html").read_text().split())


def said(sentence: str) -> dict[int, float]:
    """The two figures of a sentence, by their number of replicates."""
    match = re.search(sentence, PAGE)
    assert match, sentence
    return dict(zip(REPLICATES, map(float, match.groups()), strict=True))


@pytest.mark.parametrize("replicates", REPLICATES)
def test_how_often_equal_recipes_are_told_apart(replicates: int) -> None:
    """Within three standard errors of a fifth of the study's boards."""
    two = said(r"two equal recipes differ significantly (\d+) times in 100 with 5 runs and (\d+) with 10")
    fickle = said(r"two equal erratic ones (\d+) and (\d+) times")
    crowd = said(
        rf"with {CROWD} equal recipes, some differ significantly on (\d+) boards in 100 with 5 runs and on (\d+)"
    )
    assert 100 * told_apart(steady, 2, replicates, 800) == pytest.approx(two[replicates], abs=2.5)
    assert 100 * told_apart(erratic, 2, replicates, 800) == pytest.approx(fickle[replicates], abs=2.5)
    assert 100 * told_apart(steady, CROWD, replicates, 400) == pytest.approx(crowd[replicates], abs=5.5)


@pytest.mark.parametrize("replicates", REPLICATES)
def test_how_small_a_difference_is_found(replicates: int) -> None:
    least = said(
        r"with 5 runs a difference of ([0-9.]+) standard deviations is detected 80 times in 100, with 10 runs one of ([0-9.]+)\."
    )
    assert found(least[replicates] + 0.1, replicates, 800) > 0.79
    assert found(least[replicates] - 0.15, replicates, 800) < 0.8
    shown = said(r"if it is 0.02, these are ([0-9.]+) and ([0-9.]+)\.<")
    assert shown[replicates] == pytest.approx(0.02 * least[replicates])
