"""The page of advice says what the verdicts say, and is refused where they rest on other tables."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from leaderboard import site
from leaderboard.advice import Advice, ClaimView
from suite.claims import published
from suite.claims.from_results import digest_of
from suite.claims.verdicts import Verdict
from suite.results.errors import ResultsError
from suite.results.reader import folders, read
from tests.leaderboard.conftest import CLAIMS, Built
from tests.leaderboard.synthetic import SCRIPT, write_results


@pytest.fixture(scope="module")
def advice(built: Built) -> Advice:
    digests = {folder.name: digest_of(read(folder).manifest) for folder in folders(built.results)}
    return Advice(published.read(built.results, digests))


def said(advice: Advice, id: str) -> ClaimView:
    return next(one for one in advice.claims if one.claim.id == id)


def test_every_claim_is_listed_under_its_topic_and_has_a_page(built: Built, advice: Advice) -> None:
    page = (built.site / "advice.html").read_text()
    assert re.findall(r'<article class="claim v-\w+" id="([\w-]+)"', page) == [
        one.claim.id for own in advice.topics.values() for one in own
    ]
    assert {one.claim.id for one in advice.claims} == {claim.id for claim in CLAIMS}
    assert advice.claims[-1].claim.verdict is Verdict.NOT_TESTABLE
    for one in advice.claims:
        assert one.claim.because.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page
        assert (built.site / "advice" / f"{one.claim.id}.html").is_file()
    assert list(advice.topics) == ["Units", "Depth", "Elsewhere"]
    assert sum(count for _, _, count in advice.counts) == len(CLAIMS)


def test_the_front_leads_to_it(built: Built) -> None:
    front = (built.site / "index.html").read_text()
    navigation, doors = (front[front.index(start) :] for start in ('<nav aria-label="Site">', '<nav class="doors"'))
    assert all('<a href="advice.html">' in part[: part.index("</nav>")] for part in (navigation, doors))
    found = front[front.index('<ul class="headlines">') :]
    assert f" of {sum(bool(one.form) for one in CLAIMS) - 1} pieces of advice hold." in found, "one has no tables"


def test_links_from_contexts_lead_to_cells(built: Built, advice: Advice) -> None:
    one = said(advice, "batch")
    for context in one.live:
        path, _, chosen = one.link(context).partition("#")
        assert (built.site / "advice" / path).resolve().is_file()
        for cell in re.findall(r"cell=(\w+)", chosen):
            assert (built.site / context.benchmark / "cell" / f"{cell}.html").is_file()
    for name, cell in said(advice, "predicts").claim.prediction.misses:  # type: ignore[union-attr]
        assert (built.site / name / "cell" / f"{cell}.html").is_file()


def test_marks_lie_on_their_axis_in_order(advice: Advice) -> None:
    for one in advice.claims:
        for mark in [*([one.effect] if one.effect else []), *map(one.mark, (*one.live, *one.places))]:
            places = {name: float(value) for name, value in re.findall(r"--(\w):([0-9.]+)", mark.style)}
            assert 0 <= places["a"] <= places["m"] <= places["b"] <= 1
            assert places["d"] == pytest.approx(
                one.axis.at(0.9 if one.claim.form in ("value", "predict") else one.claim.by), abs=1e-4
            )
            assert places["z"] <= places["d"]


def test_the_tally_is_of_all_live_contexts(advice: Advice) -> None:
    for one in advice.claims:
        assert sum(count for _, count, _ in one.tally) == len(one.live)


def test_what_a_claim_holds_is_text(built: Built) -> None:
    for page in ("advice.html", "advice/waiting.html", "advice/depth.html"):
        assert SCRIPT not in (built.site / page).read_text()


def test_without_verdicts_the_page_says_how_to_make_them(tmp_path: Path) -> None:
    write_results(tmp_path / "results", "tiny", grid={"activation": ["relu", "tanh"]}, layers=3, probes=4, missing=0)
    site.build(tmp_path / "results", tmp_path / "site")
    assert "suite claims my_claim.yaml" in (tmp_path / "site" / "advice.html").read_text()
    assert "The advice, tested:" not in (tmp_path / "site" / "index.html").read_text()


def test_verdicts_on_other_tables_are_refused(built: Built, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(built.results, results)
    write_results(results, "depth", grid={"depth": [5, 30]}, missing=0, seed=9)
    with pytest.raises(ResultsError) as caught:
        site.build(results, tmp_path / "site")
    assert (
        "was judged on other tables of depth than those here (see depth); update it with `suite claims --results"
        in str(caught.value)
    )
    shutil.rmtree(results / "depth")
    with pytest.raises(ResultsError, match="other tables of depth"):
        site.build(results, tmp_path / "site")


def test_verdicts_that_wait_for_tables_which_are_here_by_now_are_refused(built: Built, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(built.results, results)
    write_results(results, "nowhere", grid={"depth": [5, 30]}, missing=0, seed=9)
    with pytest.raises(ResultsError, match=r"other tables of nowhere than those here \(see absent\)"):
        site.build(results, tmp_path / "site")
    manifest = results / "nowhere" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"quick": false', '"quick": true'))
    site.build(results, tmp_path / "site")  # of a quick slice nothing is judged: it is not what they wait for


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:100], "Invalid JSON"),
        (lambda text: text.replace('"protocol_version": ', '"protocol_version": 1'), "Expected protocol version"),
        (lambda text: json.dumps({**json.loads(text), "claims": [{"id": "x"}]}), "claims.0.says: Field required"),
        (
            lambda text: text.replace('"verdict": "not testable here"', '"verdict": "proven"'),
            "verdict: Input should be",
        ),
    ],
)
def test_verdicts_that_are_not_as_they_should_be_are_told(
    built: Built, tmp_path: Path, change: object, message: str
) -> None:
    (tmp_path / published.FILE).write_text(change((built.results / published.FILE).read_text()))  # type: ignore[operator]
    with pytest.raises(ResultsError) as caught:
        published.read(tmp_path, {})
    assert message in str(caught.value)
    assert "update it with" in str(caught.value)
