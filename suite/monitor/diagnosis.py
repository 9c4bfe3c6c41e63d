"""Why a model does not train, by the protocol's thresholds: judged by what its weights feel, explained by dLoss/dz.

Two questions come before the protocol's four causes: does the gradient reach the weights at all, and do they move? The
ratio of the first hidden layer's gradient to the last's is taken of dLoss/dz summed over positions, so that pooling is no
vanishing, and counts only where the layers between show a trend, so that one layer that stands apart is none either.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from suite.monitor.observation import Observation, Place
from suite.protocol.outcomes import THRESHOLDS, gradient_factor, gradient_ratio
from suite.protocol.records import Cause, Outcome

STILL_MOVE = 1e-8
"""Relative move of a layer's weights in one update below which they stay: a float32 resolves 6e-8 of a number."""

_EXPLODING_MOVE = 0.1
"""Relative move in one update from which a growing gradient is no small one's return to its usual size."""


class Fault(StrEnum):
    """Faults that the monitor knows beside the protocol's causes: they are no property of a finished run."""

    DATA = "data"
    CHECK = "check"
    STILL = "still"
    UNTRAINED = "untrained"


@dataclass(frozen=True)
class Diagnosis:
    """One reason why a model does not train.

    Attributes:
        cause: A cause of the protocol, `nonfinite`, or a fault.
        text: The same in words, with numbers.
        in_time: Whether it is about a gradient through time.
        zero_weights: Name of a layer all of whose weights are 0, if that is the reason.
    """

    cause: Cause | Outcome | Fault
    text: str
    in_time: bool = False
    zero_weights: str = ""


def diagnoses_of(looks: Sequence[Observation], places: Sequence[Place], norms: Sequence[float]) -> list[Diagnosis]:
    """What the looks show: a ratio as its median over them, dead units at the last.

    Args:
        looks: Finite looks, in order.
        places: The layers.
        norms: Global gradient norm at every look from the first on.
    """
    if not looks:
        return []
    blocked = _blocked(looks[-1], places)
    if blocked is not None:
        return [blocked]
    found = [*_through_layers(looks, places), *_through_time(looks)]
    if growth := _growth(looks, norms):
        found.append(Diagnosis(Cause.EXPLODING, f"exploding, {number(growth)}-fold since the first step"))
    found += [*_units(looks, places), *_untrained(looks[-1], places)]
    causes = list(dict.fromkeys(diagnosis.cause for diagnosis in found))
    first = [next(d for d in found if d.cause is cause) for cause in causes]
    if any(d.cause is Cause.DEAD and d.text.startswith("dead, 100%") for d in first):
        # Behind a dead layer nothing is left to vanish or to be trained.
        first = [d for d in first if d.cause not in (Cause.VANISHING, Fault.UNTRAINED) or d.in_time]
    order = [*Cause, *Fault]
    return sorted(first, key=lambda diagnosis: order.index(diagnosis.cause))


def still(places: Sequence[Place], moved: np.ndarray, updates: int, reason: str) -> Diagnosis | None:
    """Layers whose weights have not moved since the first look.

    Args:
        places: The layers.
        moved: Norm of each layer's move over that of its weights.
        updates: Number of updates since the first look.
        reason: Why, if it is known.
    """
    known = ~np.isnan(moved)  # weights that are 0 and stay so are no faster
    stays = ~known | ((moved < STILL_MOVE * max(updates, 1)) & (moved < 1e-5))
    if not stays.any():
        return None
    names = list(dict.fromkeys(place.name for place, stay in zip(places, stays, strict=True) if stay))
    far = float(np.nan_to_num(moved[stays]).max())
    who, many = ("the weights", True) if stays.all() else (listed(names), len(names) > 1)
    slow = f"move{'' if many else 's'} by at most {far:.1e} of their size"
    not_at_all = "do not move" if many else "does not move"
    text = f"{who} {slow if far else not_at_all} in {updates:,} updates"
    return Diagnosis(Fault.STILL, text + (f": {reason}" if reason else ""))


def factor_per_layer(looks: Sequence[Observation], places: Sequence[Place]) -> float | None:
    """Factor of the gradient per hidden layer on its way back, median over the looks."""
    factors = [factor for seen in looks if (factor := gradient_factor(_felt(seen, places).most)) is not None]
    return float(np.median(factors)) if factors else None


def number(value: float) -> str:
    """Two significant digits."""
    if not 1e-3 <= abs(value) < 1e4:
        return f"{value:.1e}"
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, the first three of many."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} others"
    return " and ".join(", ".join(names).rsplit(", ", 1))


def _hidden(places: Sequence[Place]) -> list[int]:
    """Indices of the hidden layers; of calls that do not read one another, the first."""
    return [index for index, place in enumerate(places) if place.hidden and place.shared == index]


@dataclass(frozen=True)
class _Felt:
    """dLoss/dz of the hidden layers, one number each; calls that do not read one another count together.

    Attributes:
        least: Norm over an example's positions.
        most: The sum over them, where it is larger: what weights shared by all positions feel.
        largest: The same, times the size of an input that is larger than 1.
    """

    least: np.ndarray
    most: np.ndarray
    largest: np.ndarray


def _felt(seen: Observation, places: Sequence[Place]) -> _Felt:
    layers = seen.judged.layers
    norm, total = (layers[name].astype(float) for name in ("gradient_norm", "gradient_sum"))
    read = np.nan_to_num(layers["input_rms"].astype(float), nan=1.0, posinf=1.0)
    groups = [[i for i, place in enumerate(places) if place.shared == index] for index in _hidden(places)]
    most = np.maximum(norm, total)
    each = (norm, most, most * np.maximum(read, 1.0))
    return _Felt(*(np.array([math.hypot(*values[group]) for group in groups]) for values in each))


def _blocked(seen: Observation, places: Sequence[Place]) -> Diagnosis | None:
    """What keeps the gradient from every hidden layer's weights, although the loss has one at the outputs."""
    layers, hidden = seen.judged.layers, _hidden(places)
    weights = layers["weight_gradient_norm"]
    if not hidden or weights[hidden].any() or not seen.output_gradient:
        return None
    dead = layers.get("dead_fraction", np.zeros(len(places)))
    zero = [index for index in seen.zero_weights if not weights[index]]
    zero = [index for index in zero if places[index].hidden] or zero
    backwards = list(reversed(range(len(places))))
    if (dead == 1).any():
        first = int(np.flatnonzero(dead == 1)[-1])
        while first and dead[first - 1] == 1:  # its zeros are what the layers behind it died of
            first -= 1
        nothing = "" if places[first].hidden else ": no gradient reaches any weight"
        return Diagnosis(Cause.DEAD, f"dead, 100% of {_named(places[first])}{nothing}")
    if zero:  # of several, the one nearest the loss, where the gradient ends first
        name = places[zero[-1]].name
        zeros = f"exactly 0 in {len(hidden)} of {len(hidden)} layers: all weights of {name} are 0"
        return Diagnosis(Cause.VANISHING, f"vanishing, {zeros}", zero_weights=name)
    for index in (
        i for i in backwards if not weights[i] and layers["gradient_rms"][i] and not layers["activation_std"][i]
    ):
        return Diagnosis(
            Cause.DEAD, f"dead, {_named(places[index])}: its output is constant, and no gradient passes it"
        )
    below = f"below {places[hidden[0]].precision}'s range in {len(hidden)} of {len(hidden)} layers"
    return Diagnosis(Cause.VANISHING, f"vanishing, {below}")


def _through_layers(looks: Sequence[Observation], places: Sequence[Place]) -> Iterator[Diagnosis]:
    felt = [_felt(seen, places) for seen in looks]
    layers = len(_hidden(places))
    if layers < 2:
        return
    factor = factor_per_layer(looks, places)
    zeros = int((np.median([each.most for each in felt], axis=0) == 0).sum())
    for cause, sign in ((Cause.VANISHING, -1), (Cause.EXPLODING, 1)):
        # Charitably: what may be due to positions is counted as due to them.
        ends = [(f.largest[0], f.least[-1]) if sign < 0 else (f.least[0], f.most[-1]) for f in felt]
        ratios = [sign * ratio for end in ends if (ratio := gradient_ratio(np.array(end))) is not None]
        if not ratios or np.median(ratios) <= THRESHOLDS.gradient_ratio:
            continue
        of_trend = 0.0 if factor is None else sign * math.log10(factor) * (layers - 1)
        if not zeros and of_trend < 0.5 * float(np.median(ratios)):
            continue  # one layer stands apart
        falls = f", {number(factor)} per layer" if factor is not None else ""
        precision = places[_hidden(places)[0]].precision
        where = f", below {precision}'s range in {zeros} of {layers} layers" if zeros and sign < 0 else ""
        yield Diagnosis(cause, f"{cause}{falls}{where}")


def _through_time(looks: Sequence[Observation]) -> Iterator[Diagnosis]:
    """By h, as in the protocol; of an LSTM, c is shown and not judged. Only real steps count.

    It vanishes where more than half of a sequence gets less than a thousandth of what its last step gets: a network that is
    short of memory for the beginning of its sequences alone still trains on the rest.
    """
    worst = dict[Cause, tuple[float, float | None]]()
    for key in looks[-1].time_ends:
        seen = [each for look in looks if key[1] == "h" and key in (each := look.judged).time_ends]
        ends = [each.time_ends[key] for each in seen]
        half, whole = ([r for e in ends if (r := gradient_ratio(e[at])) is not None] for at in ([1, 2], [0, 2]))
        if not whole:
            continue
        ratio = float(np.median(whole if np.median(whole) > 0 else half))
        factors = [f for each in seen if (f := gradient_factor(each.through_time[key])) is not None]
        cause = Cause.VANISHING if ratio < 0 else Cause.EXPLODING
        if abs(ratio) > max(THRESHOLDS.gradient_ratio, worst.get(cause, (0.0, None))[0]):
            worst[cause] = abs(ratio), float(np.median(factors)) if factors else None
    for cause, (_, factor) in worst.items():
        yield Diagnosis(cause, str(cause) + (f", {number(factor)} per time step" if factor is not None else ""), True)


def _growth(looks: Sequence[Observation], norms: Sequence[float]) -> float | None:
    """How far the gradient has grown since the first look, if its updates are large, too."""
    known = [norm for norm in norms if np.isfinite(norm)]
    if not known or known[0] <= 0 or max(known) <= THRESHOLDS.gradient_growth * known[0]:
        return None
    moves = [np.nanmax(seen.layers["update_ratio"]) for seen in looks if "update_ratio" in seen.layers]
    return max(known) / known[0] if moves and max(moves) > _EXPLODING_MOVE else None


def _units(looks: Sequence[Observation], places: Sequence[Place]) -> Iterator[Diagnosis]:
    """The worst layer's dead units at the last look, and saturated units in the median over all."""
    hidden = [index for index, place in enumerate(places) if place.hidden]
    outputs = [index for index, place in enumerate(places) if not place.hidden]
    for cause, name, limit, seen in (
        (Cause.DEAD, "dead_fraction", THRESHOLDS.dead, looks[-1:]),
        (Cause.SATURATED, "saturated_fraction", THRESHOLDS.saturated, looks),
    ):
        if name not in looks[-1].layers:
            continue
        shares = np.median([look.layers[name] for look in seen], axis=0)
        counted = [*hidden, *(index for index in outputs if cause is Cause.DEAD and shares[index] == 1)]
        known = [index for index in counted if np.isfinite(shares[index])]
        if known and shares[worst := max(known, key=lambda index: shares[index])] > limit:
            yield Diagnosis(cause, f"{cause}, {shares[worst]:.0%} of {_named(places[worst])}")


def _named(place: Place) -> str:
    return place.name if place.hidden else f"{place.name}, the output layer"


def _untrained(seen: Observation, places: Sequence[Place]) -> Iterator[Diagnosis]:
    """Layers whose weights have a gradient of exactly 0, although layers before and behind them have one."""
    if not seen.output_gradient:
        return
    weights = seen.judged.layers["weight_gradient_norm"]
    trained = np.flatnonzero(weights)
    if not trained.size:
        return
    names = [p.name for i, p in enumerate(places) if not weights[i] and i > trained[0]]
    if names:
        yield Diagnosis(Fault.UNTRAINED, f"nothing trains {listed(names)}: the gradient is exactly 0")
