"""A claim and the tables that answer it to a verdict. Pure: it reads no file, and never guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suite.claims.claim import Claim, Form
from suite.claims.evidence import Evidence
from suite.claims.phrases import sentence
from suite.claims.verdicts import Ruling, Verdict


@dataclass(frozen=True, kw_only=True)
class Judgement(Ruling):
    """A claim with its verdict.

    Attributes:
        claim: What was judged.
        evidence: Digest of the tables of each benchmark that it rests on.
    """

    claim: Claim
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def because(self) -> str:
        """What the verdict rests on, in a sentence or two."""
        if self.verdict is Verdict.NOT_JUDGED:
            return f"Waits for {self.reason}."
        if self.verdict is Verdict.NOT_TESTABLE or self.claim.form is None:
            return sentence(self.reason)
        return self.claim.form.because(self.claim, self).strip()


def evaluate_claim(claim: Claim, tables: Mapping[str, Evidence], absent: Mapping[str, str] | None = None) -> Judgement:
    """The verdict on a claim.

    Args:
        claim: The claim.
        tables: The evidence of each benchmark, by name; benchmarks that the claim does not name are ignored.
        absent: Why there is none of a benchmark, and what to do about it.
    """
    if claim.untestable:
        return Judgement(Verdict.NOT_TESTABLE, claim.untestable, claim=claim)
    if claim.form is None:
        return Judgement(Verdict.NOT_JUDGED, claim.needs, claim=claim)
    missing = [name for name in claim.benchmarks if name not in tables]
    if missing:
        reasons = dict.fromkeys((absent or {}).get(name, f"{name} is not recorded") for name in missing)
        return Judgement(Verdict.NOT_DECIDED, "; ".join(reasons), claim=claim)
    seen = [tables[name] for name in claim.benchmarks]
    digests = {each.benchmark: each.digest for each in seen}
    faults = dict.fromkeys(fault for each in seen for fault in faults_of(claim, claim.form, each))
    if faults:
        return Judgement(Verdict.NOT_DECIDED, "; ".join(faults), claim=claim, evidence=digests)
    ruling = claim.form.judge(claim, seen)
    return Judgement(**vars(ruling), claim=claim, evidence=digests)


def faults_of(claim: Claim, form: Form, evidence: Evidence) -> list[str]:
    """Why a claim cannot be judged on a benchmark: a factor, label or column that is not there."""
    found = []
    its_factors = f"its factors are {', '.join(evidence.factors)}"
    for factor in form.factors:
        if factor not in evidence.factors:
            held = f"is {evidence.fixed[factor]} in every cell" if factor in evidence.fixed else "is no factor"
            found.append(f"{factor} {held} of {evidence.benchmark}; {its_factors}")
    for part in (*form.sides, claim.where):
        for factor, labels in part.items():
            known = evidence.known_labels(factor)
            if not known and factor not in form.factors:
                found.append(f"{factor} is no factor of {evidence.benchmark}; {its_factors}")
            elif known and not set(labels) & set(known):
                wanted = " or ".join(labels)
                found.append(f"{factor} {wanted} is not in {evidence.benchmark}, which has {', '.join(known)}")
    found += form.faults(evidence)
    unknown = sorted(claim.names - set(evidence.columns))
    return found + [f"{name} is no column of the tables of {evidence.benchmark}" for name in unknown]
