"""What the method page states of the judge, held on fewer tables than it was found on."""

from __future__ import annotations

import math

import pytest

from suite.protocol.calibration import CALIBRATION
from tools.studies.judge.scenarios import SCENARIOS, Scenario, rates


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.truth)
def test_errors_and_power_are_those_that_are_stated(scenario: Scenario) -> None:
    """Of 40 tables, with room for chance: the stated rates come from a thousand (`python -m tools.studies.judge`)."""
    stated = next(entry for entry in CALIBRATION if entry.truth == scenario.truth)
    tables = 40
    found = rates(scenario, tables)
    for share, told in zip(found, (stated.right, stated.wrong, stated.open), strict=True):
        assert abs(share - told) <= 4 * math.sqrt(max(told * (1 - told), 0.02) / tables)
    assert stated.verdict == scenario.right
    assert stated.wrong <= 0.05
