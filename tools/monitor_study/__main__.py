"""Measures alarms and catches: `python -m tools.monitor_study [--seeds 20] [--only NAME]`, some 20 minutes on one core."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

import suite
from suite.monitor import NotTrainable
from suite.protocol.statistics import wilson
from tools.monitor_study.healthy import HEALTHY
from tools.monitor_study.regressions import REGRESSIONS


def verdicts(make: Callable[[], Any], seeds: int) -> Iterator[tuple[str | None, float]]:
    """Why a model would not train, None if it would, and the processor seconds that it took, for each seed."""
    for seed in range(seeds):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        model, x, y = make()
        start = time.process_time()
        try:
            suite.assert_trainable(model, x, y)
            yield None, time.process_time() - start
        except NotTrainable as error:
            yield " | ".join(str(error).splitlines()[1:]), time.process_time() - start


def study(title: str, models: dict[str, Callable[[], Any]], seeds: int, only: str) -> None:
    """Prints a line a model, and the sum."""
    alarms, runs, slowest, caught = 0, 0, 0.0, 0
    for name, make in models.items():
        if only in name:
            found = list(verdicts(make, seeds))
            texts = [text for text, _ in found if text is not None]
            alarms, runs, caught = alarms + len(texts), runs + seeds, caught + (len(texts) > seeds / 2)
            slowest = max(slowest, float(np.median([seconds for _, seconds in found])))
            print(f"{len(texts):3} of {seeds}  {name}{': ' + texts[0][:150] if texts else ''}", flush=True)
    low, high = wilson(alarms, max(runs, 1))
    share = f"{alarms} of {runs} ({alarms / max(runs, 1):.1%}, {low:.1%} to {high:.1%})"
    print(
        f"{title}: alarms in {share}; {caught} models by most seeds; slowest {slowest:.1f} s of processor time a model",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", help="part of a model's name")
    given = parser.parse_args()
    study("healthy models", HEALTHY, given.seeds, given.only)
    study("regressions", REGRESSIONS, max(1, given.seeds // 4), given.only)
