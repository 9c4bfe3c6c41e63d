"""The registry of statistics: every place that shows one derives from its entry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS
from suite.protocol.run_statistics import STATISTICS, Statistic

ROOT = Path(__file__).parents[2]
ENTRY = """    Statistic(
        "loss_drop", "Loss drop", lambda run: float(run.traces["loss"][0] - run.traces["loss"][-1]), name="loss drop",
        meaning="Training loss of the first batch minus that of the last.",
    ),
)  # fmt: skip
"""
USE = """
import sys
from pathlib import Path
from leaderboard import site
from leaderboard.boards import board
from leaderboard.columns import columns
from suite.results import reader
from tests.leaderboard.synthetic import write_results
folder = write_results(Path(sys.argv[1]) / "results", "few", layers=3, probes=4, missing=0)
results = reader.read(folder)
assert results.replicates["loss_drop"].notna().all() and results.cells["loss_drop"].notna().all()
assert "loss_drop" in {column.key for column in columns(board(results))}
site.build(folder.parent, Path(sys.argv[1]) / "site")
page = next(Path(sys.argv[1], "site", "few", "cell").glob("*.html")).read_text()
assert "Training loss of the first batch minus that of the last" in page and page.count("Loss drop") >= 2
assert "loss drop" in Path(sys.argv[1], "site", "method.html").read_text()
print("everywhere")
"""


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda statistic: statistic.key)
def test_every_statistic_is_a_column_and_is_explained(statistic: Statistic) -> None:
    assert statistic.key in REPLICATE_COLUMNS
    assert (statistic.key in CELL_COLUMNS) == statistic.of_cell
    assert bool(statistic.meaning) != bool(statistic.beside)
    assert not statistic.beside or any(other.key == statistic.beside and other.meaning for other in STATISTICS)


def test_a_new_statistic_is_one_entry(tmp_path: Path) -> None:
    """In a copy of the project: it reaches tables, the check of tables, the board, the recipe page and the glossary."""
    ignored = shutil.ignore_patterns("__pycache__", "rnn_*", "cnn_*", "deep_*", "*.parquet", "*.csv")
    for package in ("suite", "leaderboard", "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    registry = tmp_path / "suite" / "protocol" / "run_statistics.py"
    text = registry.read_text(encoding="utf-8")
    assert text.count(")  # fmt: skip\n") == 1
    registry.write_text(text.replace(")  # fmt: skip\n", ENTRY), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "out")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "everywhere" in done.stdout, done.stderr[-2000:]
