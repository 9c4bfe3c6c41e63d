"""Rules for verdicts on claims with an effect in each context. They are pure functions of effects and intervals.

On each benchmark of a claim:

1. Contexts that cannot speak are left out, see `suite.claims.contexts.Excluded`.
2. If at one level of a factor the mean effect counts, at another it is told not to, and the two are told apart, the claim
   *depends* on that factor (`suite.claims.moderators.depends_on`); else on a pair of factors.
3. Else the mean over contexts is the verdict: it *holds* if the interval lies at or above delta, or above zero; it *makes no
   difference* if the interval lies between minus delta and delta; *the opposite holds* if it lies below zero; it is *open*
   otherwise. Contexts are what was tested, no sample of more, so the interval is that of replicates and tunings.

A share of networks, or a published figure, *holds* or *does not hold*. Benchmarks are judged apart: where one says that the
effect counts and another that it does not, it depends on the benchmark; else the first that decides has the word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from suite.claims.answers import Answer, Question, detectable
from suite.claims.contexts import Context, mean_effect
from suite.claims.evidence import Evidence
from suite.claims.moderators import Moderated, Moderator, depends_on, varies_with
from suite.claims.verdicts import OF_ANSWER, Place, Ruling, Verdict

BENCHMARK = "benchmark"


def judge_contexts(question: Question, found: Sequence[Context], seen: Sequence[Evidence], nothing: str) -> Ruling:
    """Judges a claim by its contexts.

    Args:
        question: What counts as an effect.
        found: All its contexts, on all its benchmarks.
        seen: The evidence of these benchmarks.
        nothing: Reason to report if there are no contexts.
    """
    places = [place_of([c for c in found if c.benchmark == one.benchmark], question, one) for one in seen]
    verdict, moderator = together(places)
    return Ruling(verdict, _reason(verdict, found, nothing), tuple(found), tuple(places), moderator)


def place_of(found: Sequence[Context], question: Question, evidence: Evidence) -> Place:
    """The verdict on one benchmark."""
    live = [context for context in found if context.excluded is None]
    estimate = mean_effect(live) if live else None
    if estimate is None or math.isnan(estimate.mean):
        return Place(evidence.benchmark, evidence.task, Verdict.OPEN)
    effect = live[0].interval if len(live) == 1 else estimate.interval(bounds=question.bounds)
    answer = question.answer(effect)
    decisive = depends_on(live, question)
    return Place(
        evidence.benchmark, evidence.task, Verdict.DEPENDS if decisive else OF_ANSWER[answer], answer, effect,
        question.is_difference, detectable(estimate), len(live), decisive or varies_with(live, question),
    )  # fmt: skip


def together(places: Sequence[Place]) -> tuple[Verdict, Moderator | None]:
    """The verdict of several benchmarks, and what it depends on or varies with."""
    decided = [place for place in places if place.verdict is not Verdict.OPEN]
    if not decided:
        return Verdict.OPEN, None
    verdicts = {place.verdict for place in decided}
    first = decided[0]
    if len(verdicts) == 1:
        return first.verdict, first.moderator
    if Verdict.DEPENDS in verdicts:
        return Verdict.DEPENDS, next(place.moderator for place in decided if place.verdict is Verdict.DEPENDS)
    if all(place.answer is not Answer.ENOUGH for place in decided):
        return first.verdict, first.moderator
    levels = [Moderated(p.benchmark, *p.effect, p.settings) for p in decided if p.effect is not None]
    return Verdict.DEPENDS, Moderator(BENCHMARK, "", tuple(sorted(levels, key=lambda level: -level.mean)))


def _reason(verdict: Verdict, found: Sequence[Context], nothing: str) -> str:
    if verdict is not Verdict.OPEN:
        return ""
    if not found:
        return nothing
    if all(context.excluded for context in found):
        return "no setting can speak about it"
    return "runs vary too much for this number of replicates"
