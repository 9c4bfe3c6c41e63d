"""Rules of choice: what each tried rate is worth, given all trials. The rate worth most is chosen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tools.studies.tuner.trials import Curve, order

Rule = Callable[[Curve], np.ndarray]


def best(curve: Curve) -> np.ndarray:
    """Its score."""
    return curve.gains


def kernel(width: float) -> Rule:
    """Mean over all trials, weighted by a Gaussian of `width` decades around the rate."""

    def worth(curve: Curve) -> np.ndarray:
        apart = curve.log_rates[:, None] - curve.log_rates[None, :]
        weights = np.exp(-0.5 * (apart / width) ** 2) * curve.counts
        return weights @ curve.gains / weights.sum(axis=1)

    return worth


def line(width: float) -> Rule:
    """As `kernel`, but a straight line is fitted: trials that crowd on one side do not pull the mean to them."""

    def worth(curve: Curve) -> np.ndarray:
        apart = curve.log_rates[None, :] - curve.log_rates[:, None]
        weights = np.exp(-0.5 * (apart / width) ** 2) * curve.counts
        zeroth, first, second = (np.sum(weights * apart**power, axis=1) for power in (0, 1, 2))
        level, slope = weights @ curve.gains, (weights * apart) @ curve.gains
        spread = second * zeroth - first**2
        return np.where(spread > 1e-9, (second * level - first * slope) / np.maximum(spread, 1e-9), level / zeroth)

    return worth


def interpolated(curve: Curve, at: np.ndarray) -> np.ndarray:
    """The gains as broken lines, and beyond the ends as at the ends."""
    return np.interp(at, curve.log_rates, curve.gains)


def window(width: float, above: float = 0.5) -> Rule:
    """Mean of the curve, as broken lines, over `width` decades around the rate: what a nearby rate would give.

    Args:
        width: Decades.
        above: Share of the window that lies above the rate, where the cliff is.
    """
    offsets = width * (np.linspace(-1, 0, 17) + above)

    def worth(curve: Curve) -> np.ndarray:
        return np.array([interpolated(curve, x + offsets).mean() for x in curve.log_rates])

    return worth


def blend(share: float, rule: Rule) -> Rule:
    """The rate's own score, and for a share what another rule says of it."""
    return lambda curve: (1 - share) * curve.gains + share * rule(curve)


def unconfirmed(share: float, width: float, *, above_only: bool = False) -> Rule:
    """Its score, less a share of what the curve loses `width` decades below and above it."""

    def worth(curve: Curve) -> np.ndarray:
        above = interpolated(curve, curve.log_rates + width)
        below = above if above_only else interpolated(curve, curve.log_rates - width)
        return curve.gains - share * np.maximum(0.0, curve.gains - 0.5 * (above + below))

    return worth


def plateau(tolerance: float) -> Rule:
    """Near the middle of the rates around the best whose scores are within a tolerance of it."""

    def worth(curve: Curve) -> np.ndarray:
        top = int(order(curve, curve.gains)[0])
        good = curve.gains >= curve.gains[top] - tolerance
        low = high = top
        while low > 0 and good[low - 1]:
            low -= 1
        while high < len(good) - 1 and good[high + 1]:
            high += 1
        middle = 0.5 * (curve.log_rates[low] + curve.log_rates[high])
        return -np.abs(curve.log_rates - middle)

    return worth


def by_loss(rule: Rule) -> Rule:
    """Another rule on how far the validation loss is below the best constant's, as a logarithm."""

    def worth(curve: Curve) -> np.ndarray:
        fallen = -np.log(np.clip(curve.losses, 1e-12, 1.0))
        return rule(Curve(curve.rates, fallen, curve.losses, curve.counts))

    return worth


def gaussian_process(length: float, noise: float) -> Rule:
    """Posterior mean of a Gaussian process over log10 rates, Matern 5/2.

    Args:
        length: Scale, in decades.
        noise: Standard deviation of a trial, as a share of that of the prior.
    """
    return lambda curve: posterior(curve, curve.log_rates, length, noise)[0]


def posterior(curve: Curve, at: np.ndarray, length: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation at log10 rates; the prior's mean and size are those of the gains."""
    mean, size = curve.gains.mean(), max(float(curve.gains.std()), 1e-3)
    known = _matern(curve.log_rates, curve.log_rates, length) + np.diag(noise**2 / curve.counts)
    across = _matern(at, curve.log_rates, length)
    solved = np.linalg.solve(known, across.T)
    variance = np.maximum(1.0 - np.sum(across * solved.T, axis=1), 0.0)
    return mean + solved.T @ (curve.gains - mean), size * np.sqrt(variance)


def _matern(a: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    apart = np.sqrt(5.0) * np.abs(a[:, None] - b[None, :]) / length
    return (1 + apart + apart**2 / 3) * np.exp(-apart)


def twice(rule: Rule) -> Rule:
    """Another rule, among the rates that both tuning seeds have seen, if there are any."""

    def worth(curve: Curve) -> np.ndarray:
        seen = curve.counts > 1
        return np.where(seen, rule(curve), -np.inf) if seen.any() else rule(curve)

    return worth


def rules() -> dict[str, Rule]:
    """Every rule that is compared, by name."""
    found: dict[str, Rule] = {"best": best, "best loss": by_loss(best)}
    for width in (0.2, 0.3):
        found[f"kernel {width}"] = kernel(width)
    for width in (0.5, 0.75, 1.0):
        found[f"window {width}"] = window(width)
        found[f"half window {width}"] = blend(0.5, window(width))
    found |= {
        "line 0.3": line(0.3),
        "half kernel 0.3": blend(0.5, kernel(0.3)),
        "upper window 0.75": window(0.75, above=0.67),
        "half unconfirmed 0.25": unconfirmed(0.5, 0.25),
        "half unconfirmed 0.5": unconfirmed(0.5, 0.5),
        "unconfirmed above 0.25": unconfirmed(0.5, 0.25, above_only=True),
        "plateau 0.01": plateau(0.01),
        "plateau 0.03": plateau(0.03),
        "loss, window 0.5": by_loss(window(0.5)),
        "loss, kernel 0.2": by_loss(kernel(0.2)),
        "process 0.7 0.2": gaussian_process(0.7, 0.2),
        "process 1.0 0.2": gaussian_process(1.0, 0.2),
        "process 1.0 0.4": gaussian_process(1.0, 0.4),
    }
    for name in ("best", "half window 0.75", "half window 1.0", "process 1.0 0.2"):
        found[f"{name}, seen twice"] = twice(found[name])
    return found
