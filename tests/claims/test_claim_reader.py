"""Claims are read as strictly as benchmarks, and change none of their fingerprints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from suite.claims.claim import Claim
from suite.claims.claim_files import claims_in
from suite.claims.claim_reader import read_claims
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.forms.spread import Spread
from suite.claims.forms.trend import Trend
from suite.claims.forms.value import Value
from suite.spec import SpecError, expand, read_benchmarks
from tests.spec.specs import alike, tiny, unmark, write

SPEC = tiny(
    grid="grid: {activation: [relu, tanh, sigmoid], optimizer: [sgd, adam], width: [8, 16, 32]}",
    fixed="fixed: {depth: 4}",
)
CLAIM = """claims:
  - id: avoid-tanh
    says: Avoid tanh as well as sigmoid.
    benchmark: tiny
    compare: {activation: [relu, tanh]}
"""


def claims(folder: Path, text: str, spec: str = SPEC) -> list[Claim]:
    """Of a file of claims beside a spec."""
    write(folder, spec)
    file = folder / "claims.yaml"
    file.write_text(text)
    return read_claims(file)


def one(folder: Path, line: str) -> Claim:
    """A claim with one line in place of its comparison."""
    (claim,) = claims(folder, CLAIM.replace("compare: {activation: [relu, tanh]}", line))
    return claim


def test_ten_lines_make_a_claim(tmp_path: Path) -> None:
    (claim,) = claims(tmp_path, CLAIM)
    assert claim.form == Compare({"activation": ("relu",)}, {"activation": ("tanh",)})
    assert (claim.id, claim.benchmarks, claim.measure, claim.by) == ("avoid-tanh", ("tiny",), "test_score", 0.02)
    assert claim.baseline == ""
    assert re.fullmatch("[0-9a-f]{16}", claim.digest)


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("compare: {activation: [relu, [tanh, sigmoid]]}", Compare({"activation": ("relu",)}, {"activation": ("tanh", "sigmoid")})),
        ("compare: {activation: [relu, tanh], optimizer: [adam, sgd]}",
         Compare({"activation": ("relu",), "optimizer": ("adam",)}, {"activation": ("tanh",), "optimizer": ("sgd",)})),
        ("trend: {width: up}", Trend("width", 1)),
        ("spread: width", Spread("width")),
        ("spread: width\n    compare: {optimizer: [adam, sgd]}", Spread("width", Compare({"optimizer": ("adam",)}, {"optimizer": ("sgd",)}))),
        ("predict: {when: dead_fraction > 0.5, then: outcome != trained, at_least: 0.8}",
         Predict("dead_fraction > 0.5", "outcome != trained", 0.8)),
        ("predict: {then: gradient_factor_init < 1, at_least: 0.8}", Predict(None, "gradient_factor_init < 1", 0.8)),
        ("predict: {when: dead_fraction > 0.5, then: outcome != trained, more_by: 0.2}",
         Predict("dead_fraction > 0.5", "outcome != trained", more_by=0.2)),
        ("value: {figure: 0.87, within: 0.01}", Value(0.87, 0.01)),
    ],
)  # fmt: skip
def test_forms(line: str, form: object, tmp_path: Path) -> None:
    assert one(tmp_path, line).form == form


def test_deltas_are_those_of_the_measure_unless_said(tmp_path: Path) -> None:
    compare = "compare: {activation: [relu, tanh]}\n    measure: "
    assert one(tmp_path, compare + "success_rate").by == 0.3
    assert one(tmp_path, compare + "gradient_ratio_init\n    first: higher").by == 1.0
    assert one(tmp_path, compare + "train_score - test_score\n    first: lower").by == 0.02
    assert one(tmp_path, compare + "test_score\n    by: 0.1").by == 0.1


def test_a_baseline_is_a_condition_of_the_second_side(tmp_path: Path) -> None:
    (without,) = claims(tmp_path, CLAIM)
    (claim,) = claims(tmp_path, CLAIM + "    baseline: outcome == diverged\n")
    assert claim.baseline == "outcome == diverged"
    assert claim.names == {"test_score", "outcome"}
    assert claim.test_text == f"{without.test_text}; if outcome == diverged on the second side"
    assert claim.digest != without.digest


def test_a_prediction_that_no_outcome_could_support_is_a_mistake(tmp_path: Path) -> None:
    """Two replicates of 18 recipes that all agree leave 14 percent open, and of fewer recipes more."""
    told = "predict: {then: outcome == slow, at_least: AT}\n    where: {WHERE}"

    def read(at: str, where: str) -> Claim:
        return one(tmp_path, told.replace("AT", at).replace("WHERE", where))

    assert read("0.85", "").form == Predict(None, "outcome == slow", 0.85)
    for at, where, recipes in (("0.87", "", 18), ("0.85", "activation: relu", 6), ("1", "", 18)):
        with pytest.raises(SpecError) as caught:
            read(at, where)
        (problem,) = caught.value.problems
        assert problem.key == "claims.predict"
        assert problem.message.startswith(
            f"got at_least: {at}, which no outcome could support: if all of {recipes} recipes"
        )
    more = one(tmp_path, "predict: {when: dead_fraction > 0.5, then: outcome == slow, more_by: 1.0}")
    assert more.form == Predict("dead_fraction > 0.5", "outcome == slow", more_by=1.0)


def test_a_claim_in_a_benchmarks_own_file_is_about_it(tmp_path: Path) -> None:
    own = CLAIM.replace("    benchmark: tiny\n", "")
    file = write(tmp_path, SPEC + own)
    (claim,) = read_claims(file)
    assert claim.benchmarks == ("tiny",)


def test_claims_change_no_fingerprint(tmp_path: Path) -> None:
    (without,) = read_benchmarks(write(tmp_path, SPEC))
    before = [cell.fingerprint for cell in expand(without)]
    (claimed,) = read_benchmarks(write(tmp_path, SPEC + CLAIM))
    assert [cell.fingerprint for cell in expand(claimed)] == before


def test_levels_are_found_by_any_of_their_names(tmp_path: Path) -> None:
    spec = tiny(grid="grid: {normalization: [none, {name: batch, label: bn}], train_size: [100, 200]}")
    text = CLAIM.replace(
        "{activation: [relu, tanh]}", "{normalization: [batch_norm, none]}\n    where: {train_size: 100, depth: 4}"
    )
    (claim,) = claims(tmp_path, text, spec)
    assert claim.form == Compare({"normalization": ("bn",)}, {"normalization": ("none",)})
    assert claim.where == {"train_size": ("100",), "depth": ("4",)}


def test_the_digest_is_of_what_is_claimed(tmp_path: Path) -> None:
    (first,) = claims(tmp_path, CLAIM)
    (commented,) = claims(tmp_path, "# a comment\n" + CLAIM + "    source: Somebody\n    topic: Units\n    by: 0.02\n")
    (sharper,) = claims(tmp_path, CLAIM + "    by: 0.05\n")
    assert first.digest == commented.digest != sharper.digest


def test_a_file_has_a_topic_and_a_source_for_all(tmp_path: Path) -> None:
    (claim,) = claims(tmp_path, "topic: Units\nsource: A book\n" + CLAIM)
    assert (claim.topic, claim.source) == ("Units", "A book")


def test_short_names_of_sources_are_written_out(tmp_path: Path) -> None:
    text = "sources: {A: A blog post, B: 'Somebody, a book'}\n" + CLAIM
    for written, told in (
        ("A, B", "A blog post; Somebody, a book"),
        ("A, C", "A, C"),
        ("Somebody else", "Somebody else"),
    ):
        (claim,) = claims(tmp_path, text + f"    source: {written}\n")
        assert claim.source == told


def test_what_cannot_be_judged_says_why(tmp_path: Path) -> None:
    (claim,) = claims(tmp_path, "claims:\n  - {id: gan, says: GANs are hard., untestable: there is no GAN here}\n")
    assert (claim.form, claim.untestable) == (None, "there is no GAN here")


# (the claim's lines with § where the problem is, key, message)
MISTAKES = [
    ("§on: 3", "claims.on", "unknown key, expected one of id, says, …"),
    ("§true: 3", "claims.true", "unknown key, …"),
    ("compare: {§activaton: [relu, tanh]}", "claims.compare.activaton", "unknown factor in tiny: got activaton, …; did you mean activation?"),
    ("compare: {§depth: [4, 8]}", "claims.compare.depth", "is fixed, not varied in tiny: …"),
    ("compare: {activation: [relu, §tahn]}", "claims.compare.activation", "got tahn, expected one of relu, tanh, sigmoid; did you mean tanh?"),
    ("compare: {activation: §[relu, relu]}", "claims.compare.activation", "got relu on both sides, expected different levels"),
    ("compare: {activation: §[relu]}", "claims.compare.activation", "got a list of 1, expected two levels, …"),
    ("compare: {width: [8, §9]}", "claims.compare.width", "got 9, expected one of 8, 16, 32"),
    ("compare: §{}", "claims.compare", "got an empty mapping, …"),
    ("compare: §relu", "claims.compare", "got relu, expected a mapping"),
    ("trend: {§activation: up}", "claims.trend.activation", "has the level relu, expected a numeric factor"),
    ("trend: {width: §sideways}", "claims.trend.width", "got sideways, expected 'up' or 'down'"),
    ("spread: §colour", "claims.spread", "unknown factor in tiny: …"),
    ("spread: §optimizer\n    compare: {optimizer: [adam, sgd]}", "claims.spread", "got optimizer, which compare uses too: …"),
    ("compare: §null", "claims.compare", "got null, …"),
    ("spread: width\n    §trend: {width: up}", "claims.trend", "got spread and trend, expected one of them"),
    ("predict: {then: §test_score, at_least: 0.9}", "claims.predict.then", "got test_score, expected a condition, such as test_score > 0.5"),
    ("predict: {then: §outcome == traned, at_least: 0.9}", "claims.predict.then", "got traned, expected one of …; did you mean trained?"),
    ("predict: §{then: outcome == slow}", "claims.predict", "expected either at_least, the least share, or more_by, …"),
    ("predict: §{when: dead_fraction > 0.5, then: outcome == slow, at_least: 0.9, more_by: 0.2}", "claims.predict",
     "expected either at_least, the least share, or more_by, …"),
    ("predict: §{then: outcome == slow, more_by: 0.2}", "claims.predict", "has more_by, expected when, …"),
    ("predict: {when: dead_fraction > 0.5, then: outcome == slow, more_by: §0}", "claims.predict.more_by", "got 0, expected a number above 0"),
    ("predict: {when: §dead_fraction, then: outcome == slow, more_by: 0.2}", "claims.predict.when", "got dead_fraction, expected a condition, …"),
    ("predict: {then: outcome == slow, at_least: §90}", "claims.predict.at_least", "got 90, expected a number of at most 1"),
    ("value: {figure: 0.8, within: §0}", "claims.value.within", "got 0, expected a number above 0"),
    ("compare: {activation: [relu, tanh]}\n    measure: §tets_score", "claims.measure", "got tets_score, …; did you mean test_score?"),
    ("compare: {activation: [relu, tanh]}\n    by: §-1", "claims.by", "got -1, expected a number of at least 0"),
    ("compare: {activation: [relu, tanh]}\n    §holds: everywhere", "claims.holds", "unknown key, …"),
    ("compare: {activation: [relu, tanh]}\n    baseline: §test_score", "claims.baseline", "got test_score, expected a condition, such as test_score > 0.5"),
    ("compare: {activation: [relu, tanh]}\n    baseline: §outcome == traned", "claims.baseline", "got traned, …; did you mean trained?"),
    ("trend: {width: up}\n    §baseline: outcome == slow", "claims.baseline", "can only be used with compare"),
    ("spread: width\n    compare: {optimizer: [adam, sgd]}\n    §baseline: outcome == slow", "claims.baseline", "can only be used with compare"),
    ("compare: {activation: [relu, tanh]}\n    where: {width: §9}", "claims.where.width", "got 9, expected one of 8, 16, 32"),
    ("compare: {activation: [relu, tanh]}\n    where: {depth: §9}", "claims.where.depth", "got 9, but depth is always 4 in tiny"),
    ("compare: {activation: [relu, tanh]}\n    where: {activation: §[relu, sigmoid]}", "claims.where.activation", "excludes tanh, …"),
    ("compare: {activation: [relu, tanh]}\n    where: {width: 8, activation: §sigmoid}", "claims.where.activation", "excludes relu, …"),
    ("value: {figure: 1, within: 1}\n    §by: 0.1", "claims.by", "cannot be combined with value, which has within"),
    ("predict: {then: outcome == slow, at_least: 1}\n    §measure: test_score", "claims.measure", "cannot be combined with predict, …"),
    ("trend: {width: up}\n    §first: higher", "claims.first", "can only be used with compare"),
    ("§compare: {activation: [relu, tanh]}\n    needs: a probe", "claims.compare", "cannot be combined with needs: …"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "key", "message"), MISTAKES, ids=lambda value: value if value.startswith("claims.") else ""
)
def test_mistakes(line: str, key: str, message: str, tmp_path: Path) -> None:
    marked = CLAIM.replace("compare: {activation: [relu, tanh]}", line)
    text, place = unmark(marked)
    with pytest.raises(SpecError) as caught:
        claims(tmp_path, text)
    found = [(problem.key, problem.line, problem.column) for problem in caught.value.problems]
    assert (key, *place) in found
    assert any(alike(problem.message, message) for problem in caught.value.problems if problem.key == key)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLAIM.replace("tiny", "tniy"), "got tniy, expected a benchmark: …; did you mean tiny?"),
        (CLAIM.replace("    benchmark: tiny\n", ""), "is missing, expected the name of a benchmark"),
        (CLAIM.replace("benchmark: tiny", "benchmark: []"), "got an empty list, expected the name of a benchmark"),
        (CLAIM + CLAIM.split("\n", 1)[1], "got avoid-tanh again; the first is on line 2"),
        (CLAIM.replace("    compare: {activation: [relu, tanh]}\n", ""), "is missing, expected one of compare, predict, …"),
        (CLAIM + "    measure: dead_fraction\n    by: 0.1\n", "is missing, expected first: higher or first: lower, …"),
        (CLAIM + "    measure: dead_fraction\n    first: lower\n", "is missing, expected the smallest difference of dead_fraction that counts"),
        ("claims:\n  - relu\n", "got relu, expected a claim, …"),
        ("claims: []\n", "got an empty list, expected at least one …"),
    ],
)  # fmt: skip
def test_mistakes_elsewhere(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        claims(tmp_path, text)
    assert any(alike(problem.message, message) for problem in caught.value.problems), caught.value


def test_a_comparison_without_a_pair_of_cells_is_a_mistake(tmp_path: Path) -> None:
    spec = tiny(exclude="exclude: [{activation: relu, optimizer: sgd}, {activation: tanh, optimizer: adam}]")
    with pytest.raises(SpecError) as caught:
        claims(tmp_path, CLAIM, spec)
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (5, "claims.compare")
    assert problem.message == "cannot be judged: tiny has no two recipes that differ only in activation"
    (claim,) = claims(tmp_path, CLAIM.replace("[relu, tanh]}", "[relu, tanh], optimizer: [adam, sgd]}"), spec)
    assert claim.form is not None


WITHOUT = CLAIM.replace("    benchmark: tiny\n", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "benchmark: tiny\n" + WITHOUT.replace("relu, tanh", "relu, tahn"),
            [("benchmark", "…expected it in each claim…"), ("claims.compare.activation", "got tahn, …")],
        ),
        (
            WITHOUT.replace("relu, tanh", "relu"),
            [("claims.benchmark", "is missing, …"), ("claims.compare.activation", "…expected two levels, …")],
        ),
        (
            WITHOUT.replace("relu, tanh", "relu, relu"),
            [("claims.benchmark", "is missing, …"), ("claims.compare.activation", "got relu on both sides, …")],
        ),
    ],
)
def test_a_claim_is_held_to_what_can_be_known_where_its_benchmark_is_not(
    text: str, told: list[tuple[str, str]], tmp_path: Path
) -> None:
    with pytest.raises(SpecError) as caught:
        claims(tmp_path, text)
    assert [problem.key for problem in caught.value.problems] == [key for key, _ in told], caught.value
    assert all(alike(p.message, message) for p, (_, message) in zip(caught.value.problems, told, strict=True))


def test_a_benchmark_whose_file_has_mistakes_is_told_with_the_first(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        claims(tmp_path, CLAIM, tiny(target="target: 7"))
    assert "got tiny, whose file has errors, the first: " in caught.value.problems[0].message


def test_links_that_lead_nowhere_have_no_claims(tmp_path: Path) -> None:
    file = write(tmp_path, tiny())
    (tmp_path / "there.yaml").symlink_to("back.yaml")
    (tmp_path / "back.yaml").symlink_to("there.yaml")
    (tmp_path / "gone.yaml").symlink_to("nothing")
    assert claims_in([tmp_path], [file]) == ([], [])
