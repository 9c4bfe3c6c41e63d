"""Published results trained again: honest ones hold, forged ones are refused, by real training of a real sample."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leaderboard import verified
from suite.claims.from_results import digest_of
from suite.protocol.ranks import CellResult, ranked, standings
from suite.protocol.records import Cell, Outcome, Record, Replicate
from suite.records import Records
from suite.results import reader
from suite.results.results import Results
from suite.results.writer import export
from suite.run.gather import Gathered, gather
from suite.spec import read_benchmarks
from tests.conftest import Suite
from tools import verify

SPEC = """\
name: tiny
seed: 1
task: digits
model: mlp
target: 0.5
fixed: {depth: 2, width: 16, batch_size: 64}
grid:
  activation: [relu, tanh]
  initializer: [he_normal, glorot_uniform, lecun_normal, he_uniform, {name: random_normal, stddev: 0.2, label: wide}]
  learning_rate: [0.03, 0.05, 0.1, 0.2, 0.3]
  bias: [0.0, 0.1]
budget: {steps: 60, trials: 1, replicates: 5, evaluations: 2}
"""
"""A hundred recipes of two programs."""

Score = Callable[[int, Record, Replicate], float | None]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Gathered:
    suite = Suite(tmp_path_factory.mktemp("honest"), lambda: empty_database)
    suite.spec.write_text(SPEC)
    suite("run", suite.spec, "--workers", 0)
    (benchmark,) = read_benchmarks(suite.spec)
    found = gather(benchmark, Records(suite.folder / "records"))
    assert len(found.records) == 100
    assert not [record for record in found.records if len(record.replicates) < 5]
    return found


@pytest.fixture(scope="module", autouse=True)
def _trained_once() -> Iterator[None]:
    """A recipe is trained again once for all folders: what others publish of it does not change its training."""
    known: dict[str, Record] = {}
    train = verify.trained_again

    def remembered(cell: Cell, published: CellResult) -> Record:
        if cell.fingerprint not in known:
            known[cell.fingerprint] = train(cell, published)
        return known[cell.fingerprint]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "trained_again", remembered)
        yield


def published(honest: Gathered, folder: Path, changed: Callable[[Record], Record]) -> Results:
    """The tables of records, consistent in themselves: ranks, means and intervals are those of the changed scores."""
    return reader.read(export(honest.manifest(), [changed(record) for record in honest.records], folder))


def raised(record: Record, by: Callable[[int], float], *, loss: bool = False) -> Record:
    """The test scores of its runs raised, within what there is; with `loss`, its losses are others too."""
    runs = tuple(
        replace(
            run,
            test_score=None if run.test_score is None else min(1.0, run.test_score + by(place)),
            train_loss=run.train_loss * 0.999 if loss and run.train_loss else run.train_loss,
        )
        for place, run in enumerate(record.replicates)
    )
    return replace(record, replicates=runs)


def level(factor: str, label: object, by: float) -> Callable[[Record], Record]:
    """Every recipe with one level raised, as for an idea of one's own."""

    def change(record: Record) -> Record:
        own = record.cell.factors[factor]
        return raised(record, lambda _: by) if own == label else record

    return change


def uneven(record: Record) -> Record:
    """Raised by something else in every run, with other losses: only the mean of the runs can tell."""
    rng = np.random.default_rng(int(record.cell.fingerprint[:8], 16))
    more = rng.uniform(0.1, 0.2, size=5)
    return raised(record, lambda place: float(more[place]), loss=True)


def only_the_best(honest: Gathered, by: float) -> Callable[[Record], Record]:
    best = ranked(standings(honest.records))[0].record.cell.fingerprint
    return lambda record: raised(record, lambda _: by) if record.cell.fingerprint == best else record


def promoted(honest: Gathered) -> Callable[[Record], Record]:
    """A recipe from the middle, raised until it is the best."""
    middle = ranked(standings(honest.records))[50].record.cell.fingerprint
    return lambda record: raised(record, lambda _: 0.5, loss=True) if record.cell.fingerprint == middle else record


FORGERIES: dict[str, Callable[[Gathered], Callable[[Record], Record]]] = {
    "all, alike": lambda honest: lambda record: raised(record, lambda _: 0.03),
    "all, unevenly": lambda honest: uneven,
    "all, half of the runs": lambda honest: lambda record: raised(record, lambda place: 0.1 * (place % 2)),
    "all, one run of five": lambda honest: lambda record: raised(record, lambda place: 0.2 * (place == 2)),
    "an activation": lambda honest: level("activation", "tanh", 0.05),
    "an initializer of five": lambda honest: level("initializer", "lecun_normal", 0.05),
    "a bias": lambda honest: level("bias", 0.1, 0.05),
    "a learning rate of five": lambda honest: level("learning_rate", 0.03, 0.05),
    "the best recipe": lambda honest: only_the_best(honest, 0.02),
    "a recipe made the best": promoted,
}
"""Ten ways to raise scores and keep the tables consistent."""


def check(results: Results, honest: Gathered, seed: int) -> list[verify.Retrained]:
    found = list(verify.verify(results, honest.benchmark, 0.05, seed))
    assert len(found) == 5, "5% of a hundred"
    return found


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_results_are_refused(honest: Gathered, tmp_path: Path, forgery: str) -> None:
    results = published(honest, tmp_path, FORGERIES[forgery](honest))
    assert any(one.problem for one in check(results, honest, seed=0))


@pytest.mark.parametrize("seed", [0, 1])
def test_honest_results_hold(honest: Gathered, tmp_path: Path, seed: int) -> None:
    results = published(honest, tmp_path, lambda record: record)
    assert [one.problem for one in check(results, honest, seed)] == [""] * 5


def test_what_other_processors_do_to_runs_is_no_forgery(honest: Gathered, tmp_path: Path) -> None:
    """Runs that end elsewhere by chance, here and there: their mean stays where it is."""

    def elsewhere(record: Record) -> Record:
        rng = np.random.default_rng(int(record.cell.fingerprint[:8], 16))
        moved = rng.normal(0, 0.02, size=5)
        return raised(record, lambda place: float(moved[place] - moved.mean()), loss=True)

    results = published(honest, tmp_path, elsewhere)
    assert [one.problem for one in check(results, honest, 0)] == [""] * 5


@pytest.mark.parametrize("seed", range(5))
def test_every_sample_has_the_best_recipe_and_every_level(honest: Gathered, tmp_path: Path, seed: int) -> None:
    results = published(honest, tmp_path, lambda record: record)
    chosen = verify.sampled(results, 0.05, seed)
    labels = {row["cell"]: [row[factor] for factor in results.factors] for row in results.rows}
    assert len(set(chosen)) == 5
    assert chosen[0] == ranked(standings(honest.records))[0].record.cell.fingerprint
    for place, (factor, levels) in enumerate(results.factors.items()):
        assert {labels[cell][place] for cell in chosen} == set(levels), factor


def test_the_command_says_what_passed_and_the_site_labels_it(
    honest: Gathered, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    spec, results = tmp_path / "tiny.yaml", tmp_path / "results"
    spec.write_text(SPEC)
    folder = published(honest, results, lambda record: record).folder
    arguments = ["tiny", "--results", str(results), "--spec", str(spec), "--record"]
    assert verify.main(arguments) == 0
    assert "tiny: verified, 5 of 100 recipes" in capfd.readouterr().out
    check = verified.read(results)["tiny"]
    assert check.digest == digest_of(reader.read(folder).manifest)
    published(honest, results, lambda record: raised(record, lambda _: 0.05))
    assert verify.main(arguments) == 1
    assert "tiny: refused, 5 of 100 recipes" in capfd.readouterr().out
    assert verified.read(results) == {}, "a refused board loses its label"
    assert verify.main(["nowhere", "--results", str(results)]) == 2
    spec.write_text(SPEC.replace("steps: 60", "steps: 61"))
    assert verify.main(arguments) == 2
    assert "100 recipes are not those of the spec" in capfd.readouterr().err


def test_a_run_that_fails_and_one_that_learns_do_not_agree(honest: Gathered) -> None:
    record = honest.records[0]
    dead = tuple(replace(run, outcome=Outcome.NONFINITE, test_score=None) for run in record.replicates)
    one = verify.Retrained(record.cell, replace(record, replicates=dead), record, 5)  # type: ignore[arg-type]
    assert one.problem
