"""Whether a second way to measure puts recipes in another order than the first does, beyond what other seeds do."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.protocol.decisions import ALPHA, Differences

FEWEST = 8
"""Recipes in pairs that are told apart: of fewer, leaving one out says nothing of how far the shares may be wrong."""


@dataclass(frozen=True)
class Turned(Differences):
    """By how much more pairs turn, a value for each recipe that is in a pair told apart (jackknife), and the two shares.

    Attributes:
        other: Of the pairs, the share that the second way has the other way round.
        again: That the first way has so itself, under other seeds.
    """

    other: float
    again: float


def turned(first: NDArray[np.float64], second: NDArray[np.float64]) -> Turned | None:
    """By how much more pairs of recipes are the other way round under the second way than under the first way again.

    One half of the first way's replicates says which pairs are told apart: by Student's t, their paired difference is told
    from zero at 95%. Of these, the second way has a share the other way round, and so has the first way itself in its other
    half: chance alone turns pairs that hardly differ. Both are read from the same replicates, and what counts is their
    difference. Pairs share recipes and are not independent, so that its interval is of the jackknife's pseudo-values, one
    for each recipe left out with all its pairs (Tukey 1958; Arvesen 1969, "Jackknifing U-statistics").

    Args:
        first: (recipes, replicates) of the first way.
        second: The same recipes and replicates the second way.

    Returns:
        None where pairs of fewer than `FEWEST` recipes are told apart.
    """
    half = first.shape[1] // 2
    there = [~np.isnan(part).all(axis=1) for part in (first[:, :half], first[:, half:], second[:, half:])]
    kept = there[0] & there[1] & there[2]
    told, again, other = first[kept, :half], first[kept, half:], second[kept, half:]
    apart = np.zeros((len(told), len(told)), dtype=bool)
    for i, j in itertools.combinations(range(len(told)), 2):
        apart[i, j] = apart[j, i] = _told_apart(told[i] - told[j])
    used = apart.any(axis=1)
    apart, n = apart[used][:, used], int(used.sum())
    if n < FEWEST:
        return None
    above, *ways = (_above(runs[used]) for runs in (told, other, again))
    (share, without), (usual, usual_without) = (_shares(apart, apart & (above * way < 0)) for way in ways)
    values = n * (share - usual) - (n - 1) * (without - usual_without)
    return Turned(values, share, usual)


def _told_apart(differences: NDArray[np.float64]) -> bool:
    found = Differences(differences[~np.isnan(differences)])
    return min(found.p_above(0), found.p_below(0)) < ALPHA


def _shares(pairs: NDArray[np.bool_], hits: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """The share of pairs that are hits, and what it is without each of the recipes; both matrices are symmetric."""
    of_each, hits_of_each = pairs.sum(axis=1), hits.sum(axis=1)
    count, hit = of_each.sum() / 2, hits_of_each.sum() / 2
    return float(hit / count), (hit - hits_of_each) / np.maximum(count - of_each, 1)


def _above(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much each recipe's mean is above each other's."""
    means = np.nanmean(runs, axis=1)
    return np.asarray(means[:, None] - means)
