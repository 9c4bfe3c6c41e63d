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
class Turned:
    """Shares of the pairs of recipes that are told apart.

    Attributes:
        other: That the second way has the other way round.
        again: That the first way has so itself, under other seeds.
        recipes: In such pairs.
        excess: `other` minus `again`, a value for each recipe (jackknife).
    """

    other: float
    again: float
    recipes: int
    excess: Differences


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
    told, again, other = first[kept, :half], _means(first[kept, half:]), _means(second[kept, half:])
    apart = np.zeros((len(told), len(told)), dtype=bool)
    for i, j in itertools.combinations(range(len(told)), 2):
        apart[i, j] = apart[j, i] = _told_apart(told[i] - told[j])
    used = apart.any(axis=1)
    apart, n = apart[used][:, used], int(used.sum())
    if n < FEWEST:
        return None
    order, again, other = _means(told)[used], again[used], other[used]
    above = order[:, None] - order
    shares = [_shares(apart, apart & (above * (way[:, None] - way) < 0)) for way in (other, again)]
    whole, without = shares[0][0] - shares[1][0], shares[0][1] - shares[1][1]
    return Turned(shares[0][0], shares[1][0], n, Differences(n * whole - (n - 1) * without))


def _told_apart(differences: NDArray[np.float64]) -> bool:
    found = Differences(differences[~np.isnan(differences)])
    return min(found.p_above(0), found.p_below(0)) < ALPHA


def _shares(pairs: NDArray[np.bool_], hits: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """The share of pairs that are hits, and what it is without each of the recipes; both matrices are symmetric."""
    of_each, hits_of_each = pairs.sum(axis=1), hits.sum(axis=1)
    count, hit = of_each.sum() / 2, hits_of_each.sum() / 2
    return float(hit / count), (hit - hits_of_each) / np.maximum(count - of_each, 1)


def _means(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each recipe, over the replicates that it has."""
    known = ~np.isnan(table)
    return np.asarray(np.where(known, table, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
