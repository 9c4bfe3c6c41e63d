"""One cell, start to finish: tune the learning rate, train the replicates, judge every run."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from suite.catalog.keras_settings import standard_settings
from suite.catalog.losses import baseline_loss
from suite.catalog.optimizers import fed_momentum
from suite.catalog.own import importing_from
from suite.catalog.schedules import schedule_factors
from suite.protocol import outcomes as verdict
from suite.protocol.nesting import judged_by
from suite.protocol.records import Cell, Record, Replicate
from suite.protocol.run_statistics import RunData, statistics_of
from suite.tasks import Draw, Task, load_task
from suite.training.program import Program
from suite.training.run_inputs import RunInputs, Trace
from suite.training.tuning import TrialResult, Tuning, tune

TUNING, REPLICATE = 0, 1
"""The roles of the seeds: no replicate ever sees a seed that tuning saw."""


def run_seed(benchmark_seed: int, role: int, *index: int) -> int:
    """The seed of one run; the same for every cell of a benchmark, so that comparisons are paired.

    Args:
        benchmark_seed: Seed of the benchmark.
        role: TUNING or REPLICATE.
        index: Tuning and number of the seed in it, or index of the replicate.
    """
    return int(np.random.SeedSequence(benchmark_seed, spawn_key=(role, *index)).generate_state(1)[0])


def run_cell(cell: Cell, known: Sequence[Record] = ()) -> Record:
    """Tunes and trains one cell.

    Args:
        cell: With the budget that is asked for.
        known: Records of the same fingerprint and other budgets. What they hold is not trained again: the result is
            that of asking for all at once.

    Raises:
        Exception: Only for reasons outside the recipe. A recipe that fails is a result.
    """
    started = time.perf_counter()
    standard_settings()
    known = [judged_by(record, cell.target) for record in known]
    with importing_from(cell.search_path):
        task = task_of(cell, Draw(cell.seed))
        facts = {**task.facts(), "baseline_loss": _baseline(cell, task)}
        program = _kept_program(_Sharing(cell.program, cell))
        fresh = not program.has_run
        training = _Training(cell, program, facts)
        tunings = [_tuned(training, tuning, known) for tuning in range(cell.budget.tunings)]
        replicates = []
        for index in range(cell.budget.replicates):
            tuning = index % len(tunings)
            before = _trained_before(known, index, tuning, tunings[tuning].learning_rate)
            replicates.append(before or _replicate(training, index, tuning, tunings[tuning].learning_rate))
    # The first run of a program compiles it; what it took longer than the others is the price of that.
    seconds = training.seconds
    compiled = program.build_seconds + max(0.0, seconds[0] - float(np.median(seconds))) if fresh and seconds else 0.0
    return Record(
        cell=cell,
        learning_rates=tuple(tuning.learning_rate for tuning in tunings),
        at_edge=any(tuning.at_edge for tuning in tunings),
        trials=tuple(trial for tuning in tunings for trial in tuning.trials),
        replicates=tuple(replicates),
        layers=tuple(tap.name for tap in program.network.taps),
        parameters=int(program.network.model.count_params()),
        seconds=time.perf_counter() - started + max((record.seconds for record in known), default=0.0),
        compile_seconds=compiled,
        task_facts=facts,
        thresholds=verdict.THRESHOLDS.as_mapping(),
    )


@dataclass
class _Training:
    """Trains a cell once at a time.

    Attributes:
        cell: The cell.
        program: Its program.
        facts: The task's facts, of one draw: runs of all draws are judged by the same baseline.
        seconds: Wall time of each run so far.
    """

    cell: Cell
    program: Program
    facts: Mapping[str, Any]
    seconds: list[float] = field(default_factory=list)

    def run(self, draw: Draw, seed: int, learning_rate: float) -> Run:
        """One run on a draw of the data."""
        self.program.use(task_of(self.cell, draw))
        baseline = float(self.facts["baseline_loss"])
        run = train_once(self.cell, self.program.task, self.program, seed, learning_rate, baseline_loss=baseline)
        self.seconds.append(run.seconds)
        return run


def _tuned(training: _Training, tuning: int, known: Sequence[Record]) -> Tuning:
    """One tuning of a cell; a fixed rate needs no trials."""
    cell, higher = training.cell, bool(training.facts["higher_is_better"])
    fixed = cell.recipe["learning_rate"]
    if fixed is not None:
        return Tuning((), fixed, False)

    def try_rate(rate: float, repeat: int) -> TrialResult:
        run = training.run(Draw(cell.seed, tuning), run_seed(cell.seed, TUNING, tuning, repeat), rate)
        scores = run.trace.arrays["validation_score"]
        best = (np.nanmax if higher else np.nanmin)(scores) if run.validation_score is not None else None
        return TrialResult(
            run.validation_score,
            run.validation_loss,
            run.train_loss,
            None if best is None else float(best),
            str(run.outcome),
        )

    return tune(
        try_rate,
        cell.budget,
        tuning=tuning,
        seed=run_seed(cell.seed, TUNING, tuning),
        higher_is_better=higher,
        chance_score=float(training.facts["chance_score"]),
        trained=max((record.trials_of(tuning) for record in known), key=len, default=()),
    )


def _trained_before(known: Sequence[Record], index: int, tuning: int, learning_rate: float) -> Replicate | None:
    """The same replicate of an earlier budget; None if there is none."""
    wanted = (index, tuning, learning_rate)
    found = (run for record in known for run in record.replicates)
    return next((run for run in found if (run.replicate, run.tuning, run.learning_rate) == wanted), None)


@dataclass(frozen=True)
class Run:
    """One run of a cell's program at a learning rate, judged; numbers are None where they are not finite."""

    trace: Trace
    train_loss: float | None
    train_score: float | None
    validation_score: float | None
    validation_loss: float | None
    outcome: verdict.Outcome
    seconds: float
    training_seconds: float


def train_once(
    cell: Cell, task: Task, program: Program, seed: int, learning_rate: float, *, baseline_loss: float | None = None
) -> Run:
    """Trains a cell's program once; the model keeps the weights it ends with.

    Args:
        cell: Whose initializers, schedule and budget are fed.
        task: The data that the program uses.
        program: Of the cell.
        seed: Of weights, order and dropout.
        learning_rate: Before the schedule.
        baseline_loss: Loss of the best constant prediction; default: that of the task.
    """
    started = time.perf_counter()
    feed = _feed(cell, task, program, seed, learning_rate)
    trained = time.perf_counter()
    trace = program.run(feed)
    training_seconds = time.perf_counter() - trained
    train_loss, train_score = map(_finite, program.evaluate("train")) if trace.finite else (None, None)
    scores, losses = (trace.arrays[name] for name in ("validation_score", "validation_loss"))
    complete = train_loss is not None
    return Run(
        trace,
        train_loss,
        train_score,
        validation_score=_finite(float(scores[-1])) if complete else None,
        validation_loss=_finite(float(losses[-1])) if complete else None,
        outcome=verdict.classify_outcome(
            finite=trace.finite,
            train_loss=train_loss,
            baseline_loss=_baseline(cell, task) if baseline_loss is None else baseline_loss,
            scores=scores,
            target=cell.target,
            higher_is_better=task.higher_is_better,
        ),
        seconds=time.perf_counter() - started,
        training_seconds=training_seconds,
    )


def _replicate(training: _Training, index: int, tuning: int, learning_rate: float) -> Replicate:
    cell, program = training.cell, training.program
    compiles, seed = not program.has_run, run_seed(cell.seed, REPLICATE, index)
    run = training.run(Draw(cell.seed, tuning, index), seed, learning_rate)
    task = program.task
    started = time.perf_counter()
    # A first run compiles: what its steps take is not known.
    milliseconds = None if compiles else 1000 * run.training_seconds / max(run.trace.steps, 1)
    complete = run.outcome != verdict.Outcome.NONFINITE
    test_score = _finite(program.evaluate("test")[1]) if complete else None
    arrays = run.trace.arrays
    seen = {**arrays, "gradient_rms": run.trace.gradient_rms}
    causes = verdict.find_causes(seen)
    clips = cell.recipe["clipping"]["name"] != "none"
    statistics = statistics_of(
        RunData(
            traces=seen,
            kernels=[tap.kernel.numpy() for tap in program.network.taps],
            clip_rate=run.trace.clipped / max(run.trace.steps, 1) if clips else None,
            curvatures=program.curvatures() if complete and cell.budget.landscape else None,
        )
    )
    return Replicate(
        replicate=index,
        seed=seed,
        outcome=str(run.outcome),
        causes=() if run.outcome == verdict.Outcome.TRAINED else tuple(map(str, causes)),
        test_score=test_score,
        train_score=run.train_score if complete else None,
        validation_score=run.validation_score,
        train_loss=run.train_loss,
        steps_to_target=verdict.steps_to_target(arrays, cell.target, task.higher_is_better),
        steps=run.trace.steps,
        nonfinite_step=None if run.trace.finite else run.trace.steps + 1,
        nonfinite_layer=run.trace.nonfinite_layer,
        seconds=run.seconds + time.perf_counter() - started,
        milliseconds_per_step=milliseconds,
        tuning=tuning,
        learning_rate=learning_rate,
        statistics=statistics,
        traces=arrays,
    )


def _feed(cell: Cell, task: Task, program: Program, seed: int, learning_rate: float) -> RunInputs:
    weights, order, dropout = (int(state) for state in np.random.SeedSequence(seed).generate_state(3))
    steps = cell.budget.steps
    return RunInputs(
        weights=program.network.initial_weights(cell.recipe, weights),
        learning_rates=(learning_rate * schedule_factors(cell.recipe["schedule"], steps)).astype(np.float32),
        batches=batch_rows(len(task.train), cell.recipe["batch_size"], steps, order),
        seed=dropout,
        momentum=fed_momentum(cell.recipe["optimizer"]),
    )


def batch_rows(examples: int, batch_size: int, steps: int, seed: int) -> np.ndarray:
    """Rows of every step's batch, int32, shape (steps, batch_size): epoch after epoch, each in a new random order."""
    generator = np.random.default_rng(seed)
    epochs = -(-steps * batch_size // examples)
    rows = np.concatenate([generator.permutation(examples) for _ in range(epochs)])
    return rows[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)


def _baseline(cell: Cell, task: Task) -> float:
    return baseline_loss(cell.recipe["loss"], task.baseline_targets, task.classes)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def task_of(cell: Cell, draw: Draw) -> Task:
    """The data of a cell in one draw."""
    # A user's file may change while a worker lives on; then so does the name of the programs that are fed with it.
    file = cell.program if "path" in cell.task else ""
    return _kept_task(file, tuple(cell.task.items()), draw, cell.search_path)


@functools.lru_cache(maxsize=2)
def _kept_task(file: str, task: tuple[tuple[str, Any], ...], draw: Draw, folders: tuple[str, ...]) -> Task:
    """The arrays of a task, kept for the next run, as long as its `file` is the same."""
    return load_task(dict(task), draw=draw, folders=folders)


@dataclass(frozen=True)
class _Sharing:
    """A cell of a program, as good as any other of it: its name says all that is compiled (`suite.spec.identity`)."""

    program: str
    cell: Cell = field(compare=False)


@functools.lru_cache(maxsize=1)
def _kept_program(sharing: _Sharing) -> Program:
    """The program of a cell, kept for the next cell that shares it."""
    cell, budget = sharing.cell, sharing.cell.budget
    task = task_of(cell, Draw(cell.seed))
    return Program(cell.recipe, cell.model, task, budget.steps, budget.evaluations, landscape=budget.landscape)
