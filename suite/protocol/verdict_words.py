"""A verdict in words, for terminal and page alike."""

from __future__ import annotations

import math
from collections.abc import Mapping

from suite.protocol.audit import TIMES
from suite.protocol.claims import Claim, Compare, Holds, Order, Predict, Side, Spread, Trend, Value, Verdict
from suite.protocol.verdicts import Judgement, Status


def figure(value: float) -> str:
    """Three digits at most, with a true minus: `+0.12` has its sign from `signed`."""
    if math.isnan(value):
        return "?"
    text = f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return ("0" if text in ("-0", "0", "") else text).replace("-", "−")


def signed(value: float) -> str:
    """With a plus where it is above zero."""
    return f"+{figure(value)}" if value > 0 and figure(value) != "0" else figure(value)


def between(low: float, high: float) -> str:
    """An interval."""
    return "no interval" if math.isnan(low) else f"{signed(low)} to {signed(high)}"


def measure_text(claim: Claim) -> str:
    """What is measured, without underscores."""
    return claim.measure.replace("_", " ")


def side_text(side: Side) -> str:
    """`relu`, `glorot_uniform or he_normal`, `relu and identity`."""
    return " and ".join(" or ".join(labels) for labels in side.values())


def named_text(side: Side, between: str = " and ") -> str:
    """The same with the factors' names: `folds 8`."""
    return between.join(f"{factor} {' or '.join(labels)}" for factor, labels in side.items())


def verdict_text(verdict: Verdict, factor: str | None) -> str:
    """The verdict, with what it depends on."""
    return f"depends on {factor.replace('_', ' ')}" if verdict is Verdict.DEPENDS and factor else str(verdict)


def compared_text(claim: Claim) -> str:
    """The comparison that is made, in a line."""
    form = claim.form
    if form is None:
        return claim.test
    what = measure_text(claim)
    if isinstance(form, Compare):
        way = {None: "better", 1: "higher", -1: "lower"}[claim.sign]
        said = f"{what}: {side_text(form.first)} {way} than {side_text(form.second)} by {figure(claim.by)}"
    elif isinstance(form, Trend):
        said = f"{what}: {'up' if form.sign > 0 else 'down'} by {figure(claim.by)} from least to most {form.factor}"
    elif isinstance(form, Spread) and form.compare:
        sides = side_text(form.compare.first), side_text(form.compare.second)
        said = f"{what}: its range over {form.factor} less for {sides[0]} than for {sides[1]} by {figure(claim.by)}"
    elif isinstance(form, Spread):
        said = f"{what}: its range over {form.factor} at least {figure(claim.by)}"
    elif isinstance(form, Order):
        sides = named_text(form.compare.first), named_text(form.compare.second)
        said = (
            f"{what}: of pairs of recipes that {sides[0]} tells apart, more the other way round under {sides[1]} than under "
            f"{sides[0]} and other seeds, by {figure(claim.by)}"
        )
    elif isinstance(form, Value):
        said = f"{what}: {figure(form.figure)} within {figure(form.within)}"
    else:
        when = f"where {form.when}, " if form.when else ""
        return f"{when}{form.then}, in at least {100 * form.share:g}% of cells{_where(claim.where)}"
    held = "" if isinstance(form, Value | Order) else f", {claim.holds}"
    return said + held + _where(claim.where)


def _where(where: Mapping[str, tuple[str, ...]]) -> str:
    return f"; {named_text(where, ', ')}" if where else ""


def because(found: Judgement) -> str:
    """What a verdict rests on, in a sentence or two."""
    if found.verdict is Verdict.NOT_JUDGED:
        return f"Waits for {found.reason}."
    if found.verdict is Verdict.NOT_TESTABLE:
        return _sentence(found.reason)
    if found.prediction is not None:
        told = _of_prediction(found)
    elif isinstance(found.claim.form, Order):
        told = f"{_of_orders(found, found.claim.form)}{_undecided(found)}"
    elif found.verdict is Verdict.DEPENDS and found.moderator is not None:
        told = f"{_counts(found)} {_levels(found)}"
    else:
        told = f"{_average(found)} {_counts(found)}{_undecided(found)}"
    return f"{told}{_tuning(found)}".strip()


def _tuning(found: Judgement) -> str:
    """What is not known of the tuning of learning rates, which no interval over replicates holds."""
    told = [
        f" The tuning of {name} is poor: by its audit, {TIMES} times the trials gain {figure(audit.gain)}."
        for name, audit in found.tuning.items()
        if audit is not None
    ]
    unknown = [name for name, audit in found.tuning.items() if audit is None]
    return "".join(told) + (f" The tuning of {' and '.join(unknown)} was not audited." if unknown else "")


def _average(found: Judgement) -> str:
    if found.effect is None:
        return ""
    mean, low, high = found.effect
    value = isinstance(found.claim.form, Value)
    lead = "Ours is" if value else "On average" if found.live > 1 else "The effect is"
    return f"{lead} {_with_interval(found.claim, mean, low, high)}."


def _with_interval(claim: Claim, mean: float, low: float, high: float) -> str:
    """A difference has a sign, a published figure is what it is."""
    if isinstance(claim.form, Value):
        return f"{figure(mean)} ({figure(low)} to {figure(high)})"
    return f"{signed(mean)} ({between(low, high)})"


def _counts(found: Judgement) -> str:
    """In how many contexts it holds."""
    if not found.contexts:
        return ""
    if found.live < 2 or found.claim.holds is Holds.ON_AVERAGE:
        moot = found.count(Status.MOOT)
        over = f"Over {found.live} contexts" if found.live > 1 else "One context"
        return f"{over}{f', {moot} more in which nothing learns' if moot else ''}."
    parts = [f"holds in {found.count(Status.FOR)} of {found.live} contexts"]
    if under := found.count(Status.BELOW, Status.AGAINST):
        harm = found.count(Status.AGAINST) if _can_turn(found.claim) else 0
        parts.append(f"not in {under}" + (f" (in {harm} it is the other way round)" if harm else ""))
    if open_ := found.count(Status.UNDECIDED):
        parts.append(f"open in {open_}")
    if moot := found.count(Status.MOOT):
        parts.append(f"nothing learns in {moot} more")
    return f"It {', '.join(parts)}."


def _can_turn(claim: Claim) -> bool:
    """Whether a claim compares two things, so that the other may be the better one."""
    return isinstance(claim.form, Compare | Trend) or (
        isinstance(claim.form, Spread) and claim.form.compare is not None
    )


def _levels(found: Judgement) -> str:
    """The effect within the moderator's levels."""
    assert found.moderator is not None
    levels = found.moderator.levels
    parts = [f"{_with_interval(found.claim, v.mean, v.low, v.high)} for {v.label}" for v in levels]
    told = f"It depends on {found.moderator.factor.replace('_', ' ')}: {', '.join(parts)}."
    # A few contexts that do not hold are enough to depend; where no level fails as a whole, a reader has to know.
    low, high = found.claim.band
    enough = all(low <= level.low and level.high <= high for level in levels)
    return f"{told} At each of them it holds on average." if enough else told


def _undecided(found: Judgement) -> str:
    """Why nothing is decided, and what would decide it."""
    if found.verdict is not Verdict.NOT_DECIDED:
        return ""
    told = f" {_sentence(found.reason)}"
    if found.needed:
        now = max((context.replicates for context in found.contexts), default=0)
        what = "recipes" if isinstance(found.claim.form, Order) else "replicates"
        told += f" About {found.needed} {what} would decide it; there are {now}."
    return told


def _of_orders(found: Judgement, form: Order) -> str:
    if found.effect is None:
        return ""
    (context,) = found.contexts
    return (
        f"Of the pairs that half of the runs tell apart, {100 * context.first:.0f}% are the other way round under "
        f"{named_text(form.compare.second)}, and {100 * context.second:.0f}% in the other half of the same runs: a difference "
        f"of {_with_interval(found.claim, *found.effect)}."
    )


def _of_prediction(found: Judgement) -> str:
    counts, form = found.prediction, found.claim.form
    assert counts is not None
    assert isinstance(form, Predict)
    if not counts.cells:
        return _sentence(found.reason)
    _, low, high = counts.share.interval()
    told = f"It holds for {counts.hits} of {counts.cells} cells ({100 * low:.0f} to {100 * high:.0f}%)"
    if form.when and counts.others:
        told += f"; without the condition for {counts.other_hits} of {counts.others}"
    told += f". {100 * form.share:g}% is claimed."
    if found.verdict is Verdict.NOT_DECIDED:
        told += f" {_sentence(found.reason)}"
    if found.needed:
        told += f" About {found.needed} cells with this share would decide it."
    return told


def _sentence(reason: str) -> str:
    """A reason with a full stop and, unless it begins with a name, a capital."""
    first = reason.split(" ", 1)[0]
    return f"{reason if '_' in first or not first.isalpha() else reason[:1].upper() + reason[1:]}."
