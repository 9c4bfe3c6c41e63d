"""What every verdict has in common, on tables at random; which contexts count, what depends, and what several places say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from suite.claims.answers import Answer, Question
from suite.claims.claim import Claim
from suite.claims.contexts import Excluded
from suite.claims.evaluation import Judgement, evaluate_claim
from suite.claims.evidence import Evidence
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.judging import judge_contexts, together
from suite.claims.moderators import Moderated, Moderator
from suite.claims.verdicts import OF_ANSWER, Place, Replication, Ruling, Verdict, deciding, replication
from tests.claims.truths import GRID, RELU_OVER_TANH, Mean, claim, column, judged, plus, table

DELTA = 0.02
TURNED = Compare(RELU_OVER_TANH.second, RELU_OVER_TANH.first)
TURNED_VERDICT = {
    Verdict.HOLDS: Verdict.OPPOSITE,
    Verdict.OPPOSITE: Verdict.HOLDS,
    Verdict.NO_DIFFERENCE: Verdict.NO_DIFFERENCE,
    Verdict.OPEN: Verdict.OPEN,
}
IS_RELU = column("activation") == "relu"
TABLES = 60


def asked(**changes: object) -> Claim:
    """A claim about a measure without bounds, so that nothing is excluded."""
    return claim(**{"measure": "gradient_ratio_init", "sign": 1, "by": DELTA, **changes})  # type: ignore[arg-type]


def random_mean(rng: np.random.Generator) -> Mean:
    """An effect that is the same everywhere, or different at one level of a factor, or of two."""
    most, other = rng.choice([-0.06, -0.02, -0.01, 0.0, 0.005, 0.01, 0.02, 0.025, 0.06], 2)
    factors = rng.choice(["initializer", "optimizer", "depth"], rng.integers(0, 3), replace=False)
    levels = {str(factor): str(rng.choice(GRID[factor])) for factor in factors}
    heights = {label: rng.normal(0, 0.1) for label in GRID["initializer"]}

    def mean(cell: Mapping[str, str]) -> float:
        effect = other if levels and all(cell[factor] == label for factor, label in levels.items()) else most
        return 0.5 + heights[cell["initializer"]] + effect * (cell["activation"] == "relu")

    return mean


def measured(evidence: Evidence) -> Evidence:
    """Its scores as a measure without bounds."""
    return replace(evidence, columns=evidence.columns | {"gradient_ratio_init": evidence.columns["test_score"]})


def random_tables() -> Iterator[Evidence]:
    for seed in range(TABLES):
        rng = np.random.default_rng(seed)
        noise = float(rng.choice([0.002, 0.01, 0.05]))
        yield measured(table(random_mean(rng), seed=seed, noise=noise, replicates=int(rng.integers(2, 7))))


@pytest.fixture(scope="module")
def tables() -> list[tuple[Evidence, Judgement]]:
    """Tables with the verdict of the usual claim."""
    return [(evidence, judged(evidence, asked())) for evidence in random_tables()]


def place_of(found: Ruling) -> Place:
    (place,) = found.places
    assert place.effect is not None
    return place


def levels_of(found: Ruling) -> dict[frozenset[str], Moderated]:
    """The levels of the moderator, whatever the order of its factors."""
    levels = found.moderator.levels if found.moderator else ()
    return {frozenset(level.label.split(" · ")): level for level in levels}


def factors_of(found: Ruling) -> set[str]:
    return set(found.moderator.factor.split(" and ")) if found.moderator else set()


def assert_same(found: Ruling, before: Ruling, scale: float = 1.0) -> None:
    assert found.verdict is before.verdict
    assert factors_of(found) == factors_of(before)
    one, other = place_of(found), place_of(before)
    assert one.answer is other.answer
    assert one.effect == pytest.approx(tuple(scale * end for end in other.effect or ()), rel=1e-9, abs=1e-12)
    assert one.detectable == pytest.approx(scale * other.detectable, rel=1e-9)
    assert levels_of(found).keys() == levels_of(before).keys()
    for key, level in levels_of(found).items():
        interval = tuple(scale * end for end in levels_of(before)[key].interval)
        assert level.interval == pytest.approx(interval, rel=1e-9, abs=1e-12)


def test_tables_at_random_have_every_verdict(tables: list[tuple[Evidence, Judgement]]) -> None:
    """Without which all that follows would say little."""
    verdicts = [found.verdict for _, found in tables]
    for verdict in (Verdict.HOLDS, Verdict.DEPENDS, Verdict.NO_DIFFERENCE, Verdict.OPPOSITE, Verdict.OPEN):
        assert verdicts.count(verdict) >= 3
    assert {Answer.ENOUGH, Answer.BETTER} <= {place_of(found).answer for _, found in tables}
    assert {1, 2} <= {len(factors_of(found)) for _, found in tables if found.verdict is Verdict.DEPENDS}


def test_a_verdict_is_that_of_the_average_or_depends_for_a_reason(tables: list[tuple[Evidence, Judgement]]) -> None:
    question = Question(DELTA)
    for _, found in tables:
        place = place_of(found)
        assert place.answer is question.answer(place.effect or (0, 0, 0))
        assert place.effect is not None
        assert place.effect[0] == pytest.approx(np.mean([context.mean for context in found.contexts]))
        if found.verdict is Verdict.DEPENDS:
            answers = [question.answer(level.interval) for level in levels_of(found).values()]
            assert Answer.ENOUGH in answers
            assert any(question.lacks(level.interval) for level in levels_of(found).values())
        else:
            assert found.verdict is OF_ANSWER[place.answer]
        assert sum(found.count(answer) for answer in Answer) == len(found.contexts) == 18


def test_turning_the_sides_turns_the_verdict(tables: list[tuple[Evidence, Judgement]]) -> None:
    question, depended = Question(DELTA), 0
    for evidence, before in tables:
        found = judged(evidence, asked(form=TURNED))
        mean, low, high = place_of(before).effect or (0, 0, 0)
        assert place_of(found).effect == pytest.approx((-mean, -high, -low))
        assert place_of(found).detectable == pytest.approx(place_of(before).detectable)
        of_average = OF_ANSWER[place_of(before).answer]
        assert OF_ANSWER[place_of(found).answer] is TURNED_VERDICT[of_average]
        if before.verdict is Verdict.HOLDS and place_of(before).answer is Answer.ENOUGH:
            assert found.verdict is Verdict.OPPOSITE
        if found.verdict is Verdict.DEPENDS:
            depended += before.verdict is Verdict.DEPENDS
            assert any(question.answer(level.interval) is Answer.ENOUGH for level in levels_of(found).values())
            assert any(question.lacks(level.interval) for level in levels_of(found).values())
        else:
            assert found.verdict is TURNED_VERDICT[of_average]
    assert depended, "better at one level and worse at another depends either way"


def test_another_unit_changes_nothing(tables: list[tuple[Evidence, Judgement]]) -> None:
    for (evidence, before), unit in zip(tables, itertools.cycle((8.0, 0.125, 1000.0))):
        scaled = evidence.columns | {"gradient_ratio_init": unit * evidence.columns["gradient_ratio_init"]}
        assert_same(judged(replace(evidence, columns=scaled), asked(by=unit * DELTA)), before, unit)


def test_what_all_runs_have_in_common_changes_nothing(tables: list[tuple[Evidence, Judgement]]) -> None:
    for evidence, before in tables[::3]:
        values = evidence.columns["gradient_ratio_init"]
        moved = values + np.random.default_rng(0).normal(0, 1, (1, values.shape[1]))
        found = judged(replace(evidence, columns=evidence.columns | {"gradient_ratio_init": moved}), asked())
        assert_same(found, before)


def permuted(evidence: Evidence, rows: Sequence[int], factors: Sequence[int]) -> Evidence:
    names = list(evidence.factors)
    return replace(
        evidence,
        factors={names[place]: evidence.factors[names[place]] for place in factors},
        levels=tuple(tuple(evidence.levels[row][place] for place in factors) for row in rows),
        cells=tuple(evidence.cells[row] for row in rows),
        columns={name: values[list(rows)] for name, values in evidence.columns.items()},
    )


def test_the_order_of_cells_factors_and_runs_changes_nothing(tables: list[tuple[Evidence, Judgement]]) -> None:
    rng = np.random.default_rng(0)
    for evidence, before in tables:
        rows, factors = rng.permutation(len(evidence.cells)).tolist(), rng.permutation(len(evidence.factors)).tolist()
        found = judged(permuted(evidence, rows, factors), asked())
        assert_same(found, before)
        assert sorted(context.cells for context in found.contexts) == sorted(
            context.cells for context in before.contexts
        )
        runs = rng.permutation(evidence.columns["test_score"].shape[1])
        shuffled = {name: v if v.shape[1] == 1 else v[:, runs] for name, v in evidence.columns.items()}
        assert_same(judged(replace(evidence, columns=shuffled), asked()), before)


def test_excluded_contexts_change_nothing_but_counts(tables: list[tuple[Evidence, Judgement]]) -> None:
    question, rng, why_not = Question(DELTA), np.random.default_rng(0), itertools.cycle(Excluded)
    for evidence, before in tables[::2]:
        kept = [context for context in before.contexts if rng.random() < 0.7] or list(before.contexts)
        out = [replace(context, excluded=next(why_not)) for context in before.contexts]
        without = judge_contexts(question, kept, [evidence], "")
        found = judge_contexts(question, [*out[:5], *kept, *out[5:]], [evidence], "")
        assert (found.verdict, found.moderator, found.places) == (without.verdict, without.moderator, without.places)
        assert [found.count(answer) for answer in Answer] == [without.count(answer) for answer in Answer]
        assert sum(found.excluded(why) for why in Excluded) == len(out) == len(found.contexts) - len(found.live)


def test_a_larger_delta_never_makes_a_claim_hold(tables: list[tuple[Evidence, Judgement]]) -> None:
    rank = {Answer.ENOUGH: 3, Answer.BETTER: 2, Answer.OPEN: 1, Answer.OPPOSITE: 1, Answer.NONE: 0}
    for evidence, before in tables:
        found, answers = before, []
        for by in (0.0, 0.005, DELTA, 0.04, 0.1, 10.0):
            found = judged(evidence, asked(by=by))
            assert place_of(found).effect == place_of(before).effect
            if answers and answers[-1] is Answer.NONE:
                assert found.verdict in (Verdict.NO_DIFFERENCE, Verdict.DEPENDS)
            answers.append(place_of(found).answer)
        assert [rank[a] for a in answers] == sorted((rank[a] for a in answers), reverse=True)
        assert answers[0] is not Answer.NONE, "any difference counts"
        assert found.verdict is Verdict.NO_DIFFERENCE, "no difference is as large as the last delta"


def test_more_replicates_of_the_same_noise_decide_more() -> None:
    opens = []
    for replicates in (2, 5, 20):
        found = [judged(table(plus(0.01), seed=seed, noise=0.1, replicates=replicates)) for seed in range(12)]
        opens.append(sum(one.verdict is Verdict.OPEN for one in found))
        error, degrees = 0.1 * math.sqrt(2 / 18 / replicates), replicates - 1
        seen = error * (stats.t.ppf(0.975, degrees) + stats.t.ppf(0.8, degrees))
        assert np.median([place_of(one).detectable for one in found]) == pytest.approx(seen, rel=0.35)
    assert opens[0] > opens[2]


# Which contexts speak


def test_two_sides_that_learn_nothing_say_nothing() -> None:
    """The mean is what counts: a side that learns speaks, and so does one that is far worse than chance of an error."""
    flat = table(lambda levels: 0.1 if levels["initializer"] == "small" else 0.5, noise=0.005)
    found = judged(flat)
    assert found.excluded(Excluded.NOTHING_LEARNS) == 6
    assert {context.levels["initializer"] for context in found.live} == {"glorot", "he"}
    one_side = table(lambda levels: 0.5 if levels["activation"] == "relu" else 0.1, noise=0.005)
    assert judged(one_side).excluded(Excluded.NOTHING_LEARNS) == 0
    assert judged(one_side).verdict is Verdict.HOLDS


def test_where_neither_side_reaches_the_target_its_share_and_its_time_say_nothing() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.5 if levels["initializer"] == "small" or levels["activation"] == "tanh" else 0.95

    budget = np.full((36, 1), 340.0)
    reached = IS_RELU & (column("initializer") != "small")
    steps = np.where(reached, 100.0, 340.0) + np.zeros((36, 5))
    evidence = table(mean, noise=0.001, steps_to_target=steps, budget=budget)
    for one in (claim(measure="success_rate", by=0.3), claim(measure="steps_to_target", by=50)):
        found = judged(evidence, one)
        assert found.excluded(Excluded.NO_TARGET) == 6
        assert {context.levels["initializer"] for context in found.live} == {"glorot", "he"}
        assert (found.verdict, place_of(found).settings) == (Verdict.HOLDS, 12)
    assert judged(evidence).excluded(Excluded.NO_TARGET) == 0, "scores differ without a target"
    steps[:, 0] = 339.0
    assert judged(evidence, claim(measure="steps_to_target", by=50)).excluded(Excluded.NO_TARGET) == 0


def test_where_there_is_nothing_to_prevent_what_prevents_says_nothing() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.95 if levels["initializer"] == "he" or levels["activation"] == "relu" else 0.5

    evidence = table(mean, noise=0.001)
    found = judged(evidence, claim(baseline="outcome != trained"))
    assert found.excluded(Excluded.NOTHING_TO_PREVENT) == 6
    assert {context.levels["initializer"] for context in found.live} == {"small", "glorot"}
    assert found.verdict is Verdict.HOLDS
    assert place_of(found).effect == pytest.approx((0.45, 0.45, 0.45), abs=0.01)
    assert found.counts.endswith("Not counted: 6 settings, there is nothing to prevent (6).")
    assert judged(evidence).verdict is Verdict.DEPENDS, "with settings in which nothing goes wrong"
    turned = judged(evidence, claim(TURNED, baseline="outcome != trained"))
    assert turned.excluded(Excluded.NOTHING_TO_PREVENT) == 18, "of the second side, and ReLU trains"


def test_a_baseline_is_met_if_half_of_the_runs_meet_it() -> None:
    evidence = table(plus(0.2), grid={"activation": ("tanh", "relu"), "initializer": ("he", "glorot")}, replicates=4)
    outcome = np.full((4, 4), "trained", dtype=object)
    outcome[0, :2] = outcome[1, :1] = "slow"  # tanh: half of the runs under He, a quarter under Glorot
    found = judged(
        replace(evidence, columns=evidence.columns | {"outcome": outcome}), claim(baseline="outcome == slow")
    )
    assert [context.excluded for context in found.contexts] == [None, Excluded.NOTHING_TO_PREVENT]


def test_where_the_baseline_is_as_good_as_the_reference_there_is_no_room() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.89 if levels["initializer"] == "he" else 0.6 + 0.1 * (levels["activation"] == "relu")

    evidence = replace(table(mean, noise=0.001, shared=0.0), reference=0.9)
    found = judged(evidence)
    assert found.excluded(Excluded.NO_ROOM) == 6
    assert {context.levels["initializer"] for context in found.live} == {"small", "glorot"}
    assert found.verdict is Verdict.HOLDS
    assert judged(evidence, claim(by=0.005)).excluded(Excluded.NO_ROOM) == 0, "there is room for so little"
    assert judged(replace(evidence, reference=None)).excluded(Excluded.NO_ROOM) == 0
    assert judged(evidence, claim(sign=1)).excluded(Excluded.NO_ROOM) == 0, "higher is not better"
    errors = replace(evidence, higher_is_better=False, columns=evidence.columns | {"chance_score": np.ones((36, 1))})
    assert judged(replace(errors, reference=0.595), claim(TURNED)).excluded(Excluded.NO_ROOM) == 0
    assert judged(replace(errors, reference=0.595)).excluded(Excluded.NO_ROOM) == 12


def test_where_all_runs_train_already_no_more_can() -> None:
    def trains(levels: Mapping[str, str]) -> float:
        return 1.0 if levels["initializer"] == "he" or levels["activation"] == "relu" else 0.0

    evidence = table(trains, binary=True)
    found = judged(evidence, claim(measure="success_rate", by=0.3))
    assert found.excluded(Excluded.NO_ROOM) == 6
    assert found.verdict is Verdict.HOLDS
    assert judged(evidence, claim(TURNED, measure="success_rate", by=0.3)).excluded(Excluded.NO_ROOM) == 18


# What it depends on


def test_an_effect_of_one_pair_of_levels_depends_on_both_factors() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        meets = (levels["initializer"] == "he") == (levels["optimizer"] == "adam")
        return 0.6 + 0.1 * (meets and levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert found.verdict is Verdict.DEPENDS
    assert place_of(found).answer is Answer.ENOUGH, "on average, and at every level of every factor"
    assert found.moderator is not None
    assert found.moderator.factor == "initializer and optimizer"
    means = {level.label: round(level.mean, 1) for level in found.moderator.levels}
    assert means == {
        "he · adam": 0.1,
        "small · sgd": 0.1,
        "glorot · sgd": 0.1,
        "he · sgd": 0.0,
        "small · adam": 0.0,
        "glorot · adam": 0.0,
    }
    assert {level.contexts for level in found.moderator.levels} == {3}
    assert "Depends on initializer and optimizer: from +0.0999" in found.because


def test_one_factor_that_decides_is_told_before_a_pair_that_explains_more() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        effect = 0.0 if levels["initializer"] != "he" else 0.05 if levels["optimizer"] == "sgd" else 0.2
        return 0.6 + effect * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert (found.verdict, factors_of(found)) == (Verdict.DEPENDS, {"initializer"})


def test_of_two_factors_that_decide_the_one_that_explains_most_is_told() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        effect = 0.1 * (levels["initializer"] == "he") + 0.04 * (levels["optimizer"] == "adam")
        return 0.6 + (effect - 0.02) * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.002), claim(by=0.03))
    assert (found.verdict, factors_of(found)) == (Verdict.DEPENDS, {"initializer"})
    assert (
        judged(table(mean, noise=0.002), claim(by=0.03, where={"initializer": ("small", "glorot")})).verdict
        is Verdict.NO_DIFFERENCE
    )


def test_levels_that_noise_alone_sets_apart_are_not_depended_on() -> None:
    """Of tables with delta everywhere, and so much noise that single levels lie on either side of it."""
    found = [judged(table(plus(DELTA), seed=seed, noise=0.03)) for seed in range(100)]
    answers = {Question(DELTA).answer(c.interval) for one in found for c in one.contexts}
    assert {Answer.ENOUGH, Answer.OPPOSITE} <= answers
    assert sum(one.verdict is Verdict.DEPENDS for one in found) <= 2


def test_what_an_effect_varies_with_is_told_though_it_counts_everywhere() -> None:
    def mean(levels: Mapping[str, str]) -> float:
        return 0.5 + (0.1 if levels["depth"] == "5" else 0.2) * (levels["activation"] == "relu")

    found = judged(table(mean, noise=0.005))
    assert (found.verdict, factors_of(found)) == (Verdict.HOLDS, {"depth"})
    assert found.moderator is not None
    assert found.moderator.levels[-1].label == "5"
    assert judged(table(plus(0.2), noise=0.005, seed=1)).moderator is None


# Several benchmarks


def place(
    name: str, answer: Answer, mean: float = 0.0, *, task: str = "", depends: str = "", varies: str = ""
) -> Place:
    """A place with a verdict as its answer has it, unless it depends."""
    verdict = Verdict.DEPENDS if depends else OF_ANSWER[answer]
    factor = depends or varies
    moderator = Moderator(factor, name, ()) if factor else None
    return Place(name, task or name, verdict, answer, (mean, mean - 0.01, mean + 0.01), True, 0.02, 4, moderator)


def share(name: str, answer: Answer, mean: float) -> Place:
    """A place of a claim on a share, which has no sign."""
    return replace(place(name, answer, mean), has_sign=False)


UNSEEN = Place("unseen", "unseen", Verdict.OPEN)
ENOUGH, BETTER = place("a", Answer.ENOUGH, 0.1, varies="depth"), place("b", Answer.BETTER, 0.02, varies="width")
NONE, OPPOSITE = place("c", Answer.NONE, 0.001), place("d", Answer.OPPOSITE, -0.1)
OPEN, LACKING = place("e", Answer.OPEN, 0.01), place("f", Answer.LACKING, 0.3)
DEPENDS = place("g", Answer.ENOUGH, 0.1, depends="initializer")


@pytest.mark.parametrize(
    ("places", "verdict", "moderator"),
    [
        ([], Verdict.OPEN, None),
        ([OPEN], Verdict.OPEN, None),
        ([UNSEEN, OPEN], Verdict.OPEN, None),
        ([ENOUGH], Verdict.HOLDS, ENOUGH.moderator),
        ([ENOUGH, BETTER], Verdict.HOLDS, ENOUGH.moderator),
        ([BETTER, ENOUGH], Verdict.HOLDS, BETTER.moderator),
        ([OPEN, BETTER], Verdict.HOLDS, BETTER.moderator),
        ([ENOUGH, OPEN, UNSEEN], Verdict.HOLDS, ENOUGH.moderator),
        ([NONE, NONE], Verdict.NO_DIFFERENCE, None),
        ([OPPOSITE, OPEN], Verdict.OPPOSITE, None),
        ([LACKING, LACKING], Verdict.FAILS, None),
        ([BETTER, NONE], Verdict.HOLDS, BETTER.moderator),
        ([NONE, BETTER], Verdict.NO_DIFFERENCE, None),
        ([BETTER, OPPOSITE], Verdict.HOLDS, BETTER.moderator),
        ([OPPOSITE, NONE], Verdict.OPPOSITE, None),
        ([OPEN, NONE, OPPOSITE], Verdict.NO_DIFFERENCE, None),
        ([DEPENDS], Verdict.DEPENDS, DEPENDS.moderator),
        ([ENOUGH, DEPENDS], Verdict.DEPENDS, DEPENDS.moderator),
        ([NONE, OPEN, DEPENDS], Verdict.DEPENDS, DEPENDS.moderator),
        ([DEPENDS, OPEN], Verdict.DEPENDS, DEPENDS.moderator),
    ],
)
def test_several_places_together(places: list[Place], verdict: Verdict, moderator: Moderator | None) -> None:
    assert together(places) == (verdict, moderator)


@pytest.mark.parametrize(
    "places", [[ENOUGH, NONE], [NONE, ENOUGH], [OPPOSITE, OPEN, ENOUGH], [LACKING, ENOUGH], [BETTER, NONE, ENOUGH]]
)
def test_enough_at_one_place_and_not_at_another_depends_on_the_benchmark(places: list[Place]) -> None:
    verdict, moderator = together(places)
    assert verdict is Verdict.DEPENDS
    assert moderator is not None
    assert (moderator.factor, moderator.benchmark) == ("benchmark", "")
    decided = sorted((p for p in places if p is not OPEN), key=lambda p: -(p.effect or (0,))[0])
    assert [(level.label, level.interval) for level in moderator.levels] == [(p.benchmark, p.effect) for p in decided]


def test_two_benchmarks_are_judged_apart_and_then_together() -> None:
    good, none = table(plus(0.1), noise=0.005), table(plus(0.0), noise=0.005, seed=1)
    seen = {"made": replace(good, task="digits"), "other": replace(none, benchmark="other", task="mnist")}
    found = evaluate_claim(claim(benchmarks=("made", "other")), seen)
    assert [one.verdict for one in found.places] == [Verdict.HOLDS, Verdict.NO_DIFFERENCE]
    assert found.verdict is Verdict.DEPENDS
    assert found.moderator is not None
    assert [level.label for level in found.moderator.levels] == ["made", "other"]
    assert found.replication in (Replication.SAME_SIGN, Replication.NOT_REPLICATED)
    assert "Depends on benchmark: +0.0991 (0.0976 to 0.101) for made" in found.because
    assert [(one.benchmark, one.task, one.settings) for one in found.places] == [
        ("made", "digits", 18),
        ("other", "mnist", 18),
    ]


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([ENOUGH], Replication.NOT_TRIED),
        ([ENOUGH, UNSEEN], Replication.NOT_TRIED),
        ([ENOUGH, place("z", Answer.ENOUGH, 0.1, task="a")], Replication.NOT_TRIED),
        ([UNSEEN], Replication.NOT_TRIED),
        ([], Replication.NOT_TRIED),
        ([ENOUGH, BETTER], Replication.REPLICATED),
        ([OPEN, ENOUGH, BETTER], Replication.SAME_SIGN),
        ([ENOUGH, BETTER, UNSEEN], Replication.REPLICATED),
        ([ENOUGH, OPEN], Replication.SAME_SIGN),
        ([ENOUGH, NONE], Replication.SAME_SIGN),
        ([ENOUGH, BETTER, OPEN], Replication.SAME_SIGN),
        ([ENOUGH, OPPOSITE], Replication.NOT_REPLICATED),
        ([ENOUGH, BETTER, OPPOSITE], Replication.NOT_REPLICATED),
        ([ENOUGH, place("z", Answer.OPEN, -0.01)], Replication.NOT_REPLICATED),
        ([OPPOSITE, place("z", Answer.OPPOSITE, -0.3)], Replication.REPLICATED),
        ([OPPOSITE, place("z", Answer.OPEN, -0.01)], Replication.SAME_SIGN),
        ([NONE, place("z", Answer.NONE, -0.001)], Replication.REPLICATED),
        ([DEPENDS, place("z", Answer.ENOUGH, 0.2, depends="initializer")], Replication.REPLICATED),
        ([DEPENDS, place("z", Answer.ENOUGH, 0.2, depends="depth")], Replication.SAME_SIGN),
        ([DEPENDS, place("z", Answer.OPPOSITE, -0.2, depends="depth")], Replication.NOT_REPLICATED),
        ([LACKING, place("z", Answer.LACKING, 0.4)], Replication.REPLICATED),
        ([share("y", Answer.ENOUGH, 0.99), share("z", Answer.LACKING, 0.05)], Replication.NOT_REPLICATED),
        ([share("y", Answer.ENOUGH, 0.99), share("z", Answer.ENOUGH, 0.9)], Replication.REPLICATED),
    ],
)  # fmt: skip
def test_a_second_task_replicates_it_or_not(places: list[Place], told: Replication) -> None:
    ruling = Ruling(Verdict.OPEN, places=tuple(places))
    assert ruling.replication is told
    if ruling.first is not None:
        assert replication(ruling.first, places) is told


def test_the_first_place_that_decides_has_the_word() -> None:
    assert deciding([UNSEEN, OPEN, NONE, ENOUGH]) is NONE
    assert deciding([UNSEEN, OPEN]) is OPEN
    assert deciding([UNSEEN]) is None
    assert deciding([]) is None


# Predictions

NETWORKS = {
    "initializer": ("small", "glorot", "he"),
    "optimizer": ("sgd", "adam", "rmsprop"),
    "depth": ("5", "10", "20"),
}
OF_NETWORK = np.repeat(np.arange(9).reshape(3, 1, 3), 3, axis=1).reshape(27, 1)
"""Index of the network of each recipe: of the initializer and the depth."""


def networks(hits: np.ndarray, *, replicates: int = 5, same: bool = True) -> Evidence:
    """Recipes of which some runs score 1 and the others 0; networks share their gradients, by optimizer.

    Args:
        hits: Whether each recipe (or its runs) does.
        replicates: Of every recipe.
        same: Whether optimizers share the network.
    """
    which = OF_NETWORK if same else np.arange(27)[:, None]
    ratio = np.random.default_rng(0).normal(0, 1e-6, (27, replicates))[which[:, 0]] + which
    scores = np.asarray(hits, dtype=float) + np.zeros((27, replicates))
    made = table(lambda _: 0.5, grid=NETWORKS, replicates=replicates, gradient_ratio_init=ratio)
    return replace(made, columns=made.columns | {"test_score": scores})


def predicted(evidence: Evidence, form: Predict) -> Judgement:
    return judged(evidence, claim(form, by=0.0))


def test_optimizers_of_one_network_count_once() -> None:
    evidence = networks(OF_NETWORK < 6)
    found = predicted(evidence, Predict("gradient_ratio_init < 5.5", "test_score > 0.5", 0.7))
    apart = predicted(
        networks(OF_NETWORK < 6, same=False), Predict("gradient_ratio_init < 17.5", "test_score > 0.5", 0.7)
    )
    for one, n in ((found, 6), (apart, 18)):
        assert one.prediction is not None
        assert one.prediction.networks == n
    assert found.prediction is not None
    assert (found.prediction.hits, found.prediction.others, found.prediction.other_hits) == (6, 3, 0)
    assert found.because.startswith("In 6 of 6 networks")
    assert found.verdict is Verdict.HOLDS


def test_a_network_with_more_optimizers_has_no_more_weight() -> None:
    """One network of three optimizers that all do, and one of a single optimizer that does not: half, not three in four."""
    whole = networks(OF_NETWORK == 0)
    rows = [*np.flatnonzero(OF_NETWORK[:, 0] == 0).tolist(), int(np.flatnonzero(OF_NETWORK[:, 0] == 4)[0])]
    found = predicted(permuted(whole, rows, range(3)), Predict(None, "test_score > 0.5", 0.9))
    assert found.prediction is not None
    assert (found.prediction.networks, found.prediction.hits) == (2, 1)
    assert place_of(found).effect is not None
    assert (place_of(found).effect or (0,))[0] == pytest.approx(0.5)
    assert [cell for _, cell in found.prediction.misses] == [whole.cells[rows[-1]]]


def test_another_optimizer_of_a_network_changes_no_share() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        evidence = networks(np.repeat(rng.random((3, 1, 3, 5)) < 0.6, 3, axis=1).reshape(27, 5))
        chosen = [row for row in range(27) if row % 9 < 3 or rng.random() < 0.5]  # all of SGD, and some of the others
        at_least, more = (
            Predict(None, "test_score > 0.5", 0.5),
            Predict("gradient_ratio_init < 4.5", "test_score > 0.5", more_by=0.2),
        )
        for form in (at_least, more):
            all_, some = predicted(evidence, form), predicted(permuted(evidence, chosen, range(3)), form)
            assert all_.prediction is not None
            assert some.prediction is not None
            assert (all_.prediction.networks, all_.prediction.hits) == (some.prediction.networks, some.prediction.hits)
            assert (place_of(all_).effect or (0,))[0] == pytest.approx((place_of(some).effect or (1,))[0])


def test_gradients_that_differ_in_one_bit_are_of_two_networks() -> None:
    evidence = networks(OF_NETWORK < 6)
    ratio = evidence.columns["gradient_ratio_init"].copy()
    ratio[0, -1] = np.nextafter(ratio[0, -1], 1)
    for columns, n in ((evidence.columns, 9), (evidence.columns | {"gradient_ratio_init": ratio}, 10)):
        found = predicted(replace(evidence, columns=columns), Predict(None, "test_score > 0.5", 0.5))
        assert found.prediction is not None
        assert found.prediction.networks == n


def test_recipes_without_gradients_are_networks_of_their_own() -> None:
    evidence = networks(OF_NETWORK < 6)
    unknown = evidence.columns | {"gradient_ratio_init": np.full((27, 5), np.nan)}
    none = {name: values for name, values in evidence.columns.items() if name != "gradient_ratio_init"}
    for columns in (unknown, none):
        found = predicted(replace(evidence, columns=columns), Predict(None, "test_score > 0.5", 0.5))
        assert found.prediction is not None
        assert (found.prediction.networks, found.prediction.hits) == (27, 18)


def test_recipes_with_a_missing_value_are_left_out_and_counted() -> None:
    evidence = networks(OF_NETWORK < 6)
    evidence.columns["test_score"][0] = np.nan
    evidence.columns["test_score"][1, 0] = np.nan
    found = predicted(evidence, Predict(None, "test_score > 0.5", 0.5))
    assert found.prediction is not None
    assert (found.prediction.unknown, found.prediction.networks) == (1, 9)


def test_a_prediction_may_depend_on_a_factor() -> None:
    found = predicted(networks(OF_NETWORK % 3 == 2), Predict(None, "test_score > 0.5", 0.8))
    assert (found.verdict, factors_of(found)) == (Verdict.DEPENDS, {"depth"})
    assert found.moderator is not None
    assert found.moderator.levels[0].label == "20"
    assert "Depends on depth: 100%" in found.because


@pytest.mark.parametrize(
    ("hits", "verdict", "mean"),
    [
        (OF_NETWORK < 4, Verdict.HOLDS, 1.0),
        (OF_NETWORK % 2 == 0, Verdict.NO_DIFFERENCE, 0.5 - 3 / 5),
        (OF_NETWORK >= 0, Verdict.NO_DIFFERENCE, 0.0),
        (OF_NETWORK >= 4, Verdict.OPPOSITE, -1.0),
    ],
)
def test_more_frequent_with_the_condition_than_without(hits: np.ndarray, verdict: Verdict, mean: float) -> None:
    found = predicted(
        networks(hits, replicates=8), Predict("gradient_ratio_init < 3.5", "test_score > 0.5", more_by=0.2)
    )
    assert found.verdict is verdict
    effect = place_of(found).effect
    assert effect is not None
    assert effect[0] == pytest.approx(mean)
    assert -1 <= effect[1] < effect[0] < effect[2] <= 1 or abs(mean) == 1
    assert 0 < place_of(found).detectable < 0.5
    assert found.prediction is not None
    assert (found.prediction.networks, found.prediction.others) == (4, 5)


def test_few_runs_leave_a_prediction_open() -> None:
    form = Predict("gradient_ratio_init < 3.5", "test_score > 0.5", more_by=0.2)
    found = predicted(networks(OF_NETWORK % 2 == 0, replicates=2), form)
    assert (found.verdict, found.reason) == (Verdict.OPEN, "too few networks and runs")


def test_what_no_outcome_could_support_is_what_the_best_one_does_not() -> None:
    """Of tables in which all runs agree, the judge supports what `impossible` lets pass, and nothing else."""
    seen = set()
    for replicates, n, at_least in itertools.product((2, 5), (1, 9, 27), (0.5, 0.8, 0.9, 0.95, 1.0)):
        evidence = permuted(networks(np.ones((27, 1)), replicates=replicates, same=False), range(n), range(3))
        form = Predict(None, "test_score > 0.5", at_least)
        why = form.impossible(n, replicates)
        seen.add(bool(why))
        assert (predicted(evidence, form).verdict is Verdict.HOLDS) != bool(why)
        assert not why or f"all of {n} recipes of {replicates} replicates agree" in why
    assert seen == {True, False}
    assert Predict("gradient_ratio_init > 3", "test_score > 0.5", more_by=1.0).impossible(1, 2) == ""
