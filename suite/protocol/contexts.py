"""The contexts of a claim: every combination of the factors it does not name, and its effect there.

A figure is always in the claimed direction: positive where the claim is right. Replicate r has the same seed in every
cell, so that differences are taken replicate by replicate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.protocol.claims import BETTER, SCORES, Claim, Compare, Order, Side, Spread, Trend, Value
from suite.protocol.decisions import Decision, Differences, Share, Shares
from suite.protocol.evidence import Evidence
from suite.protocol.labels import number_of
from suite.protocol.orders import Turned, turned


@dataclass(frozen=True)
class Context:
    """A claim's effect in one combination of the factors that it does not name.

    Attributes:
        benchmark: Its name.
        levels: The combination: a label for each factor.
        decision: The effect, with what can be said of it.
        values: The same, by replicate; of shares, what they are the difference of.
        first: Mean of the measure on the first side (or at the trend's low end); of two orders, the share that turns.
        second: On the second side (or at the high end), or the share that turns anyway; NaN where there is none.
        cells: Fingerprints of the cells behind it.
        moot: Whether nothing learns in any of them.
    """

    benchmark: str
    levels: Mapping[str, str]
    decision: Decision
    values: NDArray[np.float64]
    first: float
    second: float
    cells: tuple[str, ...]
    moot: bool = False

    @property
    def mean(self) -> float:
        """Of the effect."""
        return self.decision.interval()[0]


def contexts(claim: Claim, evidence: Evidence) -> list[Context]:
    """Every context of a claim that fits the evidence (see `misfits`), in the order of the grid."""
    table = evidence.values(claim.expression, compared=not isinstance(claim.form, Value))
    found = []
    for levels, first, second in _settings(claim, evidence):
        rows = [*first, *second]
        decision, values = _effect(claim, evidence, table[first], table[second])
        if decision.n:
            found.append(
                Context(
                    evidence.benchmark, levels, decision, values, *_ends(claim, decision, table, first, second),
                    tuple(evidence.cells[row] for row in rows),
                    claim.can_be_moot and bool(evidence.at_chance[rows].all()),
                )
            )  # fmt: skip
    return found


def _ends(
    claim: Claim, decision: Decision, table: NDArray[np.float64], first: Sequence[int], second: Sequence[int]
) -> tuple[float, float]:
    """What is compared: the means of two sides, of a trend's ends, or of two orders their shares."""
    if isinstance(decision, Turned):
        return decision.other, decision.again
    low, high = (first[:1], first[-1:]) if isinstance(claim.form, Trend) else (first, second)
    return _mean(table[low]), _mean(table[high])


def misfits(claim: Claim, evidence: Evidence) -> list[str]:
    """Why a claim cannot be judged on a benchmark: a factor, label or column that is not there, or no cell to compare."""
    found = []
    for factor in claim.factors:
        if factor not in evidence.factors:
            held = f"is {evidence.fixed[factor]} in every cell" if factor in evidence.fixed else "is no factor"
            found.append(f"{factor} {held} of {evidence.benchmark}; its factors are {', '.join(evidence.factors)}")
    for part in named_levels(claim):
        for factor, labels in part.items():
            known = evidence.factors.get(factor) or ((evidence.fixed[factor],) if factor in evidence.fixed else ())
            if not known and factor not in claim.factors:
                found.append(
                    f"{factor} is no factor of {evidence.benchmark}; its factors are {', '.join(evidence.factors)}"
                )
            elif known and not set(labels) & set(known):
                wanted = " or ".join(labels)
                found.append(f"{factor} {wanted} is not in {evidence.benchmark}, which has {', '.join(known)}")
    if isinstance(claim.form, Trend):
        texts = [label for label in evidence.factors.get(claim.form.factor, ()) if number_of(label) is None]
        found += (
            [f"{claim.form.factor} {texts[0]} is no number, so that nothing rises or falls along it"] if texts else []
        )
    unknown = sorted(claim.names - set(evidence.columns))
    found += [f"{name} is no column of the tables of {evidence.benchmark}" for name in unknown]
    return found


def named_levels(claim: Claim) -> list[Side]:
    """The sides that a claim compares, and the part of the grid that it is about: each must be there in part at least."""
    compare = claim.form.compare if isinstance(claim.form, Spread | Order) else claim.form
    sides = [compare.first, compare.second] if isinstance(compare, Compare) else []
    return [*sides, claim.where]


def rows_within(claim: Claim, evidence: Evidence) -> list[int]:
    """The cells that `where` leaves."""
    where = claim.where
    return [
        row
        for row in range(len(evidence.cells))
        if all(evidence.label(row, factor) in labels for factor, labels in where.items())
    ]


Setting = tuple[dict[str, str], list[int], list[int]]
"""The combination, and the rows of cells on its two sides; of a trend in ascending order."""


def _settings(claim: Claim, evidence: Evidence) -> Iterator[Setting]:
    form = claim.form
    if isinstance(form, Order):
        yield _two_orders(claim, form.compare, evidence)
        return
    others = [
        factor
        for factor in evidence.factors
        if factor not in claim.factors and len(claim.where.get(factor, "many")) > 1
    ]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in rows_within(claim, evidence):
        groups.setdefault(tuple(evidence.label(row, factor) for factor in others), []).append(row)
    for labels, rows in groups.items():
        levels = dict(zip(others, labels, strict=True))
        if isinstance(form, Compare):
            for a, b, crossed in _crossed(form, evidence, rows):
                yield levels | crossed, [a], [b]
        elif isinstance(form, Trend):
            factor = form.factor
            along = sorted(rows, key=lambda row: number_of(evidence.label(row, factor)) or 0.0)
            if len(along) > 1:
                yield levels, along, []
        elif isinstance(form, Spread):
            first = _on(form.compare.first, evidence, rows) if form.compare else rows
            second = _on(form.compare.second, evidence, rows) if form.compare else []
            if len(first) > 1 and (form.compare is None or len(second) > 1):
                yield levels, first, second
        elif isinstance(form, Value):
            yield from ((levels, [row], []) for row in rows)


def _two_orders(claim: Claim, compare: Compare, evidence: Evidence) -> Setting:
    """The recipes of which both sides have a cell, in the same order on both."""
    others = [factor for factor in evidence.factors if factor not in compare.factors]
    rows = rows_within(claim, evidence)
    sides = [
        {tuple(evidence.label(row, factor) for factor in others): row for row in _on(side, evidence, rows)}
        for side in (compare.first, compare.second)
    ]
    both = [recipe for recipe in sides[0] if recipe in sides[1]]
    return {}, [sides[0][recipe] for recipe in both], [sides[1][recipe] for recipe in both]


def _on(side: Side, evidence: Evidence, rows: Sequence[int]) -> list[int]:
    return [row for row in rows if all(evidence.label(row, factor) in labels for factor, labels in side.items())]


def _crossed(form: Compare, evidence: Evidence, rows: Sequence[int]) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Every cell of the first side with every one of the second; factors of which a side has several labels tell which."""
    several = [f for f in form.factors if len(form.first[f]) > 1 or len(form.second[f]) > 1]
    for a in _on(form.first, evidence, rows):
        for b in _on(form.second, evidence, rows):
            yield a, b, {f: f"{evidence.label(a, f)} over {evidence.label(b, f)}" for f in several}


def _effect(
    claim: Claim, evidence: Evidence, first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[Decision, NDArray[np.float64]]:
    """Of (cells, replicates) on either side."""
    form, share = claim.form, claim.expression.is_share
    if isinstance(form, Compare):
        values = _direction(claim, evidence) * (first[0] - second[0])
        if share:
            ends = (first, second) if _direction(claim, evidence) > 0 else (second, first)
            return _shares(*ends), _known(values)
        return Differences(_known(values)), _known(values)
    if isinstance(form, Order):
        found = turned(first, second) or Differences(np.zeros(0))
        return found, found.values
    if isinstance(form, Trend):
        values = form.sign * _along(first)
        if share:
            ends = (first[-1:], first[:1]) if form.sign > 0 else (first[:1], first[-1:])
            return _shares(*ends), _known(values)
        return Differences(_known(values)), _known(values)
    if isinstance(form, Spread):
        best, worst = _apart(first)
        if form.compare is None:
            values = _known(best - worst)
            return (_shares(best[None], worst[None]) if share else Differences(values)), values
        best_other, worst_other = _apart(second)
        values = _known((best_other - worst_other) - (best - worst))
        return Differences(values), values
    values = _known(first[0])
    return (Share(float(values.sum()), len(values)) if share else Differences(values)), values


def _direction(claim: Claim, evidence: Evidence) -> int:
    """1 where higher is said of the first side, or is better; -1 where lower."""
    if claim.sign is not None:
        return claim.sign
    return BETTER[claim.measure] if claim.measure not in SCORES else 1 if evidence.higher_is_better else -1


def _shares(first: NDArray[np.float64], second: NDArray[np.float64]) -> Decision:
    a, b = _known(first.ravel()), _known(second.ravel())
    return Shares(float(a.sum()), len(a), float(b.sum()), len(b)) if len(a) and len(b) else Differences(np.zeros(0))


def _along(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The linear trend over the levels, by replicate, as the change from the lowest to the highest.

    A contrast over the levels in their order, as whoever chose them spaced them: least squares, times the way from end to
    end. Of two levels it is their difference.
    """
    places = np.arange(len(table)) - (len(table) - 1) / 2
    return np.asarray((len(table) - 1) * (places @ table) / (places @ places))


def _apart(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The highest and the lowest of the levels, by replicate: chosen by the other replicates, so that chance adds nothing.

    The range of several noisy means is above zero even where all levels are alike. Which level is highest and which
    lowest is therefore read off the other replicates, and their difference off this one: on average it is zero where
    levels are alike, and the range where their order is clear. A figure that a cell has one of is taken as it is.
    """
    if table.shape[1] == 1:
        return table.max(axis=0), table.min(axis=0)
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    counts = known.sum(axis=1, keepdims=True) - known
    others = np.where(counts > 0, (filled.sum(axis=1, keepdims=True) - filled) / np.maximum(counts, 1), np.nan)
    columns = np.arange(table.shape[1])
    usable = ~np.isnan(others).any(axis=0)
    safe = np.where(np.isnan(others), 0.0, others)
    best, worst = table[safe.argmax(axis=0), columns], table[safe.argmin(axis=0), columns]
    return np.where(usable, best, np.nan), np.where(usable, worst, np.nan)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values[~np.isnan(values)])


def _mean(table: NDArray[np.float64]) -> float:
    known = _known(table.ravel())
    return float(known.mean()) if len(known) else math.nan
