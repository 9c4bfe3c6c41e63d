"""The commands `suite run`, `suite plan` and `suite check`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from suite.cli.arguments import again, parse_only, parse_workers
from suite.cli.ending import INCOMPLETE
from suite.cli.options import (
    Only,
    Quick,
    Replicates,
    Specs,
    Top,
    Workers,
    fail,
    open_records,
    terminal,
    whole_runs_only,
)
from suite.cli.running import chosen, plans_of, run_missing, tell_plans
from suite.protocol.written import counted

if TYPE_CHECKING:
    from suite.records import Records
    from suite.run.plan import Plan


@dataclass(frozen=True)
class Asked:
    """Arguments of `run` and `plan`: the cells and the workers."""

    specs: Specs
    quick: Quick = False
    only: Only = None
    replicates: Replicates = None
    top: Top = None
    workers: Workers = None

    def again(self, command: str) -> str:
        """A command line with the same arguments."""
        return again(command, self.specs, self.quick, self.only, self.workers, self.replicates, self.top)

    def plans(self, records: Records) -> list[Plan]:
        """The plans for the requested cells."""
        whole_runs_only(self.replicates, self.quick)
        benchmarks = chosen(self.specs, parse_only(self.only), self.replicates)
        return plans_of(benchmarks, records, self.specs, self.quick, self.top)


def _taking_cells(command: Callable[[Asked], None]) -> Callable[..., None]:
    """A command whose options are the fields of `Asked`."""

    @functools.wraps(command)
    def called(**given: Any) -> None:
        command(Asked(**given))

    called.__signature__ = inspect.signature(Asked, eval_str=True)  # type: ignore[attr-defined]
    called.__annotations__ = {}
    return called


@_taking_cells
def run(asked: Asked) -> None:
    """Run the missing experiments and rank the results.

    Finished runs are cached and never repeated; additional replicates or trials extend them.
    """
    from suite.cli.pointers import write_pages
    from suite.cli.remarks import distance_from_published, remarks
    from suite.cli.report import Report, print_report
    from suite.run.gather import gather

    count, console, records = parse_workers(asked.workers), terminal(), open_records()
    plans = asked.plans(records)
    run_missing(plans, records, count, console, asked.again("run"))
    shown = again("show", asked.specs, asked.quick, asked.only, None, asked.replicates) + " --all"
    missing = 0
    for plan in plans:
        results = gather(plan.benchmark, records, traces=False, cells=plan.cells)
        after = [*remarks(results), *distance_from_published(results), *write_pages(results, records)]
        print_report(console, Report(results, command=shown, below=len(after) + 1, records=records))
        for line in after:
            print(line)
        missing += len(results.missing) + len(results.shallow)
    print("Next: `suite leaderboard --from-store --out site`, pages; `suite ui`, all runs.")
    if missing:
        raise typer.Exit(INCOMPLETE)


@_taking_cells
def plan(asked: Asked) -> None:
    """Show what a run would do, and estimate how long it takes."""

    count, records = parse_workers(asked.workers), open_records()
    tell_plans(asked.plans(records), records, count)


def check(specs: Specs) -> None:
    """Validate specs without training.

    Custom components are imported and tried on a small network, in a separate process with a time limit.
    """
    from suite.claims.claim_files import may_have_claims, read_all_claims
    from suite.spec import SpecError, check_data, expand, readable_specs, try_components
    from suite.spec.shipped import files_of

    benchmarks, problems = readable_specs(specs)
    broken = {problem.file for problem in problems}
    claims, mistaken = read_all_claims(
        [file for file in files_of(specs) if str(file) not in broken and may_have_claims(file)]
    )
    problems += mistaken
    for benchmark in benchmarks:
        cells = expand(benchmark)
        faults = len(problems)
        for look in (try_components, check_data):
            try:
                for remark in look(cells, benchmark) or ():
                    print(remark)
            except SpecError as error:
                problems += error.problems
        if len(problems) == faults:
            programs, budget = len({cell.program for cell in cells}), benchmark.budget
            trials = max(cell.budget.trials for cell in cells)  # none where rates are given
            tuned = f"{budget.tunings} x {counted(trials, 'trial')} + " if trials else ""
            print(
                f"{benchmark.name}: {counted(len(cells), 'recipe')}, {counted(programs, 'program')}, "
                f"{tuned}{counted(budget.replicates, 'replicate')} of {budget.steps} steps each"
            )
    for claim, _ in claims:
        judged = f"on {', '.join(claim.benchmarks)}" if claim.benchmarks else "that is not judged"
        print(f"{claim.id}: claim {judged}")
    if problems:
        fail("\n".join(map(str, problems)))
