"""MLflow and the page tell the same story of a run: both are read after a real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leaderboard.boards import board
from leaderboard.findings import BoardFindings
from suite.pictures.numbers import significant
from suite.results import reader as tables
from tests.conftest import TINY, Suite


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> tuple[Suite, str]:
    """A run of one program, long enough to tell initializers apart, and what it said; exported, its site built."""
    suite = Suite(tmp_path_factory.mktemp("agreement"), lambda: empty_database)
    text = TINY.replace("[relu, tanh]", "[relu]\n  schedule: [constant, cosine, exponential]").replace("0.01", "0.0001")
    suite.spec.write_text(
        text.replace("steps: 30, trials: 4", "steps: 300, trials: 6").replace("high: 1.0", "high: 0.3")
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
    replicates = [run for run in runs if "result/gradient_ratio_median" in run.data.metrics]
    assert len(replicates) == 12

    pages = {path.stem: path.read_text() for path in (suite.folder / "site/tiny/cell").glob("*.html")}
    cells = {
        run.info.run_id: run.data.tags["suite.fingerprint"] for run in runs if "suite.fingerprint" in run.data.tags
    }
    for run in replicates:
        page = pages[cells[run.data.tags["mlflow.parentRunId"]]]
        table = page.split('id="runs"')[1].split("</table>")[0]
        rows = {seed: cells for cells in map(_cells, re.findall(r"<tr>(.*?)</tr>", table)) if (seed := cells[1])}
        shown, metrics = rows[run.data.tags["seed"]], run.data.metrics
        assert shown[2] == run.data.tags["outcome"]
        assert shown[3] == f"{metrics['result/test_accuracy']:.3f}"
        assert shown[7] == significant(metrics["result/gradient_ratio_init"])
        assert shown[8] == significant(metrics["result/gradient_ratio_median"])


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


def _cells(row: str) -> list[str]:
    texts = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)
    return [re.sub(r"<[^>]*>.*", "", re.sub(r"^<[^>]*>", "", text)) for text in texts]
