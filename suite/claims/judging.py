"""Rules for verdicts on claims with an effect in each context.

A claim that should hold everywhere is

- supported if the 95% interval lies at or above delta in every context. No correction is needed: to be wrong, all contexts
  have to mislead (intersection-union test; Berger 1982, "Multiparameter hypothesis testing and acceptance sampling");
- contradicted if the effect is significantly below delta in some context or in the mean over a benchmark's contexts, and
  significantly at or above it in no context, after Holm's correction;
- dependent on a factor if both occur and the factor that explains most of the variance between contexts has a significant
  interaction;
- not decided otherwise, with the number of replicates that would decide it if means and spreads stay the same.

A published value is judged in the same way, with its tolerance on both sides in place of delta. A claim that should hold
on average is judged by the interval of the mean over its contexts. Contexts in which neither side trains are excluded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from suite.claims.claim import Claim, Form, Holds
from suite.claims.contexts import Context, Status, mean_effect
from suite.claims.decisions import Decision, Differences, Shares, holm
from suite.claims.moderators import Moderator, moderator
from suite.claims.verdicts import Ruling, Verdict
from suite.protocol.statistics import Interval

_ROUNDING = 1e-12


def judge_contexts(claim: Claim, form: Form, found: Sequence[Context], nothing: str) -> Ruling:
    """Judges a claim by its contexts.

    Args:
        claim: The claim.
        form: Its form, which defines the band of effects that support it.
        found: All its contexts.
        nothing: Reason to report if there are no contexts.
    """
    live = [context for context in found if context.status is not Status.MOOT]
    if not live:
        reason = "all settings are excluded: nothing trained" if found else nothing
        return Ruling(Verdict.NOT_DECIDED, reason, None, tuple(found))
    band = low, high = form.band(claim.by)
    statuses, some_beyond = _statuses(live, band)
    judged = iter(replace(context, status=status) for context, status in zip(live, statuses, strict=True))
    contexts = tuple(context if context.status is Status.MOOT else next(judged) for context in found)
    effect = _average(live)
    depends_on = moderator(live) if len(live) > 1 else None
    verdict, reason = _ruled(claim.holds, band, statuses, some_beyond, effect, depends_on)
    needed = None
    mixed = Status.FOR in statuses and some_beyond
    if verdict is Verdict.NOT_DECIDED and claim.holds is Holds.EVERYWHERE and not mixed:
        open_ = [context for context in contexts if context.status is Status.UNDECIDED]
        each = [c.decision.replicates_needed(low if c.mean - low < high - c.mean else high) for c in open_]
        needed = max((n for n in each if n is not None), default=None) if each and None not in each else None
    return Ruling(verdict, reason, effect, contexts, depends_on, None, needed)


def _statuses(live: Sequence[Context], band: tuple[float, float]) -> tuple[list[Status], bool]:
    """The status of each context, and whether any, or a benchmark's mean, lies significantly outside the band."""
    low, high = band
    everywhere = all(_lies_within(band, context.decision.interval()) for context in live)
    inside = holm([max(c.decision.p_above(low - _ROUNDING), c.decision.p_below(high + _ROUNDING)) for c in live])
    outside = holm([min(d.p_below(low), d.p_above(high)) for d in [*(c.decision for c in live), *_pooled(live)]])
    statuses = []
    for context, right, wrong in zip(live, inside, outside[: len(live)], strict=True):
        against = math.isfinite(high) or context.high <= 0
        beyond = Status.AGAINST if against else Status.BELOW
        statuses.append(Status.FOR if right or everywhere else beyond if wrong else Status.UNDECIDED)
    return statuses, any(outside)


def _ruled(
    holds: Holds,
    band: tuple[float, float],
    statuses: Sequence[Status],
    some_beyond: bool,
    effect: Interval,
    depends_on: Moderator | None,
) -> tuple[Verdict, str]:
    """The verdict by the rules of the module, with a reason if nothing is decided."""
    if holds is Holds.ON_AVERAGE:
        _, low, high = effect
        if math.isnan(low):
            return Verdict.NOT_DECIDED, "not enough data: a single value has no interval"
        if _lies_within(band, effect):
            return Verdict.SUPPORTED, ""
        if high < band[0] or low > band[1]:
            return Verdict.CONTRADICTED, ""
        return Verdict.NOT_DECIDED, "the interval of the mean contains delta"
    if all(status is Status.FOR for status in statuses):
        return Verdict.SUPPORTED, ""
    if some_beyond and Status.FOR not in statuses:
        return Verdict.CONTRADICTED, ""
    if some_beyond and depends_on is not None and depends_on.is_significant:
        return Verdict.DEPENDS, ""
    if some_beyond:
        return Verdict.NOT_DECIDED, "settings disagree, and no single factor explains why"
    return Verdict.NOT_DECIDED, "not enough data: runs vary too much for this number of replicates"


def _lies_within(band: tuple[float, float], interval: Interval) -> bool:
    """Whether the whole interval lies within the band."""
    return interval[1] >= band[0] - _ROUNDING and interval[2] <= band[1] + _ROUNDING


def _pooled(live: Sequence[Context]) -> list[Decision]:
    """The mean over the contexts of each benchmark with several, by replicate, since runs with one seed are correlated."""
    found: list[Decision] = []
    for name in dict.fromkeys(context.benchmark for context in live):
        own = [context for context in live if context.benchmark == name]
        shares = [context.decision for context in own if isinstance(context.decision, Shares)]
        if len(own) > 1 and len(shares) == len(own):
            found.append(
                Shares(*(sum(getattr(s, part) for s in shares) for part in ("first", "n", "second", "second_n")))
            )
        elif len(own) > 1 and not shares:
            found.append(Differences(mean_effect(own), min(context.decision.n for context in own)))
    return found


def _average(live: Sequence[Context]) -> Interval:
    """The mean over contexts with its interval; a single context keeps its own interval."""
    return live[0].decision.interval() if len(live) == 1 else mean_effect(live).interval()
