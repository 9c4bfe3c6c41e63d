"""The study of the tuner: what is simulated is what would be trained, and regret holds no luck."""

from __future__ import annotations

import numpy as np
import pytest

from tools.studies.tuner import collect
from tools.studies.tuner.dense import Table
from tools.studies.tuner.regret import Oracle, regrets, tunings
from tools.studies.tuner.rules import best, blend, plateau, window
from tools.studies.tuner.searches import grid_rates, searches
from tools.studies.tuner.simulate import simulate
from tools.studies.tuner.trials import Seen, curve_of, order

RATES = np.linspace(-4, 0, 33)


def made(scores: np.ndarray) -> Table:
    """A table whose validation and test scores are these, shape (33, seeds)."""
    return Table("made", "mlp", 0, RATES, scores, 1 - scores, scores, full=(0, 1, 2, 3))


def smooth(seeds: int = 8) -> Table:
    """A hill around 0.01, the same under all seeds."""
    return made(np.repeat((1 - 0.2 * np.abs(RATES + 2))[:, None], seeds, axis=1))


def test_the_oracle_of_pure_noise_is_no_better_than_any_rate() -> None:
    """The best of 33 means of noise looks good on the seeds that it was picked on, and hardly on fresh ones.

    Taking the strictest of three oracles leaves a third of the luck: the regrets err to the tuners' disadvantage.
    """
    noise = np.random.default_rng(0).normal(0.5, 0.2, (100, 33, 8))
    lucky = noise.mean(axis=2).max(axis=1).mean() - 0.5
    left = np.mean([Oracle(made(scores)).score(list(range(8))) for scores in noise]) - 0.5
    assert lucky > 0.12
    assert abs(left) < 0.55 * lucky


def test_a_regret_is_what_the_best_rate_scores_more_and_ignores_the_seeds_of_tuning() -> None:
    table = smooth()
    table.test[:, 0] = 99.0
    lost = regrets(table, Oracle(table), (0, 1, 2))
    assert lost[16] == pytest.approx(0.0)
    assert lost[20] == pytest.approx(0.1)


def test_every_seed_trained_at_all_rates_tunes_first_once() -> None:
    assert tunings(smooth()) == [(0, 1, 2), (1, 2, 3), (2, 3, 0), (3, 0, 1)]


@pytest.mark.parametrize("name", [name for name, search in searches().items() if search.nested and "TPE" not in name])
def test_the_first_trials_do_not_depend_on_how_many_there_will_be(name: str) -> None:
    table, search = smooth(), searches()[name]
    look = lambda rate, repeat: table.look(rate, repeat, repeat)
    whole = search.run(24, look, 0)
    assert [search.run(count, look, 0) for count in (5, 9, 14)] == [whole[:5], whole[:9], whole[:14]]
    assert all(1e-4 <= trial.rate <= 1.0 for trial in whole)


def test_the_beginning_of_a_grid_is_a_coarser_grid() -> None:
    assert sorted(grid_rates(9)[:5]) == pytest.approx(sorted(grid_rates(5)))
    assert sorted(grid_rates(12)) == pytest.approx(np.geomspace(1e-4, 1.0, 12))


def test_rules_distrust_a_score_that_no_neighbour_confirms() -> None:
    """The last rate before the cliff was lucky."""
    gains = {1e-3: 0.75, 1e-2: 0.8, 1e-1: 0.82, 1.0: None}
    curve = curve_of([Seen(rate, 0, gain, 0.5) for rate, gain in gains.items()])
    choice = lambda rule: curve.rates[order(curve, rule(curve))[0]]
    assert choice(best) == 0.1
    assert choice(blend(0.5, window(1.0))) == choice(plateau(0.1)) == 0.01


def test_no_tuner_loses_on_a_hill_that_its_grid_meets() -> None:
    rows = simulate([smooth()], {"grid": searches()["grid"]}, {"best": best}, trials=(9, 17))
    assert rows["regret"].abs().max() < 1e-9


def test_cells_of_every_family_are_listed_program_by_program_with_the_second_seed_last() -> None:
    jobs = collect.jobs(collect.HERE / "cells.yml")
    names = [job.name for job in jobs if job.seed == 0]
    assert len(names) == len(set(names)) >= 40
    assert {job.cell.model for job in jobs[:12]} == {"mlp", "cnn", "recurrent"}
    assert [job.seed for job in jobs] == sorted(job.seed for job in jobs)
