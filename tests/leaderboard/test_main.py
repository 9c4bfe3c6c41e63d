"""`python -m leaderboard`, as the workflow calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

import leaderboard
from leaderboard.__main__ import main
from suite.results.manifest import WITHOUT_DRAWS
from suite.results.reader import read
from suite.spec import expand, read_benchmarks, shipped_specs
from tests.leaderboard.synthetic import write_results


def test_build_check_and_complain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    folder = write_results(results, "tiny", grid={"activation": ["relu", "tanh"]}, layers=3, probes=4, missing=0)
    assert main(["--results", str(results), "--out", str(out)]) == 0
    assert "14 pages of 2 cells" in capsys.readouterr().out
    assert main(["--results", str(results), "--check", str(out)]) == 0
    assert "matches" in capsys.readouterr().out
    (out / "method.html").write_text("changed")
    assert main(["--results", str(results), "--check", str(out)]) == 1
    assert "method.html: differs from its results" in capsys.readouterr().out
    (folder / "cells.csv").unlink()
    assert main(["--results", str(results), "--out", str(out)]) == 2
    assert "cells.csv: no such file" in capsys.readouterr().err


def test_the_published_results_can_be_built(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path / "site")]) == 0
    assert (tmp_path / "site" / "deep_mlp" / "index.html").is_file()


@pytest.mark.parametrize("name", shipped_specs())
def test_every_benchmark_is_published_whole(name: str) -> None:
    """With the very cells that its spec expands to now, all of them, and as many replicates as it asks. A board of the
    protocol before has the same grid, under other fingerprints."""
    for benchmark in read_benchmarks(shipped_specs()[name]):
        published = read(Path(leaderboard.__file__).parent / "results" / benchmark.name)
        assert published.manifest.missing == ()
        cells = expand(benchmark)
        if published.manifest.protocol_version == WITHOUT_DRAWS:
            assert len(published.cells) == len(cells)
            continue
        assert sorted(published.cells["cell"]) == sorted(cell.fingerprint for cell in cells)
        assert set(published.replicates["cell"]) == set(published.cells["cell"])
        tuned = {cell.fingerprint for cell in cells if cell.recipe["learning_rate"] is None}
        assert set(published.trials["cell"]) == tuned
        assert (published.replicates.groupby("cell").size() == benchmark.budget.replicates).all()
        assert not published.manifest.quick
