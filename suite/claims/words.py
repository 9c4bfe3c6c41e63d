"""A verdict in words, for terminal and page alike."""

from __future__ import annotations

from suite.claims.claim import Claim
from suite.claims.evaluation import Judgement
from suite.claims.phrases import figure, sentence
from suite.claims.verdicts import Verdict
from suite.protocol.audit import TIMES


def tested_text(claim: Claim) -> str:
    """What is tested, in a line."""
    return claim.form.test_text(claim) if claim.form else claim.test


def because(found: Judgement) -> str:
    """What a verdict rests on, in a sentence or two."""
    if found.verdict is Verdict.NOT_JUDGED:
        return f"Waits for {found.reason}."
    if found.verdict is Verdict.NOT_TESTABLE or found.claim.form is None:
        return sentence(found.reason)
    return f"{found.claim.form.because(found.claim, found)}{_tuning(found)}".strip()


def _tuning(found: Judgement) -> str:
    """What is not known of the tuning of learning rates, which no interval over replicates holds."""
    told = [
        f" The tuning of {name} is poor: by its audit, {TIMES} times the trials gain {figure(audit.gain)}."
        for name, audit in found.tuning.items()
        if audit is not None
    ]
    unknown = [name for name, audit in found.tuning.items() if audit is None]
    return "".join(told) + (f" The tuning of {' and '.join(unknown)} was not audited." if unknown else "")
