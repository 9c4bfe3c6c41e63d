"""A verdict in words, for terminal and page alike."""

from __future__ import annotations

from suite.claims.claim import Claim
from suite.claims.evaluation import Judgement
from suite.claims.phrases import sentence
from suite.claims.verdicts import Verdict


def tested_text(claim: Claim) -> str:
    """What is tested, in a line."""
    return claim.form.test_text(claim) if claim.form else claim.test


def because(found: Judgement) -> str:
    """What a verdict rests on, in a sentence or two."""
    if found.verdict is Verdict.NOT_JUDGED:
        return f"Waits for {found.reason}."
    if found.verdict is Verdict.NOT_TESTABLE or found.claim.form is None:
        return sentence(found.reason)
    return found.claim.form.because(found.claim, found).strip()
