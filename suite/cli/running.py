"""Steps of the commands that train: select benchmarks, print the plan and run what is missing."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

import typer

from suite.cli.arguments import Parts, parts_of
from suite.cli.ending import INTERRUPTED
from suite.cli.options import fail
from suite.protocol.written import counted

if TYPE_CHECKING:
    from rich.console import Console

    from suite.records import Records
    from suite.run.plan import Plan
    from suite.spec import Benchmark


def chosen(specs: list[str], only: Parts, replicates: int | None = None) -> list[tuple[Benchmark, Parts]]:
    """The benchmarks of the specs with the requested parts of their grids, without benchmarks that have none of them."""
    from suite.run.gather import with_replicates
    from suite.spec import read_specs

    benchmarks = [with_replicates(benchmark, replicates) for benchmark in read_specs(specs)]
    parts = parts_of(only, [benchmark.grid for benchmark in benchmarks])
    return [(benchmark, own) for benchmark, own in zip(benchmarks, parts, strict=True) if own or not only]


def plans_of(
    wanted: list[tuple[Benchmark, Parts]], records: Records, specs: list[str], quick: bool, top: int | None
) -> list[Plan]:
    """The plans for whole benchmarks, or for the `top` best finished cells of each."""
    from suite.cli.absent import nothing_recorded
    from suite.run.gather import gather
    from suite.run.plan import make_plan, plan_cells

    if top is None:
        return [make_plan(benchmark, records, quick=quick, only=parts) for benchmark, parts in wanted]
    plans = []
    for benchmark, parts in wanted:
        results = gather(benchmark, records, quick=quick, only=parts, traces=False)
        best = {standing.record.cell.fingerprint for standing in results.ranked[:top]}
        if not best:
            fail(nothing_recorded(records, specs, quick, "rank", name=benchmark.name))
        plans.append(plan_cells(benchmark, [cell for cell in results.cells if cell.fingerprint in best], records))
    return plans


def tell_plans(plans: list[Plan], records: Records, workers: int | str) -> None:
    """Prints what each plan will run, why, and the estimated time."""
    from suite.cli.progress import duration
    from suite.cli.remarks import new_target
    from suite.run.connection import default_workers
    from suite.run.plan import wall_seconds
    from suite.run.reasons import reason_lines

    processes = workers if isinstance(workers, int) else default_workers()
    for plan in plans:
        print(
            f"{plan.benchmark.name}: {counted(len(plan.cells), 'recipe')}, {len(plan.recorded)} finished, {len(plan.to_run)} to run"
            f" ({len(plan.failed)} failed before), {counted(plan.programs, 'program')} to compile"
        )
        for line in (*reason_lines(plan.reasons), *new_target(plan, records)):
            print(f"  {line}")
    if any(plan.to_run for plan in plans):
        basis = "based on finished runs" if all(p.measured for p in plans if p.to_run) else "a rough estimate"
        print(f"about {duration(wall_seconds(plans, processes))} on {counted(max(processes, 1), 'worker')}, {basis}")


def run_missing(plans: list[Plan], records: Records, workers: int | str, console: Console, go_on: str) -> None:
    """Runs the missing cells of all plans; `go_on` is the command to resume with after an interruption."""
    from suite.cli.progress import Display
    from suite.run.reasons import reason_lines
    from suite.run.runner import finished_since, run_plans

    total = sum(len(plan.to_run) for plan in plans)
    if not total:
        return
    for plan in plans:
        for line in reason_lines(plan.reasons, again=True):
            console.print(f"{plan.benchmark.name}: run again {line}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    display = Display(console)
    steps = run_plans(plans, records, workers, tell=display.tell, phase=display.phase)
    try:
        with display.showing(total), contextlib.closing(steps):
            for step in steps:
                display.step(step)
    except KeyboardInterrupt:
        done = finished_since(plans, records)
        print(f"\nInterrupted: {done} of {total} finished and saved. Resume with: {go_on}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
