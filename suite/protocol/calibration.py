"""Error rates and power of the verdicts on claims.

They were measured by `python -m tools.studies.judge` on synthetic tables with known effects: 18 contexts of 5 replicates,
delta 0.02 (0.3 for success rates) and a standard deviation of paired differences of 0.028.
"""

from __future__ import annotations

from dataclasses import dataclass

TABLES = 1000
"""Number of synthetic tables per case."""


@dataclass(frozen=True)
class Calibration:
    """Shares of verdicts over many tables with the same true effect.

    Attributes:
        truth: The true effect in words.
        verdict: The correct verdict.
        right: Share of tables with the correct verdict.
        wrong: Share of tables with another verdict.
        open: Share of tables that were not decided.
    """

    truth: str
    verdict: str
    right: float
    wrong: float
    open: float


CALIBRATION = (
    Calibration("no effect anywhere", "contradicted", 0.7, 0.0, 0.3),
    Calibration("exactly delta everywhere", "supported", 0.0, 0.032, 0.968),
    Calibration("delta and a tenth of it everywhere", "supported", 0.0, 0.024, 0.976),
    Calibration("three times delta everywhere", "supported", 0.001, 0.0, 0.999),
    Calibration("five times delta everywhere", "supported", 0.922, 0.0, 0.078),
    Calibration("harm of three times delta everywhere", "contradicted", 1.0, 0.0, 0.0),
    Calibration("five times delta up or down, by one factor", "depends", 0.989, 0.011, 0.0),
    Calibration("no effect, one run in five fails", "contradicted", 0.063, 0.0, 0.937),
    Calibration("five times delta, one run in five fails", "supported", 0.0, 0.0, 1.0),
    Calibration("half of the runs train on both sides", "contradicted", 0.917, 0.0, 0.083),
    Calibration("nine in ten runs train against one in ten", "supported", 0.0, 0.0, 1.0),
    Calibration("no effect, on average", "contradicted", 1.0, 0.0, 0.0),
    Calibration("twice delta, on average", "supported", 1.0, 0.0, 0.0),
)
