"""One set of synthetic results and its site, built once, for all tests that only look at them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaderboard import site
from leaderboard.boards import Board, board
from suite.claims import published
from suite.claims.claim import Claim
from suite.claims.evaluation import evaluate_claim
from suite.claims.forms.compare import Compare
from suite.claims.forms.predict import Predict
from suite.claims.forms.spread import Spread
from suite.claims.forms.trend import Trend
from suite.claims.forms.value import Value
from suite.claims.from_results import evidence_of
from suite.results import reader
from tests.leaderboard.browser import browser, file_visit, served, visit
from tests.leaderboard.synthetic import NASTY, SCRIPT, write_results

__all__ = ["browser", "file_visit", "served", "visit"]  # fixtures


@dataclass(frozen=True)
class Built:
    """Exported results and the site built from them."""

    results: Path
    site: Path
    report: site.BuildReport


def claim(id: str, form: object = None, *benchmarks: str, **changes: object) -> Claim:
    """A claim, of a source and a topic."""
    about: dict[str, object] = {
        "source": "A book; A lecture",
        "topic": "Units",
        "by": 0.02,
        "digest": "0123456789abcdef",
    }
    return Claim(id=id, says=f"Of {id}.", form=form, benchmarks=benchmarks or ("deep_mlp",), **{**about, **changes})  # type: ignore[arg-type]


CLAIMS = (
    claim("batch", Compare({"normalization": ("batch",)}, {"normalization": ("none",)})),
    claim("sigmoid", Compare({"activation": ("sigmoid",)}, {"activation": ("relu",)}), source="A book"),
    claim("initializer", Compare({"initializer": ("he_normal",)}, {"initializer": ("small",)})),
    claim("depth", Trend("depth", -1), "depth", topic="Depth", dissent=NASTY, note=NASTY, source="A paper"),
    claim("spread", Spread("optimizer"), topic="Depth"),
    claim("predicts", Predict("gradient_ratio_init < -1", "outcome != trained", 0.9)),
    claim(
        "value",
        Value(0.9, 0.05),
        where={"activation": ("tanh",), "initializer": ("small",), "normalization": ("none",)},
    ),
    claim("absent", Trend("depth", 1), "nowhere"),
    claim("waiting", needs=f"a probe of {SCRIPT}"),
    claim("gan", untestable="there is none", topic="Elsewhere"),
)


def write_verdicts(results: Path) -> Path:
    """The verdicts on `CLAIMS` beside the exported folders, as `suite claims` writes them."""
    tables = {folder.name: evidence_of(reader.read(folder)) for folder in reader.folders(results)}
    return published.write([evaluate_claim(claim, tables) for claim in CLAIMS], results)


@pytest.fixture(scope="session")
def built(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Built:
    """A plain grid with missing cells, a recurrent one scored by error, and one of several depths with a nasty name."""

    def make(folder: Path) -> None:
        results = folder / "results"
        results.mkdir()
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
            grid={
                "activation": ["tanh", "relu", SCRIPT],
                "initializer": ["glorot_uniform", "he_normal"],
                "depth": [5, 30],
            },
            missing=0,
            reference=0.98,
            seed=4,
        )
        write_verdicts(results)
        report = site.build(results, folder / "site")
        (folder / "report.pickle").write_bytes(pickle.dumps(report))

    folder = made_once("built", make)
    report = pickle.loads((folder / "report.pickle").read_bytes())
    return Built(folder / "results", folder / "site", report)


@pytest.fixture(scope="session")
def boards(built: Built) -> dict[str, Board]:
    return {folder.name: board(reader.read(folder)) for folder in reader.folders(built.results)}


@pytest.fixture(scope="session")
def deep(boards: dict[str, Board]) -> Board:
    return boards["deep_mlp"]
