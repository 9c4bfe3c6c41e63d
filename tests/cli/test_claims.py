"""Claims as a user has them judged: real training of what is missing, verdicts from the store and from published tables."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from suite.claims.published import FILE
from suite.run.judging import published_folder
from tests.conftest import TINY, Suite
from tests.leaderboard.synthetic import write_results

CLAIMS = """\
topic: Mine
claims:
  - id: small-is-worse
    says: Small weights train worse.
    benchmark: tiny
    compare: {initializer: [he_normal, small]}
  - id: trained
    says: Of those that do not saturate at all, some train.
    benchmark: tiny
    predict: {then: outcome == trained, at_least: 0.01}
  - id: later
    says: Something else.
    needs: a probe of it
"""
GRID = {"activation": ["relu", "sigmoid"], "initializer": ["he_normal", "small"], "depth": [5, 30]}
ON_PUBLISHED = """\
claims:
  - {id: deep, says: Deep is worse., benchmark: tiny, trend: {depth: down}}
  - {id: sigmoid, says: Sigmoid is worse., benchmark: tiny, compare: {activation: [relu, sigmoid]}}
"""
PUBLISHED_SPEC = (
    TINY.replace("optimizer: [sgd]", "depth: [5, 30]")
    .replace("depth: 3, ", "")
    .replace("[relu, tanh]", "[relu, sigmoid]")
)


@pytest.fixture(scope="session")
def claimed(made_once: Callable[[str, Callable[[Path], None]], Path], empty_database: Path) -> Suite:
    """The tiny benchmark and claims on it, judged once, which trained it."""

    def make(folder: Path) -> None:
        (folder / "tiny.yaml").write_text(TINY)
        (folder / "mine.yaml").write_text(CLAIMS)
        shutil.copy(empty_database, folder / "mlflow.db")
        done = Suite(folder).process("claims", "mine.yaml", "--workers", 1)
        assert done.stderr == ""
        (folder / "first.txt").write_text(done.stdout)

    return Suite(made_once("claimed", make))


def test_claims_run_what_is_missing_and_end_with_the_verdicts(claimed: Suite) -> None:
    told = (claimed.folder / "first.txt").read_text()
    assert "tiny: 4 recipes, 0 finished, 4 to run" in told
    assert "\nMine\n" in told
    assert "small-is-worse" in told
    assert "3 claims: " in told
    assert "Waiting for a probe of it." in told
    assert _widest(told) <= 80


def test_what_is_recorded_is_judged_again_without_training(claimed: Suite) -> None:
    checked = claimed("claims", "mine.yaml", "--check").stdout
    assert "to run" not in checked
    assert checked.endswith("Own results in records: tiny.\n")
    assert (claimed.folder / "first.txt").read_text().endswith(checked)
    assert "4 finished, 0 to run" in claimed("claims", "mine.yaml").stdout


def test_every_context_of_a_claim_fits_a_terminal(claimed: Suite) -> None:
    shown = claimed("claims", "mine.yaml", "--check", "--show").stdout
    assert "test score: he_normal better than small by 0.02" in shown
    assert "activation relu" in shown
    assert "activation tanh" in shown
    assert "●" in shown
    assert _widest(shown) <= 80


def test_where_nothing_can_be_judged_on_it_says_where_it_looked_and_writes_nothing(suite: Suite) -> None:
    (suite.folder / "mine.yaml").write_text(CLAIMS)
    done = suite("claims", "mine.yaml", "--check", "--out", "out", status=2)
    assert done.stdout == ""
    for words in (
        "No results for tiny, neither in records nor in",
        "leaderboard/results. ",
        "Run the missing experiments with `suite claims mine.yaml`",
    ):
        assert words in done.stderr
    done = suite("claims", "mine.yaml", "--results", "nowhere", "--out", "out", status=2)
    assert "nowhere: no such folder." in done.stderr
    (suite.folder / "empty").mkdir()
    done = suite("claims", "mine.yaml", "--results", "empty", "--out", "out", status=2)
    assert "empty: contains no results for tiny: export yours with `suite export --out empty`." in done.stderr
    assert {path.name for path in suite.folder.iterdir()} <= {"tiny.yaml", "mine.yaml", "empty"}


def test_published_tables_are_judged_and_the_verdicts_written(suite: Suite) -> None:
    suite.spec.write_text(PUBLISHED_SPEC)
    (suite.folder / "mine.yaml").write_text(ON_PUBLISHED)
    results = suite.folder / "results"
    write_results(results, "tiny", grid=GRID, layers=5, missing=0)
    told = suite("claims", "mine.yaml", "--results", "results", "--out", "results").stdout
    assert "2 claims: " in told
    found = json.loads((results / FILE).read_text())
    assert [claim["id"] for claim in found["claims"]] == ["deep", "sigmoid"]
    assert found["claims"][0]["evidence"].keys() == {"tiny"}
    assert str(suite.folder) not in (results / FILE).read_text()
    text = (results / FILE).read_bytes()
    suite("claims", "mine.yaml", "--results", "results", "--out", "results")
    assert (results / FILE).read_bytes() == text


def test_tables_of_another_protocol_version_are_told_and_not_judged(suite: Suite) -> None:
    suite.spec.write_text(PUBLISHED_SPEC)
    (suite.folder / "mine.yaml").write_text(ON_PUBLISHED)
    folder = write_results(suite.folder / "results", "tiny", grid=GRID, layers=5, missing=0)
    manifest = json.loads((folder / "manifest.json").read_text())
    for version in (1, 4):
        (folder / "manifest.json").write_text(json.dumps({**manifest, "protocol_version": version}))
        assert (
            f"Expected protocol version 3. Received: {version}."
            in suite("claims", "mine.yaml", "--results", "results", status=2).stderr
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("claims", "avoid-tahn"), "avoid-tahn: no such file or claim; did you mean avoid-tanh?"),
        (("claims", "nowhere.yaml"), "nowhere.yaml: no such file"),
        (("claims", "tiny.yaml"), "tiny.yaml: contains no claims"),
        (("run", "mine.yaml"), "mine.yaml: contains claims and no benchmark: judge them with `suite claims mine.yaml`"),
        (("new", "tiny.yaml"), "tiny.yaml: already exists."),
        (("new", "q.txt"), "q.txt: expected a file name that ends in .yaml."),
        (("new", "q.yaml", "--task", "digts"), "q.yaml: task: got digts, expected one of digits"),
        (("new", "q.yaml", "--claim", "tniy"), "did you mean tiny?"),
        (
            ("new", "q.yaml", "--claim", "tiny", "--task", "xor"),
            "--task xor: cannot be combined with --claim tiny",
        ),
        (("check", ""), "'': got no name, expected a YAML file or the name of a benchmark"),
        (("plan", "tiny.yaml", "--replicates", "2.5"), "got 2.5, expected a whole number from 1 to"),
        (("plan", "tiny.yaml", "--replicates", "0"), "got 0, expected a whole number from 1 to"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], message: str, suite: Suite) -> None:
    (suite.folder / "mine.yaml").write_text(CLAIMS)
    done = suite(*arguments, status=2)
    assert message in done.stderr
    assert not (suite.folder / "q.yaml").exists()


def test_check_holds_claims_to_the_rules_too(suite: Suite) -> None:
    (suite.folder / "mine.yaml").write_text(CLAIMS)
    told = suite("check", "tiny.yaml", "mine.yaml").stdout
    assert "small-is-worse: claim on tiny\n" in told
    assert "later: claim that is not judged\n" in told
    (suite.folder / "mine.yaml").write_text(CLAIMS.replace("he_normal, small", "he_normal, smal"))
    assert "mine.yaml:6:40: claims.compare.initializer: got smal" in suite("check", "mine.yaml", status=2).stderr


def test_what_new_writes_passes_check(suite: Suite) -> None:
    suite("new", "question.yaml", "--task", "digits", "--model", "mlp")
    suite("new", "advice.yaml", "--claim", "tiny")
    told = suite("check", "question.yaml", "advice.yaml").stdout
    assert "question: 4 recipes" in told
    assert "advice: claim on tiny" in told


def _widest(told: str) -> int:
    """Of the lines that name no store: a path is not broken, and this one hangs on where the tests run."""
    return max(len(line) for line in told.splitlines() if not line.startswith("Own results in "))


def test_published_tables_of_the_working_folder_come_first(suite: Suite) -> None:
    """As in a clone, after `pip install .` has put the package elsewhere, without tables."""
    shutil.copytree(published_folder() / "depth", suite.folder / "leaderboard" / "results" / "depth")
    done = suite("claims", "depth", "--check")
    assert "Published results in leaderboard/results: depth." in done.stdout


def test_it_is_said_where_a_grid_is_half_run(suite: Suite) -> None:
    (suite.folder / "mine.yaml").write_text(CLAIMS)
    suite("run", "tiny.yaml", "--only", "initializer=he_normal", "--workers", "0")
    assert (
        "tiny: 2 of 4 recipes are finished. The others may change a verdict."
        in suite("claims", "mine.yaml", "--check").stdout
    )


def test_earlier_verdicts_become_history(suite: Suite) -> None:
    suite.spec.write_text(PUBLISHED_SPEC)
    (suite.folder / "mine.yaml").write_text(ON_PUBLISHED)
    results = suite.folder / "results"
    write_results(results, "tiny", grid=GRID, layers=5, missing=0)
    suite("claims", "mine.yaml", "--results", "results", "--out", "results")
    (first,) = (claim for claim in json.loads((results / FILE).read_text())["claims"] if claim["id"] == "deep")
    assert first["history"] == []
    write_results(results, "tiny", grid=GRID, layers=5, missing=0, seed=7)
    suite("claims", "mine.yaml", "--results", "results", "--out", "results")
    (second,) = (claim for claim in json.loads((results / FILE).read_text())["claims"] if claim["id"] == "deep")
    assert [(old["verdict"], old["digest"]) for old in second["history"]] == [(first["verdict"], first["digest"])]
    assert second["history"][0]["runs"] == first["contexts"][0]["replicates"]
    (results / FILE).write_text("{}")
    suite("claims", "mine.yaml", "--results", "results", "--out", "results")
    assert all(claim["history"] == [] for claim in json.loads((results / FILE).read_text())["claims"])
