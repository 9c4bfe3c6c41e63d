"""Evaluates a claim on tables; reads no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suite.claims.claim import Claim, Form
from suite.claims.evidence import Evidence
from suite.claims.phrases import counts_text, sentence
from suite.claims.verdicts import Ruling, Verdict


@dataclass(frozen=True, kw_only=True)
class Judgement(Ruling):
    """A claim with its verdict.

    Attributes:
        claim: The claim.
        evidence: Digest of the tables by benchmark.
    """

    claim: Claim
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def because(self) -> str:
        """What was found in a few sentences, or why nothing was."""
        if self.verdict is Verdict.NOT_JUDGED:
            return f"Waiting for {self.reason}."
        if self.verdict is Verdict.NOT_TESTABLE or self.claim.form is None:
            return sentence(self.reason)
        return self.claim.form.because(self.claim, self) if self.first else sentence(self.reason)

    @property
    def counts(self) -> str:
        """How many settings say what by themselves, and how many cannot speak, and why."""
        return " ".join(counts_text(self))


def evaluate_claim(claim: Claim, tables: Mapping[str, Evidence], absent: Mapping[str, str] | None = None) -> Judgement:
    """Judges a claim.

    Args:
        claim: The claim.
        tables: Evidence by benchmark; benchmarks that the claim does not name are ignored.
        absent: Reason for missing evidence by benchmark, with what to do about it.
    """
    if claim.untestable:
        return Judgement(Verdict.NOT_TESTABLE, claim.untestable, claim=claim)
    if claim.form is None:
        return Judgement(Verdict.NOT_JUDGED, claim.needs, claim=claim)
    missing = [name for name in claim.benchmarks if name not in tables]
    if missing:
        reasons = dict.fromkeys((absent or {}).get(name, f"{name} has no results") for name in missing)
        return Judgement(Verdict.OPEN, "; ".join(reasons), claim=claim)
    seen = [tables[name] for name in claim.benchmarks]
    digests = {each.benchmark: each.digest for each in seen}
    faults = dict.fromkeys(fault for each in seen for fault in faults_of(claim, claim.form, each))
    if faults:
        return Judgement(Verdict.OPEN, "; ".join(faults), claim=claim, evidence=digests)
    ruling = claim.form.judge(claim, seen)
    return Judgement(**vars(ruling), claim=claim, evidence=digests)


def faults_of(claim: Claim, form: Form, evidence: Evidence) -> list[str]:
    """Reasons why a claim cannot be judged on a benchmark: missing factors, labels or columns."""
    found = []
    its_factors = f"its factors: {', '.join(evidence.factors)}"
    for factor in form.factors:
        if factor not in evidence.factors:
            held = f"is always {evidence.fixed[factor]} in" if factor in evidence.fixed else "is not a factor of"
            found.append(f"{factor} {held} {evidence.benchmark}; {its_factors}")
    for part in (*form.sides, claim.where):
        for factor, labels in part.items():
            known = evidence.known_labels(factor)
            if not known and factor not in form.factors:
                found.append(f"{factor} is not a factor of {evidence.benchmark}; {its_factors}")
            elif known and not set(labels) & set(known):
                wanted = " or ".join(labels)
                found.append(f"{factor} {wanted} is not in {evidence.benchmark}; its levels: {', '.join(known)}")
    found += form.faults(evidence)
    unknown = sorted(claim.names - set(evidence.columns))
    return found + [f"{name} is not a column of the tables of {evidence.benchmark}" for name in unknown]
