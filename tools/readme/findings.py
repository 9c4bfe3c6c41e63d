"""One finding of each benchmark: the sentence is a person's, its figures are the tables', and so is whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suite.claims.published import FILE, PublishedClaim, PublishedClaims
from suite.claims.verdicts import Verdict
from suite.protocol.effects import Effect
from tools.readme.published import RESULTS, Published

Boards = Mapping[str, Published]


class NotBorneOut(ValueError):
    """The tables no longer say what a sentence says."""


@dataclass(frozen=True)
class Row:
    """A row of the README's table.

    Attributes:
        title: Of the benchmark.
        spec: Its file.
        boards: Names of the benchmarks in that file that the row is about.
        finding: The sentence, of the boards by name.
    """

    title: str
    spec: str
    boards: tuple[str, ...]
    finding: Callable[[Boards], str]


def holds(condition: bool, said: str) -> None:
    """Whether a sentence may go on saying this.

    Raises:
        NotBorneOut: It may not.
    """
    if not condition:
        raise NotBorneOut(f"the tables do not bear out that {said}")


def two(value: float) -> str:
    """A score in two digits behind the point."""
    return f"{value:.2f}"


def between(values: list[float]) -> str:
    """One score, or the range of several."""
    low, high = two(min(values)), two(max(values))
    return low if low == high else f"{low} to {high}"


def decades(ratios: list[float]) -> str:
    """What is lost of a gradient, in whole decades, or the range of that."""
    least, most = f"{-max(ratios):.0f}", f"{-min(ratios):.0f}"
    return most if least == most else f"{least} to {most}"


def ends(effect: Effect, digits: int = 2) -> str:
    """An effect's interval."""
    return f"{effect.low:.{digits}f} to {effect.high:.{digits}f}"


def deep_mlp(boards: Boards) -> str:
    """Normalization, and what it hangs on."""
    found = boards["deep_mlp"]
    batch = found.effect("normalization", "batch", "none")
    holds(batch.low > 0, "batch normalization is worth something at 20 layers")
    sigmoid, selu = (found.within("normalization", "batch", "layer", activation=name) for name in ("sigmoid", "selu"))
    swing = [s for s in found.findings.contrasts if {s.factor, s.second} == {"normalization", "activation"}]
    told = any(
        s.significant and {s.here, s.there} | {s.level, s.other} == {"batch", "layer", "sigmoid", "selu"} for s in swing
    )
    holds(told, "what it is worth over layer normalization depends on sigmoid or SELU")
    holds(abs(selu.mean) < 0.02, "it is worth nothing over layer normalization for SELU")
    bare = {"normalization": "none", "optimizer": "sgd"}
    holds(not found.trained(activation="sigmoid", **bare), "no sigmoid trains under plain SGD without it")
    he, glorot = (found.score(activation="relu", initializer=i, **bare) for i in ("he_normal", "glorot_uniform"))
    holds(he > glorot + 0.1, "He is much better than Glorot for ReLU there")
    return (
        f"Batch normalization adds {two(batch.mean)} accuracy at 20 layers ({ends(batch)}, the largest of {batch.n_comparisons} "
        f"differences and corrected for that), and what it adds depends on the activation: over layer "
        f"normalization {two(sigmoid.mean)} for sigmoid, nothing for SELU. Without it no sigmoid trains under plain SGD, where "
        f"ReLU gets {two(he)} from He and {two(glorot)} from Glorot"
    )


def depth(boards: Boards) -> str:
    """The first ratio, and the depth at which nothing is learned."""
    found = boards["depth"]
    deepest = {"depth": "40", "initializer": "glorot_uniform"}
    ratios = {name: found.rows(activation=name, **deepest)[0]["gradient_ratio_init"] for name in ("tanh", "relu")}
    holds(ratios["tanh"] > -3 > ratios["relu"], "at 40 layers under Glorot tanh keeps its gradient and ReLU loses it")
    sigmoid = [row["gradient_ratio_init"] for row in found.rows(activation="sigmoid", depth="5")]
    holds(not found.trained(activation="sigmoid", depth="10"), "no sigmoid trains at ten layers")
    tanh, relu = (found.score(activation=name, **deepest) for name in ("tanh", "relu"))
    holds(tanh > relu + 0.2, "tanh learns there and ReLU does not")
    return (
        f"Without a remedy, five sigmoid layers lose {-max(sigmoid):.1f} to {-min(sigmoid):.1f} orders of magnitude of gradient "
        f"at the start, and ten train in no run. At 40 layers under Glorot tanh keeps its gradient (log10 of first over last "
        f"layer {ratios['tanh']:.1f}, accuracy {two(tanh)}) and ReLU does not ({ratios['relu']:.1f}, {two(relu)})"
    )


def cnn_digits(boards: Boards) -> str:
    """Skip connections, and small batches."""
    found, norms = boards["cnn_digits"], boards["cnn_norms"]
    deep = {"depth": "20", "normalization": "none"}
    tanh, relu = {**deep, "activation": "tanh", "initializer": "glorot_uniform"}, {
        **deep, "activation": "relu", "initializer": "he_normal",
    }  # fmt: skip
    with_skips, without = found.scores(residual="skip", **tanh), found.scores(residual="plain", **tanh)
    holds(min(with_skips) > max(without) + 0.1, "skip connections help tanh under Glorot")
    hurt, unhurt = found.scores(residual="skip", **relu), found.scores(residual="plain", **relu)
    holds(max(hurt) < min(unhurt), "they hurt ReLU under He")
    batch, group = ([norms.score(normalization=n, batch_size=size) for size in ("32", "2")] for n in ("batch", "group"))
    holds(batch[1] < batch[0] - 0.1, "batch normalization falls at batches of 2")
    holds(group[1] <= batch[1], "group normalization is no better there")
    return (
        f"Of 20 layers without normalization, tanh under Glorot reaches {between(with_skips)} with skip connections and "
        f"{between(without)} without; for ReLU under He they hurt ({between(unhurt)} without, {between(hurt)} with). At "
        f"batches of 2, batch normalization falls from {two(batch[0])} to {two(batch[1])}, and group normalization, from "
        f"{two(group[0])} to {two(group[1])}, is no better"
    )


def rnn_sequences(boards: Boards) -> str:
    """Gates."""
    found = boards["rnn_adding"]
    far = {"length": "100", "activation": "tanh", "optimizer": "adam"}
    for gated in ("lstm", "gru"):
        holds(
            found.trained(cell_type=gated, **far) == found.runs(cell_type=gated, **far),
            f"every run of {gated} under Adam solves the adding problem over 100 steps",
        )
    holds(not found.trained(cell_type="simple_rnn", **far), "no run of the tanh RNN does")
    lost, kept = (
        [row["gradient_ratio_median"] for row in found.rows(cell_type=name, recurrent_initializer="orthogonal", **far)]
        for name in ("simple_rnn", "lstm")
    )
    holds(max(lost) < -3, "the tanh RNN's gradient vanishes")
    holds(min(kept) > max(lost), "the LSTM's vanishes less")
    return (
        "Over 100 steps LSTM and GRU solve the adding problem under Adam in every run and the tanh RNN in none: under an "
        f"orthogonal start its gradient falls by {decades(lost)} orders of magnitude on the way back (median over training), the LSTM's by {decades(kept)}"
    )


def regularization(boards: Boards) -> str:
    """Examples against penalties."""
    found = boards["regularization"]
    examples = found.effect("train_size", "1077", "50")
    holds(examples.low > 0, "more examples help")
    penalty = found.effect("l2", "0.001", "0")
    holds(penalty.low > 0, "an L2 of 0.001 is worth something")
    others = [e for e in found.findings.pairs if e.factor in ("dropout", "label_smoothing")]
    holds(not any(e.significant for e in others), "neither dropout nor label smoothing makes a significant difference")
    return (
        f"A thousand examples instead of fifty are worth {examples.mean:.2f} ({ends(examples)}), an L2 of 0.001 "
        f"{penalty.mean:.3f} ({ends(penalty, 3)}). Neither dropout nor label smoothing makes a significant difference"
    )


def mnist_mlp(boards: Boards) -> str:
    """The old initializer."""
    found = boards["mnist_mlp"]
    old = {"activation": "sigmoid", "initializer": "uniform_fan_in"}
    (row,) = found.rows(**old)
    holds(found.score(**old) < 0.2, "sigmoid layers under the old initializer stay at chance")
    tanh, relu = (found.score(activation=name, initializer="glorot_uniform") for name in ("tanh", "relu"))
    holds(abs(tanh - relu) < 0.005, "tanh and ReLU under Glorot's are alike")
    steps = found.board.manifest.budget.steps
    return (
        f"Five sigmoid layers under the old uniform initializer stay at chance after {steps:,} steps, each layer passing on "
        f"{two(row['gradient_factor_init'])} of the gradient; tanh under Glorot's reaches {tanh:.3f}, ReLU {relu:.3f}"
    )


def mnist_rows(boards: Boards) -> str:
    """Permuted pixels."""
    found = boards["mnist_rows"]

    def change(cell_type: str) -> list[float]:
        return [
            100 * (found.score(permutation="true", **at) - found.score(permutation="false", **at))
            for at in ({"cell_type": cell_type, "normalization": norm} for norm in ("none", "layer"))
        ]

    gated, simple = [*change("lstm"), *change("gru")], change("simple_rnn")
    holds(max(gated) < 0, "gated cells lose when pixels are permuted")
    holds(min(simple) > 0, "the simple RNN gains")
    return (
        f"Gated cells lose {-max(gated):.1f} to {-min(gated):.1f} points when pixels are permuted; the simple RNN gains "
        f"{min(simple):.1f} to {max(simple):.1f}"
    )


def mnist_cnn(boards: Boards) -> str:
    """Skips with and without normalization."""
    found = boards["mnist_cnn"]
    plain, skip = (found.score(residual=name, normalization="none") for name in ("plain", "skip"))
    bare, batch = (found.within("residual", "plain", "skip", normalization=name) for name in ("none", "batch"))
    holds(bare.low > 0, "skip connections hurt without normalization")
    holds(not batch.significant, "with batch normalization there is no significant difference")
    steps = found.board.manifest.budget.steps
    return (
        f"Twelve layers, {steps} steps: without normalization skip connections take ReLU under He from {two(plain)} to "
        f"{two(skip)}, with batch normalization there is no significant difference"
    )


def teacher(boards: Boards) -> str:
    """What advice that digits answer says on a task without images."""
    found = boards["teacher_mlp"]
    batch = found.effect("normalization", "batch", "none")
    holds(batch.low > 0, "batch normalization is worth something on the teacher's classes")
    claims = [
        c for c in published_claims() if {"deep_mlp", "teacher_mlp"} <= {p.benchmark for p in c.places if p.effect}
    ]
    verdicts = [{p.benchmark: p.verdict for p in claim.places} for claim in claims]
    same = sum(each["deep_mlp"] is each["teacher_mlp"] for each in verdicts)
    return (
        f"The question of `deep_mlp` on a task without images: {same} of {len(claims)} claims get the same verdict there as on digits. Batch "
        f"normalization adds {two(batch.mean)} ({ends(batch)})"
    )


def published_claims() -> tuple[PublishedClaim, ...]:
    """All verdicts."""
    return PublishedClaims.model_validate_json((RESULTS / FILE).read_text(encoding="utf-8")).claims


def claims_on(boards: Boards) -> str:
    """What became of the claims that benchmarks were made for."""
    claims = [claim for claim in published_claims() if set(claim.benchmarks) & set(boards)]
    holds(bool(claims), f"there are claims on {', '.join(boards)}")
    told = {verdict: [f"`{c.id}`" for c in claims if c.verdict is verdict] for verdict in Verdict}
    return "Claims: " + "; ".join(f"{verdict} {', '.join(ids)}" for verdict, ids in told.items() if ids)


ROWS = (
    Row("deep_mlp", "benchmarks/deep_mlp.yaml", ("deep_mlp",), deep_mlp),
    Row("teacher", "benchmarks/teacher.yaml", ("teacher_mlp",), teacher),
    Row("depth", "benchmarks/depth.yaml", ("depth",), depth),
    Row("cnn_digits", "benchmarks/cnn_digits.yaml", ("cnn_digits", "cnn_norms"), cnn_digits),
    Row("rnn_sequences", "benchmarks/rnn_sequences.yaml", ("rnn_adding", "rnn_temporal_order"), rnn_sequences),
    Row(
        "regularization",
        "benchmarks/regularization.yaml",
        ("regularization", "small_data"),
        regularization,
    ),
    Row("mnist/mlp", "benchmarks/mnist/mlp.yaml", ("mnist_mlp",), mnist_mlp),
    Row("mnist/rows", "benchmarks/mnist/rows.yaml", ("mnist_rows",), mnist_rows),
    Row("mnist/cnn", "benchmarks/mnist/cnn.yaml", ("mnist_cnn",), mnist_cnn),
    Row("normalization", "benchmarks/normalization.yaml", ("norm_position", "norm_regularizes"), claims_on),
    Row("groups", "benchmarks/groups.yaml", ("cnn_groups",), claims_on),
    Row("layers", "benchmarks/layers.yaml", ("zero_mean", "sigmoid_layers", "shifting_inputs"), claims_on),
    Row("scales", "benchmarks/scales.yaml", ("weight_scales", "skip_scales"), claims_on),
    Row("rates", "benchmarks/rates.yaml", ("learning_rates", "patience"), claims_on),
    Row("clipping", "benchmarks/clipping.yaml", ("clipping", "clipped_order"), claims_on),
    Row("losses", "benchmarks/losses.yaml", ("losses",), claims_on),
    Row("landscape", "benchmarks/landscape.yaml", ("landscape",), claims_on),
    Row("width", "benchmarks/width.yaml", ("width", "activation_cost"), claims_on),
    Row("toys", "benchmarks/toys.yaml", ("xor", "saturated_neuron"), claims_on),
    Row("mnist/textbooks", "benchmarks/mnist/textbooks.yaml", ("ekman_digits", "ioffe"), claims_on),
    Row("mnist/nielsen", "benchmarks/mnist/nielsen.yaml", ("nielsen_speeds", "nielsen_overfits"), claims_on),
)
"""In the README's order."""
