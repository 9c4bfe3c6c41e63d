"""MLflow and the page tell the same story of a run: both are read after a real one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaderboard.boards import board
from leaderboard.findings import Findings
from leaderboard.scales import significant
from suite.results import reader as tables

if TYPE_CHECKING:
    from tests.conftest import Suite


def test_accuracy_and_gradient_ratio_agree(suite: Suite) -> None:
    from mlflow import MlflowClient

    suite("run", suite.spec, "--only", "activation=relu,initializer=he_normal", "--workers", 1)
    suite("export", suite.spec, "--out", "results")
    suite("leaderboard", "--results", "results", "--out", "site")

    client = MlflowClient(f"sqlite:///{suite.folder / 'mlflow.db'}")
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    replicates = [run for run in runs if "result/gradient_ratio_median" in run.data.metrics]
    assert len(replicates) == 2

    page = next(path for path in (suite.folder / "site/tiny/cell").glob("*.html") if "Its runs" in path.read_text())
    table = page.read_text().split('id="runs"')[1].split("</table>")[0]
    rows = {seed: cells for cells in map(_cells, re.findall(r"<tr>(.*?)</tr>", table)) if (seed := cells[1])}
    for run in replicates:
        shown, metrics = rows[run.data.tags["seed"]], run.data.metrics
        assert shown[2] == run.data.tags["outcome"]
        assert shown[3] == f"{metrics['result/test_accuracy']:.3f}"
        assert shown[7] == significant(metrics["result/gradient_ratio_init"])
        assert shown[8] == significant(metrics["result/gradient_ratio_median"])


def test_findings_of_terminal_and_page_agree(suite: Suite) -> None:
    spec = suite.folder / suite.spec
    text = spec.read_text().replace("[relu, tanh]", "[relu, tanh, elu, selu]")
    spec.write_text(text.replace("steps: 30", "steps: 150").replace("high: 1.0", "high: 0.3"))
    shown = suite("run", suite.spec, "--workers", 1).stdout
    suite("export", suite.spec, "--out", "results")
    told = re.findall(r"(\w+) beats (\w+) by (\S+) test accuracy \((\S+) to (\S+)\)", " ".join(shown.split()))
    assert told

    pairs = Findings(board(tables.read(suite.folder / "results/tiny"))).pairs
    on_page = {
        (pair.level, pair.other): tuple(f"{x:.3f}" for x in sorted(map(abs, (pair.mean, pair.low, pair.high))))
        for pair in pairs
    }
    for better, worse, mean, low, high in told:
        assert on_page[better, worse] == tuple(sorted((mean, low, high)))


def _cells(row: str) -> list[str]:
    texts = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)
    return [re.sub(r"<[^>]*>.*", "", re.sub(r"^<[^>]*>", "", text)) for text in texts]
