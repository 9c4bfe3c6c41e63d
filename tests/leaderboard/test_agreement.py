"""MLflow and the page tell the same story of a run: both are read after a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leaderboard.boards import board
from leaderboard.findings import BoardFindings
from suite.results import reader as tables
from tests.conftest import TINY, Suite


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> tuple[Suite, str]:
    """A run of one program, long enough to tell initializers apart, and what it said; exported, its site built."""
    suite = Suite(tmp_path_factory.mktemp("agreement"), lambda: empty_database)
    text = TINY.replace("[relu, tanh]", "[relu]\n  schedule: [constant, cosine, exponential]").replace("0.01", "0.0001")
    suite.spec.write_text(
        text.replace("steps: 30, trials: 4, replicates: 2", "steps: 300, trials: 6, replicates: 6").replace(
            "high: 1.0", "high: 0.3"
        )
    )
    shown = suite("run", suite.spec, "--workers", 0).stdout
    suite("export", suite.spec, "--out", "results")
    suite("leaderboard", "--results", "results", "--out", "site")
    return suite, shown


def test_accuracy_and_gradient_ratio_agree(ran: tuple[Suite, str]) -> None:
    from mlflow import MlflowClient

    suite, _ = ran
    client = MlflowClient(f"sqlite:///{suite.folder / 'mlflow.db'}")
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert len(runs) == 6

    pages = {path.stem: path.read_text() for path in (suite.folder / "site/tiny/cell").glob("*.html")}
    for run in runs:
        page, metrics = pages[run.data.tags["suite.fingerprint"]], run.data.metrics
        for label, name in (("test accuracy", "test_accuracy"), ("R, first step", "gradient_ratio")):
            (shown,) = re.findall(rf"<dt>{label}.*?</dt><dd>([^<]+)<", page)
            assert float(shown.replace("−", "-")) == pytest.approx(metrics[name], rel=0.06, abs=6e-4), label
        runs_table = page.split('id="runs"')[1].split("</table>")[0]
        for outcome, count in (each.split() for each in run.data.tags["outcome"].split(", ")):
            assert runs_table.count(f'popovertarget="word-{outcome}"') == int(count)


def test_findings_of_terminal_and_page_agree(ran: tuple[Suite, str]) -> None:
    suite, shown = ran
    told = re.findall(r"(\w+) beats (\w+) by (\S+) test accuracy \((\S+) to (\S+)\)", " ".join(shown.split()))
    assert told

    pairs = BoardFindings(board(tables.read(suite.folder / "results/tiny"))).pairs
    on_page = {
        (pair.level, pair.other): tuple(f"{x:.3f}" for x in sorted(map(abs, (pair.mean, pair.low, pair.high))))
        for pair in pairs
    }
    for better, worse, mean, low, high in told:
        assert on_page[better, worse] == tuple(sorted((mean, low, high)))
