"""The judge: a claim and the tables that answer it in, a verdict out. Pure: it reads nothing, and never guesses.

A claim that is said to hold everywhere is

- supported where in every live context the 95% interval lies at or above delta. Nothing is corrected for: to be wrong, every
  single context has to mislead (intersection-union test; Berger 1982, "Multiparameter hypothesis testing and acceptance
  sampling");
- contradicted where in some context, or in the mean over a benchmark's contexts, the effect is told to be under delta, and
  in no context to be at or above it, each after Holm's correction over all of these: what holds everywhere holds on average;
- depending on a factor where some are told to be above and some under, and the factor that explains most of the variance between
  contexts has an interaction whose interval leaves out zero;
- not decided otherwise, with the replicates that would decide it if means and spreads stay as they are.

A published figure is judged alike, with its tolerance to both sides in place of delta.

A claim that is said to hold on average is judged by the interval of the mean over its contexts alone. Contexts in which
nothing learns on either side are moot, and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from suite.protocol.audit import AuditSummary
from suite.protocol.claims import Claim, Holds, Order, Predict, Value, Verdict
from suite.protocol.contexts import Context, contexts, misfits
from suite.protocol.decisions import Decision, Differences, Shares, holm
from suite.protocol.evidence import Evidence
from suite.protocol.moderators import Moderator, moderator
from suite.protocol.orders import FEWEST
from suite.protocol.predictions import Prediction, predicted
from suite.protocol.statistics import Interval, mean_intervals

_ROUNDING = 1e-12


class Status(StrEnum):
    """What a context says of its claim."""

    FOR = "for"
    BELOW = "below"
    AGAINST = "against"
    UNDECIDED = "undecided"
    MOOT = "moot"


@dataclass(frozen=True)
class Judged:
    """A context that was judged. Numbers are in the claimed direction; NaN where there is none.

    Attributes:
        benchmark: Its name.
        levels: The combination of factors that the claim does not name.
        status: What it says.
        mean: The effect.
        low: End of its 95% interval.
        high: The other end.
        first: Mean of the measure on the first side.
        second: On the second.
        replicates: That it rests on.
        cells: Fingerprints of the cells behind it.
    """

    benchmark: str
    levels: Mapping[str, str]
    status: Status
    mean: float
    low: float
    high: float
    first: float
    second: float
    replicates: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Judgement:
    """A claim with its verdict.

    Attributes:
        claim: What was judged.
        verdict: What became of it.
        reason: Why there is none, where there is none; else empty.
        effect: The mean over the live contexts with its 95% interval; of a prediction, the share.
        contexts: All of them.
        moderator: What the effect depends on most, if it was looked for.
        prediction: Its counts, where the claim is one.
        needed: Replicates that would decide it, of a prediction cells, of two orders recipes; None where that makes no sense, or too many would.
        evidence: Digest of the tables of each benchmark that it rests on.
        tuning: Of a claim about scores, the benchmarks whose tuning is not known to be good: what an audit found, or None.
    """

    claim: Claim
    verdict: Verdict
    reason: str = ""
    effect: Interval | None = None
    contexts: tuple[Judged, ...] = ()
    moderator: Moderator | None = None
    prediction: Prediction | None = None
    needed: int | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    tuning: Mapping[str, AuditSummary | None] = field(default_factory=dict)

    def count(self, *statuses: Status) -> int:
        """Contexts of these."""
        return sum(context.status in statuses for context in self.contexts)

    @property
    def live(self) -> int:
        """Contexts that are not moot."""
        return len(self.contexts) - self.count(Status.MOOT)


def judge(claim: Claim, tables: Mapping[str, Evidence], absent: Mapping[str, str] | None = None) -> Judgement:
    """The verdict on a claim.

    Args:
        claim: The claim.
        tables: The evidence of each benchmark, by name; others than the claim's are not looked at.
        absent: Why there is none of a benchmark, and what to do about it.
    """
    if claim.untestable:
        return Judgement(claim, Verdict.NOT_TESTABLE, claim.untestable)
    if claim.form is None:
        return Judgement(claim, Verdict.NOT_JUDGED, claim.needs)
    missing = [name for name in claim.benchmarks if name not in tables]
    if missing:
        reasons = dict.fromkeys((absent or {}).get(name, f"{name} is not recorded") for name in missing)
        return Judgement(claim, Verdict.NOT_DECIDED, "; ".join(reasons))
    seen = [tables[name] for name in claim.benchmarks]
    digests = {evidence.benchmark: evidence.digest for evidence in seen}
    faults = [fault for evidence in seen for fault in misfits(claim, evidence)]
    if faults:
        return Judgement(claim, Verdict.NOT_DECIDED, "; ".join(dict.fromkeys(faults)), evidence=digests)
    if isinstance(claim.form, Predict):
        found = _prediction(claim, claim.form, seen, digests)
    else:
        found = _effect(claim, [context for evidence in seen for context in contexts(claim, evidence)], digests)
    unsure = [each for each in seen if each.tuned and (each.audit is None or each.audit.poor)]
    told = claim.is_of_scores and found.effect is not None
    return replace(found, tuning={each.benchmark: each.audit for each in unsure if told})


def _effect(claim: Claim, found: Sequence[Context], digests: Mapping[str, str]) -> Judgement:
    """Of what is compared between contexts."""
    live = [context for context in found if not context.moot]
    if not live:
        return Judgement(claim, Verdict.NOT_DECIDED, _nothing(claim, found), None, _judged(found, {}), evidence=digests)
    low, high = claim.band
    everywhere = all(_within(claim, context.decision.interval()) for context in live)
    inside = holm([max(c.decision.p_above(low - _ROUNDING), c.decision.p_below(high + _ROUNDING)) for c in live])
    outside = holm([min(d.p_below(low), d.p_above(high)) for d in [*(c.decision for c in live), *_pooled(live)]])
    statuses = {}
    for context, right, wrong in zip(live, inside, outside[: len(live)], strict=True):
        against = isinstance(claim.form, Value) or context.decision.interval()[2] <= 0
        beyond = Status.AGAINST if against else Status.BELOW
        statuses[id(context)] = Status.FOR if right or everywhere else beyond if wrong else Status.UNDECIDED
    effect = _average(live)
    hangs_on = moderator(live) if len(live) > 1 else None
    verdict, reason = _ruled(claim, list(statuses.values()), any(outside), effect, hangs_on)
    needed = None
    mixed = Status.FOR in statuses.values() and any(outside)
    if verdict is Verdict.NOT_DECIDED and claim.holds is Holds.EVERYWHERE and not mixed:
        open_ = [context for context in live if statuses[id(context)] is Status.UNDECIDED]
        each = [c.decision.replicates_needed(low if c.mean - low < high - c.mean else high) for c in open_]
        needed = max((n for n in each if n is not None), default=None) if each and None not in each else None
    return Judgement(
        claim, verdict, reason, effect, _judged(found, statuses), hangs_on, None, needed, digests
    )  # fmt: skip


def _ruled(
    claim: Claim, statuses: Sequence[Status], some_beyond: bool, effect: Interval, hangs_on: Moderator | None
) -> tuple[Verdict, str]:
    """By the rules of the module; with a reason where nothing is decided."""
    if claim.holds is Holds.ON_AVERAGE:
        _, low, high = effect
        if math.isnan(low):
            return Verdict.NOT_DECIDED, "a single value has no interval"
        if _within(claim, effect):
            return Verdict.SUPPORTED, ""
        if high < claim.band[0] or low > claim.band[1]:
            return Verdict.CONTRADICTED, ""
        return Verdict.NOT_DECIDED, "the interval of the mean holds both what counts and what does not"
    if all(status is Status.FOR for status in statuses):
        return Verdict.SUPPORTED, ""
    some_for = Status.FOR in statuses
    if some_beyond and not some_for:
        return Verdict.CONTRADICTED, ""
    if some_beyond and hangs_on is not None and hangs_on.told_from_zero:
        return Verdict.DEPENDS, ""
    if some_beyond:
        return Verdict.NOT_DECIDED, "it holds in some contexts and not in others, and no one factor tells which"
    if isinstance(claim.form, Order):
        return Verdict.NOT_DECIDED, "too few recipes for how far they differ"
    return Verdict.NOT_DECIDED, "too few replicates for how far runs differ"


def _within(claim: Claim, interval: Interval) -> bool:
    """Whether a whole interval lies where it counts as claimed."""
    low, high = claim.band
    return interval[1] >= low - _ROUNDING and interval[2] <= high + _ROUNDING


def _pooled(live: Sequence[Context]) -> list[Decision]:
    """The mean over the contexts of each benchmark that has several, by replicate: what runs under one seed share stays."""
    found: list[Decision] = []
    for name in dict.fromkeys(context.benchmark for context in live):
        own = [context for context in live if context.benchmark == name]
        shares = [context.decision for context in own if isinstance(context.decision, Shares)]
        if len(own) > 1 and len(shares) == len(own):
            found.append(Shares(*(sum(getattr(s, part) for s in shares) for part in ("first", "n", "second", "of"))))
        elif len(own) > 1 and len({c.decision.n for c in own if isinstance(c.decision, Differences)}) == 1:
            found.append(Differences(np.mean([context.values for context in own], axis=0)))
    return found


def _nothing(claim: Claim, found: Sequence[Context]) -> str:
    if found:
        return "in every context both sides are at chance: nothing that learns is compared"
    if isinstance(claim.form, Value):
        return "no cell recorded is as it says"
    if isinstance(claim.form, Order):
        return f"its first side tells fewer than {FEWEST} recipes apart"
    return f"no two cells recorded differ only in {' and '.join(claim.factors)}"


def _average(live: Sequence[Context]) -> Interval:
    """The mean over contexts and its interval, as the factors' effects have it; of one context, its own."""
    if len(live) == 1:
        return live[0].decision.interval()
    return mean_intervals([np.sort([context.mean for context in live])])[0]


def _judged(found: Sequence[Context], statuses: Mapping[int, Status]) -> tuple[Judged, ...]:
    return tuple(
        Judged(
            c.benchmark, c.levels, Status.MOOT if c.moot else statuses.get(id(c), Status.UNDECIDED),
            *c.decision.interval(), c.first, c.second, c.decision.n, c.cells,
        )
        for c in found
    )  # fmt: skip


def _prediction(claim: Claim, form: Predict, seen: Sequence[Evidence], digests: Mapping[str, str]) -> Judgement:
    """Its share is high enough, and higher than without the condition; or too low, or no higher."""
    counts = predicted(claim, form, seen)
    if not counts.cells:
        reason = "there is no cell for which its condition holds"
        return Judgement(claim, Verdict.NOT_DECIDED, reason, prediction=counts, evidence=digests)
    share, lift = counts.share.interval(), counts.lift
    enough, too_few = share[1] >= form.share, share[2] < form.share
    told = lift is None or lift[1] > 0
    useless = lift is not None and lift[2] <= 0
    verdict = (
        Verdict.SUPPORTED if enough and told else Verdict.CONTRADICTED if too_few or useless else Verdict.NOT_DECIDED
    )
    reason, needed = "", None
    if verdict is Verdict.NOT_DECIDED and enough:
        reason = "where the condition does not hold, it is as frequent"
    elif verdict is Verdict.NOT_DECIDED:
        reason, needed = "too few cells", counts.share.replicates_needed(form.share)
    return Judgement(claim, verdict, reason, share, (), None, counts, needed, digests)
