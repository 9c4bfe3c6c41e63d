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

A claim that is said to hold on average is judged by the interval of the mean over its contexts alone. Contexts in which
nothing learns on either side are moot, and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from suite.protocol.claims import Claim, Holds, Predict, Value, Verdict
from suite.protocol.contexts import Context, contexts, misfits
from suite.protocol.decisions import Decision, Differences, Shares, holm
from suite.protocol.evidence import Evidence
from suite.protocol.moderators import Moderator, moderator
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
        replicates_needed: That would decide it; None where that makes no sense, or too many would.
        evidence: Digest of the tables of each benchmark that it rests on.
    """

    claim: Claim
    verdict: Verdict
    reason: str = ""
    effect: Interval | None = None
    contexts: tuple[Judged, ...] = ()
    moderator: Moderator | None = None
    prediction: Prediction | None = None
    replicates_needed: int | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)

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
        return _prediction(claim, claim.form, seen, digests)
    found = [context for evidence in seen for context in contexts(claim, evidence)]
    if isinstance(claim.form, Value):
        return _value(claim, claim.form, found, digests)
    return _effect(claim, found, digests)


def _effect(claim: Claim, found: Sequence[Context], digests: Mapping[str, str]) -> Judgement:
    """Of what is compared between contexts."""
    live = [context for context in found if not context.moot]
    if not live:
        return Judgement(claim, Verdict.NOT_DECIDED, _nothing(claim, found), None, _judged(found, {}), evidence=digests)
    by = claim.by - _ROUNDING
    lows = [context.decision.interval()[1] for context in live]
    everywhere = all(low >= by for low in lows)
    above = holm([context.decision.p_above(by) for context in live])
    pooled = [mean.p_below(claim.by) for mean in _pooled(live)]
    below = holm([*(context.decision.p_below(claim.by) for context in live), *pooled])
    statuses = {}
    for context, high_enough, too_low in zip(live, above, below[: len(live)], strict=True):
        against = context.decision.interval()[2] <= 0
        under = Status.AGAINST if against else Status.BELOW
        statuses[id(context)] = Status.FOR if high_enough or everywhere else under if too_low else Status.UNDECIDED
    effect = _average(live)
    hangs_on = moderator(live) if len(live) > 1 else None
    verdict, reason = _ruled(claim, list(statuses.values()), any(below), effect, hangs_on)
    needed = None
    mixed = Status.FOR in statuses.values() and any(below)
    if verdict is Verdict.NOT_DECIDED and claim.holds is Holds.EVERYWHERE and not mixed:
        open_ = [context for context in live if statuses[id(context)] is Status.UNDECIDED]
        each = [context.decision.replicates_needed(claim.by) for context in open_]
        needed = max((n for n in each if n is not None), default=None) if each and None not in each else None
    return Judgement(
        claim, verdict, reason, effect, _judged(found, statuses), hangs_on, None, needed, digests
    )  # fmt: skip


def _ruled(
    claim: Claim, statuses: Sequence[Status], some_under: bool, effect: Interval, hangs_on: Moderator | None
) -> tuple[Verdict, str]:
    """By the rules of the module; with a reason where nothing is decided."""
    if claim.holds is Holds.ON_AVERAGE:
        _, low, high = effect
        if math.isnan(low):
            return Verdict.NOT_DECIDED, "a single value has no interval"
        if low >= claim.by - _ROUNDING:
            return Verdict.SUPPORTED, ""
        if high < claim.by:
            return Verdict.CONTRADICTED, ""
        return Verdict.NOT_DECIDED, "the interval of the mean holds both what counts and what does not"
    if all(status is Status.FOR for status in statuses):
        return Verdict.SUPPORTED, ""
    some_for = Status.FOR in statuses
    if some_under and not some_for:
        return Verdict.CONTRADICTED, ""
    if some_under and hangs_on is not None and hangs_on.told_from_zero:
        return Verdict.DEPENDS, ""
    if some_under:
        return Verdict.NOT_DECIDED, "it holds in some contexts and not in others, and no one factor tells which"
    return Verdict.NOT_DECIDED, "too few replicates for how far runs differ"


def _pooled(live: Sequence[Context]) -> list[Decision]:
    """The mean over the contexts of each benchmark that has several, by replicate: what runs under one seed share stays."""
    found: list[Decision] = []
    for name in dict.fromkeys(context.benchmark for context in live):
        own = [context for context in live if context.benchmark == name]
        shares = [context.decision for context in own if isinstance(context.decision, Shares)]
        if len(own) > 1 and len(shares) == len(own):
            found.append(Shares(*(sum(getattr(s, part) for s in shares) for part in ("first", "n", "second", "of"))))
        elif len(own) > 1 and len({len(context.values) for context in own}) == 1:
            found.append(Differences(np.mean([context.values for context in own], axis=0)))
    return found


def _nothing(claim: Claim, found: Sequence[Context]) -> str:
    if found:
        return "in every context both sides are at chance: nothing that learns is compared"
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


def _value(claim: Claim, form: Value, found: Sequence[Context], digests: Mapping[str, str]) -> Judgement:
    """Inside where the whole interval is within the tolerance, outside where none of it is."""
    if not found:
        return Judgement(claim, Verdict.NOT_DECIDED, "no cell recorded is as it says", evidence=digests)
    low, high = form.figure - form.within - _ROUNDING, form.figure + form.within + _ROUNDING
    statuses = {}
    for context in found:
        _, a, b = context.decision.interval()
        outside = b < low or a > high
        statuses[id(context)] = (
            Status.FOR if low <= a and b <= high else Status.AGAINST if outside else Status.UNDECIDED
        )
    judged, effect = _judged(found, statuses), _average(found)
    if all(status is Status.FOR for status in statuses.values()):
        return Judgement(claim, Verdict.SUPPORTED, "", effect, judged, evidence=digests)
    if Status.AGAINST in statuses.values():
        return Judgement(claim, Verdict.CONTRADICTED, "", effect, judged, evidence=digests)
    each = [c.decision.replicates_needed(low if c.mean - low < high - c.mean else high) for c in found]
    needed = None if None in each else max(n for n in each if n is not None)
    reason = "the interval reaches over an end of the tolerance"
    return Judgement(claim, Verdict.NOT_DECIDED, reason, effect, judged, None, None, needed, digests)


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
    reason = ""
    if verdict is Verdict.NOT_DECIDED:
        reason = "too few cells" if not enough else "where the condition does not hold, it is as frequent"
    return Judgement(claim, verdict, reason, share, (), None, counts, None, digests)
