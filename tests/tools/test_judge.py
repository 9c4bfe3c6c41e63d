"""What the method page states of the judge, held on fewer tables than it was found on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.claims.verdicts import Verdict
from suite.protocol.calibration import CALIBRATION
from tools.studies.judge_errors import simulated

TABLES = 30


@pytest.mark.parametrize("name", ["bn", "l2", "depth"])
def test_errors_are_as_rare_as_is_stated(name: str) -> None:
    """The stated rates come from more tables (`python -m tools.studies.judge_errors`)."""
    rng = np.random.default_rng(1)
    for one in simulated([name]):
        nothing, delta, twice = (one.verdicts(truth * one.claim.by, TABLES, rng) for truth in (0.0, 1.0, 2.0))
        most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / TABLES)
        assert nothing[Verdict.HOLDS] / TABLES <= most
        assert nothing[Verdict.OPPOSITE] / TABLES <= most
        assert delta[Verdict.NO_DIFFERENCE] / TABLES <= most
        assert twice[Verdict.OPPOSITE] == twice[Verdict.NO_DIFFERENCE] == 0
        assert nothing != twice, "it sees what is there"


def test_no_wrong_verdict_is_more_frequent_than_it_may_be() -> None:
    assert all(0 < entry.mean <= 0.05 for entry in CALIBRATION if entry.verdict != "depends")
