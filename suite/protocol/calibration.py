"""How often verdicts on claims err, and how much they can see.

Measured by `python -m tools.studies.judge_errors` at the settings, spreads and numbers of runs of the published claims.
"""

from __future__ import annotations

from dataclasses import dataclass

CLAIMS, TABLES = 71, 100
"""Number of claims that compare numbers, counted on each of their benchmarks, and of tables drawn for each."""


@dataclass(frozen=True)
class Calibration:
    """How often a wrong verdict falls.

    Attributes:
        truth: The true effect, the same in every setting, in words.
        verdict: The wrong verdict.
        mean: Its share of tables, averaged over claims.
        worst: Its share for the claim that has most.
    """

    truth: str
    verdict: str
    mean: float
    worst: float


CALIBRATION = (
    Calibration("no effect", "holds", 0.010, 0.060),
    Calibration("no effect", "the opposite holds", 0.010, 0.050),
    Calibration("no effect", "depends", 0.002, 0.030),
    Calibration("exactly delta", "makes no difference", 0.015, 0.070),
)

POWER, POWERFUL = 0.83, 0.79
"""Share of tables on which a claim holds where the true effect is twice delta, and of claims of which 80% of tables say so."""
