"""What to try: remedies in Keras's own words, in the order of what they did to recipes of the published benchmarks.

Those recipes had their learning rate tuned, before and after a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from suite.monitor.diagnosis import Diagnosis, Fault
from suite.monitor.evidence import LEAST, NO_FAULT, Count, Kind, Row, changes, first_looks, measured
from suite.monitor.traits import Traits
from suite.protocol.records import Cause, Outcome

Change = tuple[str, str]
"""Of a recipe: a factor and its new level, as in a spec."""

_UNMEASURED = f"Also worth trying (fewer than {LEAST} experiments)"

_FORGET = ("forget_bias", "5")
LESS = "less"
"""The level of a change to a smaller number, whichever."""

_ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "swish", "tanh", "softsign")
_INITIALIZERS = ("he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform")
_NORMALIZATIONS = {"batch": "BatchNormalization", "layer": "LayerNormalization", "group": "GroupNormalization"}

REMEDIES: Mapping[Change, str] = {
    **{("activation", name): f"`activation={name!r}`" for name in _ACTIVATIONS},
    **{("initializer", name): f"`kernel_initializer={name!r}`" for name in _INITIALIZERS},
    **{("normalization", name): f"`{layer}()` before every activation" for name, layer in _NORMALIZATIONS.items()},
    ("residual", "skip"): "skip connections, `x = Add()([x, block(x)])`",
    ("depth", LESS): "fewer layers",
    ("optimizer", "momentum"): "`SGD(momentum=0.9)`",
    ("optimizer", "adam"): "`Adam()`",
    ("clipping", "global_norm"): "`global_clipnorm=1.0` in the optimizer",
    ("learning_rate", LESS): "a smaller learning rate",
    ("bias", "0"): "biases that start at zero",
    ("inputs", "standardized"): "inputs scaled to mean 0 and variance 1",
    ("cell_type", "lstm"): "an LSTM",
    ("cell_type", "gru"): "a GRU",
    _FORGET: "a forget bias of 5, `layer.cell.bias.assign(keras.ops.repeat([0.0, 5.0, 0.0, 0.0], layer.units))` when built",
    ("recurrent_initializer", "orthogonal"): "`recurrent_initializer='orthogonal'`",
    ("length", LESS): "shorter sequences",
}
"""How each change is made."""

_FITTING: Mapping[str, str] = {
    "sigmoid": "glorot_normal", "tanh": "glorot_normal", "softsign": "glorot_normal", "selu": "lecun_normal",
}  # fmt: skip
"""The initializer that is made for an activation; for all others it is He's."""

_KEEPS = "which starts by keeping 0.99 of the cell's gradient a step; Keras's bias of 1 keeps 0.73"
"""Sigmoid of 5 and of 1: what no count of recipes need say."""

_BOUNDED = ("sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign")
_RATE, _CLIP = ("learning_rate", LESS), ("clipping", "global_norm")
_BATCH, _ORTHOGONAL = ("normalization", "batch"), ("recurrent_initializer", "orthogonal")


def _folk(cause: Cause, kind: Kind, levels: frozenset[Change]) -> Sequence[Change]:
    """What the field advises, which is said to be just that where nobody has measured it."""
    initializer = ("initializer", _FITTING.get(kind.unit, "he_normal"))
    relu = [("activation", "relu")] if {("activation", name) for name in _BOUNDED} & levels else []
    batch = [] if kind.normalized else [_BATCH]
    return {
        Cause.VANISHING: (*relu, initializer, *batch, ("residual", "skip"), ("depth", LESS)),
        Cause.EXPLODING: (_RATE, initializer, *batch, _CLIP),
        Cause.DEAD: (_RATE, ("activation", "leaky_relu"), ("activation", "elu"), ("bias", "0"), *batch),
        Cause.SATURATED: (("inputs", "standardized"), initializer, *batch, *relu, _RATE),
    }[cause]


_THROUGH_TIME: Mapping[Cause, Sequence[Change]] = {
    Cause.VANISHING: (_FORGET, _ORTHOGONAL, ("length", LESS)),
    Cause.EXPLODING: (_ORTHOGONAL, _CLIP, _RATE, ("length", LESS)),
}
"""The same, of a gradient through time."""


def advice(diagnosis: Diagnosis, traits: Traits, rows: Sequence[Row] | None = None) -> tuple[str, ...]:
    """What to try, in lines: what was measured, the best first; what was not; nothing that the model has already.

    Args:
        diagnosis: Why the model does not train.
        traits: What the model is.
        rows: Rows of evidence; by default those that the package brings.
    """
    cause = diagnosis.cause
    if isinstance(cause, Fault):
        return ()
    if diagnosis.zero_weights:
        fitting = REMEDIES["initializer", _FITTING.get(traits.kind.unit, "he_normal")]
        return (f"weights of {diagnosis.zero_weights} that do not start at 0, as of {fitting}",)
    name = Cause.EXPLODING if cause is Outcome.NONFINITE else Cause(cause)
    known = _is_known(diagnosis, traits)
    groups = sorted(changes(str(cause), traits.kind, _table(rows)) if known else (), key=_sureness, reverse=True)
    counted = {change for _, counts in groups for change in counts}
    folk = _THROUGH_TIME[name] if diagnosis.in_time else _folk(name, traits.kind, traits.levels)
    new = [change for change in folk if change not in counted and _is_new(change, traits)]
    lines = [f"by its arithmetic: {_said(_FORGET, traits)}, {_KEEPS}"] if _FORGET in new else []
    lines += [line for of, counts in groups for line in _of_changes(of, counts, traits)]
    if unmeasured := [_said(change, traits) for change in new if change != _FORGET]:
        lines.append(f"{_UNMEASURED}: {'; '.join(unmeasured)}")
    return tuple(lines)


def remedies(diagnosis: Diagnosis, traits: Traits, most: int = 3) -> list[str]:
    """The changes of `advice` alone, the surest first."""
    lines = advice(diagnosis, traits)
    counted = [line.strip() for line in lines if line.startswith("  ") and not line.startswith("  none after")]
    others = [
        change for line in lines if line.startswith(_UNMEASURED) for change in line.partition(": ")[2].split("; ")
    ]
    first = [line for line in lines if diagnosis.zero_weights or line.startswith("by its arithmetic")]
    return [*first, *counted, *others][:most]


def outlook(diagnoses: Sequence[Diagnosis], traits: Traits, rows: Sequence[Row] | None = None) -> tuple[str, ...]:
    """How published recipes ended that started like this; nothing for a model that is trained already.

    Args:
        diagnoses: What the look shows, if anything.
        traits: What the model is.
        rows: Rows of evidence; by default those that the package brings.
    """
    lines = []
    known = [each for each in diagnoses if not isinstance(each.cause, Fault) and not each.zero_weights]
    if traits.trained or (diagnoses and not known):
        return ()
    starts: Sequence[Diagnosis | None] = known or [None]
    for each in starts:
        cause = NO_FAULT if each is None else str(each.cause)
        if (each is None or _is_known(each, traits)) and (found := first_looks(cause, traits.kind, _table(rows))):
            of, count = found
            start = "without a fault" if each is None else f"{cause}"
            lines.append(f"Similar published recipes ({_whom(of, [count])}) that started {start}: {count} trained.")
    return tuple(lines)


def _sureness(group: tuple[Kind, Mapping[Change, Count]]) -> float:
    return max(count.interval[0] for count in group[1].values())


def _of_changes(of: Kind, counts: Mapping[Change, Count], traits: Traits) -> Iterator[str]:
    """The one that is surest to help first; none that the model has already.

    Where the initializer is not scaled to the layer, a scaled one comes before what cannot be told from it: the others
    only mend what it does.
    """
    counts = {change: count for change, count in counts.items() if _is_new(change, traits)}
    if not counts:
        return
    whom = _whom(of, counts.values())
    yield f"What rescued similar networks (share that trained after one change; {whom}):"
    surest = max(count.interval[0] for count in counts.values())

    def order(change: Change) -> tuple[bool, float, int, Change]:
        (low, high), factor = counts[change].interval, change[0]
        at_fault = factor == "initializer" and not traits.kind.scaled and high >= surest
        return not at_fault, -low, -counts[change].recipes, change

    ranked = sorted(counts, key=order)
    yield from (f"  {_said(change, traits)}: {counts[change]}" for change in ranked if counts[change].trained)
    if none := [f"{_said(c, traits)} (of {counts[c].recipes})" for c in ranked if not counts[c].trained]:
        yield f"  none after {'; '.join(none)}"


def _whom(of: Kind, counts: Iterable[Count]) -> str:
    return f"{of}; {', '.join(sorted({name for count in counts for name in count.benchmarks}))}"


def _is_known(diagnosis: Diagnosis, traits: Traits) -> bool:
    """The recurrent networks of the benchmarks have one layer: what they say of gradients, they say of time."""
    return traits.kind.model != "recurrent" or diagnosis.cause not in _THROUGH_TIME or diagnosis.in_time


def _table(rows: Sequence[Row] | None) -> Sequence[Row]:
    return measured() if rows is None else rows


def _is_new(change: Change, traits: Traits) -> bool:
    """Whether a model does not have it already. Before the first step the learning rate had no say in anything."""
    factor, level = change
    if factor == "initializer":  # normal or uniform is the same advice
        return not any(f == factor and name.split("_")[0] == level.split("_")[0] for f, name in traits.levels)
    if factor == "clipping":
        return not any(f == factor for f, _ in traits.levels)
    return change not in traits.levels and (change != _RATE or traits.trained)


def _said(change: Change, traits: Traits) -> str:
    lacks_lstm = change == _FORGET and ("cell_type", "lstm") not in traits.levels
    return ("an LSTM with " if lacks_lstm else "") + REMEDIES[change]
