"""The table of goals: what was, what is, what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tools.speed.compiling import KINDS
from tools.speed.measured import PARTS, Measured
from tools.speed.whole import TRAININGS


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        part: Of what is measured.
        what: In words.
        unit: Of the figures.
        before: As measured when the goal was set, at 95 GFLOP/s; None where it was not known.
        goal: At most, or at least where more is better.
        now: From all that is measured.
        more_is_better: Of ratios against others.
        limit: What it would be with nothing left but what cannot be saved, where that was measured.
        besides: Another part that its limit is of.
    """

    part: str
    what: str
    unit: str
    before: float | None
    goal: float
    now: Callable[[Measured], float]
    more_is_better: bool = False
    limit: Callable[[Measured], float] | None = None
    besides: str = ""

    def text(self, now: float) -> str:
        """The figure with its unit."""
        return f"{now:,.0f} {self.unit}" if abs(now) >= 100 else f"{now:.3g} {self.unit}"

    def reached(self, now: float) -> bool:
        """Whether the goal is."""
        return now >= self.goal if self.more_is_better else now <= self.goal

    def ratio(self, now: float) -> float | None:
        """How many times better than before."""
        if self.before is None:
            return None
        return now / self.before if self.more_is_better else self.before / now


def against_fit(family: str) -> Callable[[Measured], float]:
    """How many times faster than `Model.fit` a step is."""
    return lambda m: m["families"][family]["fit"] / m["families"][family]["suite"]


def at_most(family: str) -> Callable[[Measured], float]:
    """How many times faster than `Model.fit` the network's own passes alone are."""
    return lambda m: m["families"][family]["fit"] / m["families"][family]["passes"]


def growth(m: Measured, kind: str) -> float:
    """How many times longer a program of 100 layers takes to compile than one of 20, of a kind or of its passes alone."""
    seconds = m["compiling"][kind]
    return float(seconds["100"] / seconds["20"])


def _least_share(m: Measured) -> float:
    """Of compiling, if programs had nothing in them but their networks' passes."""
    least, now = (sum(m["compiling"][kind + of]["20"] for kind in KINDS) for of in ("_passes", ""))
    share = m["cells"]["compile_share"]
    left = share * least / now
    return float(left / (1 - share + left))


ROWS = (
    Row("cells", f"deep_mlp, {TRAININGS} trainings a cell, 36 cells carried to 180", "s", 360, 540,
        lambda m: m["cells"]["all_seconds"]),
    Row("workers", "8 of its cells against a plain script", "times", 14, 25,
        lambda m: m["workers"]["plain"] / m["workers"]["2"], more_is_better=True,
        limit=lambda m: m["workers"]["plain"] / m["workers"]["2"] / (1 - m["cells"]["compile_share"]), besides="cells"),
    Row("peer", "8 of its cells, CPU, over Keras on JAX", "times", 1.6, 1.2, lambda m: m["peer"]["suite"] / m["peer"]["jax"]),
    Row("cells", "main process, CPU a cell", "s", 0.7, 0.15, lambda m: m["cells"]["main_cpu"]),
    Row("compiling", "compile, 20 layers, no norm", "s", 5.5, 3, lambda m: m["compiling"]["plain"]["20"],
        limit=lambda m: m["compiling"]["plain_passes"]["20"]),
    Row("compiling", "compile, 20 layers, batch norm, Adam", "s", 10.8, 5, lambda m: m["compiling"]["batch_adam"]["20"],
        limit=lambda m: m["compiling"]["batch_adam_passes"]["20"]),
    Row("compiling", "compile, depth 100 against 20", "times", None, 3,
        lambda m: max(growth(m, kind) for kind in KINDS), limit=lambda m: max(growth(m, f"{kind}_passes") for kind in KINDS)),
    Row("cells", "compile, share of cell seconds", "%", 34, 15, lambda m: 100 * m["cells"]["compile_share"],
        limit=lambda m: 100 * _least_share(m), besides="compiling"),
    Row("steps", "a step over the products alone", "times", 1.85, 1.5,
        lambda m: m["steps"]["probed"] / m["steps"]["products"],
        limit=lambda m: m["steps"]["passes"] / m["steps"]["products"]),
    Row("mnist_cnn", "mnist/cnn, 17 trainings a cell, two workers, from parts", "s", 600, 240, lambda m: m["mnist_cnn"]["seconds"] / 2),
    Row("families", "LSTM(64), T = 100, against Model.fit", "times", 2.1, 3, against_fit("lstm"), more_is_better=True,
        limit=at_most("lstm")),
    Row("families", "CNN, 20 layers, batch norm, against Model.fit", "times", 2.4, 3.5, against_fit("cnn_20_batch"),
        more_is_better=True, limit=at_most("cnn_20_batch")),
    Row("commands", "suite run, 180 recorded, CPU", "s", 6.5, 1.5, lambda m: m["commands"]["run"]["180"]),
    Row("commands", "suite run, 5,000 recorded, CPU", "s", None, 5, lambda m: m["commands"]["run"]["5000"]),
    Row("commands", "suite show, 5,000 recorded, CPU", "s", None, 5, lambda m: m["commands"]["show"]["5000"]),
    Row("commands", "suite plan, 5,000 recorded, CPU", "s", None, 5, lambda m: m["commands"]["plan"]["5000"]),
    Row("commands", "suite check, 90,000 cells, CPU", "s", 17, 3, lambda m: m["commands"]["check"]["90000"]),
    Row("cells", "start to first training, beyond the imports", "s", 5, 1,
        lambda m: m["cells"]["start"] - m["cells"]["imports"]),
)  # fmt: skip


def table(found: Measured, parts: Collection[str] = tuple(PARTS)) -> str:
    """The rows of these parts as text; those that are not measured say so."""
    lines = [f"{'':54} {'before':>7} {'now':>11} {'goal':>7} {'limit':>9}  {'better':>7}  GFLOP/s"]
    for row in ROWS:
        if row.part not in parts:
            continue
        before = "?" if row.before is None else f"{row.before:g}"
        if row.part not in found:
            lines.append(f"{row.what:54} {before:>7} {'-':>11} {row.goal:7g} {'':>9}  not measured: {row.part}")
            continue
        now = row.now(found)
        ratio = row.ratio(now)
        limit = row.limit(found) if row.limit and (row.besides or row.part) in found else None
        lines.append(
            f"{row.what:54} {before:>7} {row.text(now):>11} {row.goal:7g} "
            f"{'' if limit is None else f'{limit:.3g}':>9}  {'' if ratio is None else f'{ratio:.1f} x':>7}  {found[row.part]['gflops']:7.0f}  "
            f"{'reached' if row.reached(now) else ''}".rstrip()
        )
    return "\n".join([*lines, *_profiles({part: found[part] for part in parts if part in found})])


def _profiles(found: Measured) -> list[str]:
    lines: list[str] = []
    if "cells" in found:
        profile = found["cells"]["profile"]
        lines += ["", "workers' time in 36 cells of deep_mlp: " + ", ".join(f"{k} {v:.0%}" for k, v in profile.items())]
    for norm in ("none", "batch"):
        if "mnist_cnn" in found:
            it = found["mnist_cnn"][norm]
            lines.append(
                f"mnist/cnn, norm {norm}: a step {it['step']:.1f} ms (Model.fit {it['fit_step']:.1f}) at {it['step_gflops']:.0f}"
                f" GFLOP/s, a look {it['look']:.0f} ms at {it['look_gflops']:.0f}, 10,000 images {it['evaluation']:.0f} ms at "
                f"{it['evaluation_gflops']:.0f}; with tiny weights {it['tiny_ratio']:.2f} times; a cell "
                f"{it['cell_seconds']:.0f} s: training {it['training_share']:.0%}, along the way {it['along_share']:.0%}, "
                f"at the ends {it['ends_share']:.0%}"
            )
    return lines
