"""Learning-rate schedules. Their factors are fed to the compiled program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suite.catalog.entries import Catalog, Entry, Parameter

if TYPE_CHECKING:
    import numpy as np

_WARMUP = Parameter("warmup", "share of the steps with a linear increase from zero", "number", 0.1, low=0, high=1)
_NO_WARMUP = Parameter("warmup", _WARMUP.summary, "number", 0.0, low=0, high=1)

SCHEDULES = Catalog(
    [
        Entry("constant", "the tuned rate at every step"),
        Entry("warmup", "a linear increase from zero, then constant", parameters=(_WARMUP,)),
        Entry("cosine", "half a cosine from 1 to the floor (Loshchilov and Hutter 2017)",
              parameters=(_NO_WARMUP, Parameter("floor", "final factor", "number", 0.0, low=0, high=1))),
        Entry("step", "multiplied by a factor at even intervals",
              parameters=(Parameter("factor", "factor on the rate at each drop", "number", 0.1, low=0, high=1, low_open=True),
                          Parameter("drops", "number of drops", "integer", 2, low=1))),
        Entry("exponential", "exponential decay to the final factor",
              parameters=(Parameter("final", "final factor", "number", 0.01, low=0, high=1, low_open=True),)),
    ],
    kind="schedules",
)  # fmt: skip


def schedule_factors(level: Mapping[str, Any], steps: int) -> np.ndarray:
    """The factor on the learning rate at every step, shape (steps,), float32, between 0 and 1."""
    import numpy as np

    done = np.arange(steps) / max(steps - 1, 1)
    name = level["name"]
    if name == "step":
        intervals = level["drops"] + 1
        factors = level["factor"] ** np.minimum(np.arange(steps) * intervals // steps, level["drops"])
    elif name == "exponential":
        factors = level["final"] ** done
    elif name == "cosine":
        factors = level["floor"] + (1 - level["floor"]) * (1 + np.cos(np.pi * done)) / 2
    elif (entry := SCHEDULES[name]).target:
        return np.asarray(
            entry.load()(steps, **{key: value for key, value in level.items() if key != "name"}), np.float32
        )
    else:
        factors = np.ones(steps)
    climb = round(level.get("warmup", 0.0) * steps)
    if climb:
        factors[:climb] *= np.arange(1, climb + 1) / climb
    return factors.astype(np.float32)
