"""How often the judge errs, and how often it sees what is there: at each claim's own settings, spreads and numbers of runs.

    python -m tools.studies.judge_errors            100 tables a claim and truth, five minutes
    python -m tools.studies.judge_errors 20 bn he   fewer, of some claims

Scores are drawn anew, with the spreads within and between tunings that the published tables have, around cells whose effect is
the same in every setting: none, delta, or twice delta. Whatever the judge then says is known to be right or wrong. Claims
that compare numbers are simulated; those on shares and figures stand on the coverage of their intervals. The last lines are what
`suite/protocol/calibration.py` states.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suite.claims.answers import Question
from suite.claims.claim import Claim
from suite.claims.claim_files import find_claims
from suite.claims.contexts import Context
from suite.claims.evaluation import evaluate_claim
from suite.claims.evidence import Evidence
from suite.claims.judging import place_of
from suite.claims.verdicts import Verdict
from suite.protocol.intervals import Combination, Scores, combined, scores_of
from suite.run.judging import benchmarks_of, published_folder, published_only, traced_in

TRUTHS = (0.0, 1.0, 2.0)
"""True effects, in delta."""


@dataclass(frozen=True)
class Simulated:
    """A claim on one benchmark, to be drawn again.

    Attributes:
        claim: The claim.
        evidence: The benchmark.
        contexts: Its settings that can speak, of which the effects are weighted sums of cells.
        question: What counts.
    """

    claim: Claim
    evidence: Evidence
    contexts: Sequence[Context]
    question: Question

    def verdicts(self, truth: float, tables: int, rng: np.random.Generator) -> Counter[Verdict]:
        """Verdicts on tables with the same effect in every setting."""
        scores = self.contexts[0].effect.scores
        means = self._means(scores, truth)
        return Counter(self._verdict(scores, _drawn(scores, means, rng)) for _ in range(tables))

    def _means(self, scores: Scores, truth: float) -> NDArray[np.float64]:
        """Means of cells that give every setting the same effect, as far as they can."""
        weights = np.zeros((len(self.contexts), len(scores.values)))
        for row, context in enumerate(self.contexts):
            np.add.at(weights[row], context.effect.rows, context.effect.weights)
        found: NDArray[np.float64] = np.linalg.lstsq(weights, np.full(len(weights), truth), rcond=None)[0]
        return found

    def _verdict(self, scores: Scores, table: NDArray[np.float64]) -> Verdict:
        drawn = scores_of(table, scores.tunings.tolist(), scores.alike.tolist())
        contexts = []
        for context in self.contexts:
            old = context.effect
            effect = Combination(drawn, old.rows, old.weights, old.weights @ table[old.rows])
            interval = combined([(1.0, effect)]).interval()
            contexts.append(replace(context, effect=effect, interval=interval, answer=self.question.answer(interval)))
        return place_of(contexts, self.question, self.evidence).verdict


def _drawn(scores: Scores, means: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A table of scores with the spreads of a board: of runs, and of tunings."""
    within = np.sqrt([scores.differences[kind].within.variance for kind in scores.alike])[:, None]
    between = np.sqrt([scores.differences[kind].between.variance for kind in scores.alike])[:, None]
    of_tunings = rng.normal(0, 1, (len(means), int(scores.tunings.max()) + 1))[:, scores.tunings]
    table = means[:, None] + between * of_tunings + within * rng.normal(0, 1, scores.values.shape)
    return np.where(np.isnan(scores.values), np.nan, table)


def simulated(words: Sequence[str]) -> Iterator[Simulated]:
    """Claims of the published tables that can be drawn again, on each of their benchmarks."""
    claims = find_claims(words)
    tables = published_only(benchmarks_of(claims), published_folder(), traced_in(claims))
    for claim, _ in claims:
        if (
            claim.form is None
            or claim.form.key not in ("compare", "trend")
            or claim.expression.is_share
            or not claim.by
        ):
            continue
        found = evaluate_claim(claim, tables.found, tables.absent)
        for name in claim.benchmarks:
            contexts = [context for context in found.live if context.benchmark == name]
            if contexts and len(contexts[0].effect.series) > 1:
                yield Simulated(claim, tables.found[name], contexts, claim.form.question(claim))


def main(arguments: Sequence[str]) -> None:
    """Prints the rates of every claim on every benchmark, and what they are over all."""
    tables = int(arguments[0]) if arguments else 100
    rng = np.random.default_rng(0)
    rates: list[Mapping[str, float]] = []
    print(f"{'claim':22} {'benchmark':18} none: holds opposite depends   delta: no difference   twice delta: holds")
    for one in simulated(arguments[1:]):
        at = [one.verdicts(truth * one.claim.by, tables, rng) for truth in TRUTHS]
        rate = {
            "holds": at[0][Verdict.HOLDS] / tables,
            "opposite": at[0][Verdict.OPPOSITE] / tables,
            "depends": at[0][Verdict.DEPENDS] / tables,
            "no difference": at[1][Verdict.NO_DIFFERENCE] / tables,
            "power": at[2][Verdict.HOLDS] / tables,
        }
        rates.append(rate)
        print(
            f"{one.claim.id:22} {one.evidence.benchmark:18} {rate['holds']:11.1%} {rate['opposite']:8.1%} {rate['depends']:7.1%} "
            f"{rate['no difference']:22.1%} {rate['power']:20.1%}",
            flush=True,
        )
    print(f"\n{len(rates)} claims on benchmarks, {tables} tables each")
    for name in ("holds", "opposite", "depends", "no difference"):
        found = [rate[name] for rate in rates]
        print(f"{name}: {np.mean(found):.1%} on average, {max(found):.1%} at most")
    seen = [rate["power"] for rate in rates]
    print(f"power: {np.mean(seen):.0%} on average; at least 80% for {np.mean([p >= 0.8 for p in seen]):.0%} of claims")


if __name__ == "__main__":
    main(sys.argv[1:])
