"""One set of synthetic results and its site, built once, for all tests that only look at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderboard import site
from tests.leaderboard.synthetic import NASTY, SCRIPT, write_results


@dataclass(frozen=True)
class Built:
    """Exported results and the site built from them."""

    results: Path
    site: Path
    report: site.BuildReport


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A plain grid with missing cells, a recurrent one scored by error, and one of several depths with a nasty name."""
    results = tmp_path_factory.mktemp("results")
    write_results(results, reference=0.98)
    write_results(
        results,
        "rnn_adding",
        title="Which recurrent cell carries a gradient over a hundred steps?",
        grid={"unit": ["rnn", "lstm", "gru"], "length": [20, 50, 100], "clipping": ["none", 1.0]},
        metric="mse",
        length=100,
        layers=2,
        missing=2,
        seed=3,
    )
    write_results(
        results,
        "depth",
        title=f"How deep does {SCRIPT} go? {NASTY}",
        grid={"activation": ["tanh", "relu", SCRIPT], "initializer": ["glorot_uniform", "he_normal"], "depth": [5, 30]},
        missing=0,
        reference=0.98,
        seed=4,
    )
    out = tmp_path_factory.mktemp("built") / "site"
    return Built(results, out, site.build(results, out))
