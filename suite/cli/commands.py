"""The commands: parse, call, print. No logic, and nothing heavy imported before a command needs it."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from suite.cli.arguments import Parts, UsageError, again, parse_only, parse_workers, parts_of
from suite.cli.streams import OutputError, standard_streams
from suite.protocol.audit import SAMPLE
from suite.protocol.records import PROTOCOL_VERSION

if TYPE_CHECKING:
    from rich.console import Console

    from suite.run.plan import Plan
    from suite.spec import Benchmark

INCOMPLETE, WRONG, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    help="A declarative benchmark suite for the trainability of deep networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Specs = Annotated[list[str], typer.Argument(metavar="SPEC...", help="YAML files, or names of benchmarks that ship.")]
MaybeSpecs = Annotated[list[str] | None, typer.Argument(metavar="[SPEC...]", help="All in the store if none is given.")]
Quick = Annotated[bool, typer.Option("--quick", help="A small slice, recorded apart: about a minute.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FACTOR=LEVEL,...",
        help="A part of the grid, as activation=relu,tanh,optimizer=sgd. Given again, another part: both are taken.",
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(metavar="N|ADDRESS", help="Processes (one per core), 0 for this one, or tcp://... of a Dask cluster."),
]
Replicates = Annotated[
    int | None, typer.Option(min=1, max=10_000, help="Trainings of each tuned cell, in place of what the spec says.")
]
Top = Annotated[int | None, typer.Option(min=1, help="Of the cells recorded, so many of the best.")]


@app.command()
def run(
    specs: Specs,
    quick: Quick = False,
    only: Only = None,
    replicates: Replicates = None,
    top: Top = None,
    workers: Workers = None,
) -> None:
    """Run what is not recorded yet, and rank it.

    What is recorded is not trained again: more replicates or trials are added to those that are there.
    """
    from suite.cli.pointers import pictures_of
    from suite.cli.remarks import remarks
    from suite.cli.report import report
    from suite.run.gather import gather
    from suite.store import Store

    wanted, count = parse_only(only), parse_workers(workers)
    chosen, console, store = _benchmarks(specs, wanted, replicates), _console(), Store()
    plans = _plans(chosen, store, quick, top)
    _run(plans, store, count, console, again("run", specs, quick, only, workers, replicates, top))
    missing = 0
    for plan in plans:
        results = gather(plan.benchmark, store, traces=False, cells=plan.cells)
        shown = again("show", specs, quick, only, None, replicates) + " --all"
        console.print(report(results, command=shown))
        for line in (*remarks(results, store, specs[0]), *pictures_of(results, store)):
            print(line)
        missing += len(results.missing) + len(results.shallow)
    print("More: `suite ui`, every run; `suite leaderboard --from-store --out site`, pages.")
    if missing:
        raise typer.Exit(INCOMPLETE)


@app.command()
def check(specs: Specs) -> None:
    """Validate specs, train nothing.

    Components of your own are imported and tried on a small network, in a process of its own with a time limit.
    """
    from suite.run.gather import readable_specs
    from suite.spec import SpecError, check_data, expand, try_components
    from suite.spec.claims import read_all_claims
    from suite.spec.shipped import files_of

    benchmarks, problems = readable_specs(specs)
    broken = {problem.file for problem in problems}
    claims, mistaken = read_all_claims([file for file in files_of(specs) if str(file) not in broken])
    problems += mistaken
    for benchmark in benchmarks:
        cells = expand(benchmark)
        faults = len(problems)
        for look in (try_components, functools.partial(check_data, benchmark=benchmark)):
            try:
                look(cells)
            except SpecError as error:
                problems += error.problems
        if len(problems) == faults:
            programs, budget = len({cell.program for cell in cells}), benchmark.budget
            print(
                f"{benchmark.name}: {len(cells)} cells, {programs} programs, "
                f"{budget.trials} trials + {budget.replicates} replicates of {budget.steps} steps each"
            )
    for claim, _ in claims:
        judged = f"on {', '.join(claim.benchmarks)}" if claim.benchmarks else "which is not judged"
        print(f"{claim.id}: a claim {judged}")
    if problems:
        _fail("\n".join(map(str, problems)))


@app.command()
def plan(
    specs: Specs,
    quick: Quick = False,
    only: Only = None,
    replicates: Replicates = None,
    top: Top = None,
    workers: Workers = None,
) -> None:
    """Say what a run would do, and about how long it would take."""
    from suite.store import Store

    wanted, count = parse_only(only), parse_workers(workers)
    chosen, store = _benchmarks(specs, wanted, replicates), Store()
    plans = _plans(chosen, store, quick, top)
    tell_plans(plans, count)


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(help="activations, optimizers, tasks, models, ...")] = None,
) -> None:
    """Show what a spec may name."""
    from suite.cli.listing import list_kind, list_kinds

    try:
        _console().print(list_kinds() if kind is None else list_kind(kind))
    except ValueError as error:
        _fail(str(error))


@app.command()
def show(
    specs: Specs,
    every: Annotated[bool, typer.Option("--all", help="Every row.")] = False,
    quick: Quick = False,
    only: Only = None,
    replicates: Replicates = None,
    protocol: Annotated[
        int, typer.Option(min=1, max=PROTOCOL_VERSION, help="Records of an older version, ranked among themselves.")
    ] = PROTOCOL_VERSION,
) -> None:
    """Show the ranked table again, from the store."""
    from suite.cli.absent import nothing_recorded
    from suite.cli.remarks import remarks
    from suite.cli.report import report
    from suite.run.gather import gather, gather_older
    from suite.store import Store

    chosen, console, store = _benchmarks(specs, parse_only(only), replicates), _console(), Store()
    command, absent = again("show", specs, quick, only, None, replicates) + " --all", []
    for benchmark, parts in chosen:
        if protocol != PROTOCOL_VERSION:
            console.print(f"Protocol {protocol}, which is never ranked with {PROTOCOL_VERSION}.")
            older = gather_older(benchmark, store, protocol, quick=quick)
            console.print(report(older, everything=every, command=f"{command} --protocol {protocol}"))
            continue
        results = gather(benchmark, store, quick=quick, only=parts, traces=False)
        if results.records or results.errors:
            console.print(report(results, everything=every, command=command))
            for line in remarks(results, store, specs[0]):
                print(line)
        else:
            absent.append(nothing_recorded(store, specs, quick, "show", name=benchmark.name, only=only))
    if absent:
        _fail("\n".join(absent))


@app.command()
def audit(
    specs: Specs,
    cells: Annotated[int, typer.Option(min=1, help="To audit of each benchmark, drawn by lot.")] = SAMPLE,
    workers: Workers = None,
) -> None:
    """Measure what tuning misses: some cells again, with four times the trials.

    The rate that a cell has and the one found now are trained under the same fresh seeds, which no tuning saw.
    """
    from suite.cli.absent import nothing_recorded
    from suite.cli.audits import audit_table
    from suite.cli.remarks import remarks
    from suite.run.audit import audit_plan, audited
    from suite.run.gather import gather
    from suite.store import Store

    count, console, store = parse_workers(workers), _console(), Store()
    gathered = [gather(benchmark, store, traces=False) for benchmark, _ in _benchmarks(specs, [])]
    for results in gathered:
        if not results.records:
            _fail(nothing_recorded(store, specs, False, "audit", name=results.benchmark.name))
        if not any(record.trials for record in results.records):
            _fail(f"{results.benchmark.name}: its learning rates are fixed, so that there is no tuning to audit.")
    plans = [audit_plan(results.benchmark, store, results.records, cells) for results in gathered]
    command = again("audit", specs, False, None, workers) + (f" --cells {cells}" if cells != SAMPLE else "")
    _run(plans, store, count, console, command)
    for results in gathered:
        console.print(audit_table(results, audited(results.benchmark, store, results.records)))
        for line in remarks(results, store, specs[0]):
            print(line)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder that gets one folder per benchmark.")],
    specs: MaybeSpecs = None,
    quick: Quick = False,
    replicates: Replicates = None,
) -> None:
    """Write tidy tables and a manifest."""
    from suite.cli.absent import nothing_recorded
    from suite.results.writer import export as write
    from suite.run.audit import audited
    from suite.run.gather import gather, read_specs, recorded_benchmarks, with_replicates
    from suite.store import Store

    store = Store()
    benchmarks = read_specs(specs) if specs else recorded_benchmarks(store, quick=quick)
    for benchmark in benchmarks:
        results = gather(with_replicates(benchmark, replicates), store, quick=quick)
        records = results.records
        if not records:
            _fail(nothing_recorded(store, specs or [], quick, "export", name=benchmark.name))
        folder = write(results.manifest(), records, out, audited(benchmark, store, records))
        print(f"{folder}: {len(records)} of {len(results.cells)} cells")
    if not benchmarks:
        _fail(nothing_recorded(store, [], quick, "export"))


@app.command()
def leaderboard(
    out: Annotated[Path | None, typer.Option(help="Folder of the site to build.")] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Build nothing: say whether the site in DIR matches the results.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of exported results.")] = Path("leaderboard/results"),
    from_store: Annotated[
        bool, typer.Option("--from-store", help="Of all that is recorded here, exported first.")
    ] = False,
) -> None:
    """Build the static site from exported results or from the store, or check one."""
    import tempfile

    from leaderboard import site

    if (out is None) == (check is None):
        _fail("say either --out DIR, to build a site, or --check DIR, to compare one with its results.")
    if from_store:
        with tempfile.TemporaryDirectory(prefix="suite-") as folder:
            _export_all(Path(folder))
            leaderboard(out, check, Path(folder))
    elif check is not None:
        differences = site.check(results, check)
        if differences:
            _fail("\n".join(differences), INCOMPLETE)
        print(f"{check} matches {results}")
    elif out is not None:
        built = site.build(results, out)
        print(f"{built.out}: {built.benchmarks} benchmarks, {built.cells} cells, {built.pages} pages")


@app.command()
def plot(
    specs: Specs,
    what: Annotated[str, typer.Option(help="gradients, scores, rates, depth, loss, strips, time or trend.")],
    out: Annotated[Path, typer.Option(help="A file that ends in .svg, .png or .pdf.")],
    quick: Quick = False,
    only: Only = None,
) -> None:
    """Draw one figure of the cells recorded, as on their pages, for a slide or a paper."""
    from suite.cli.absent import nothing_recorded
    from suite.pictures.benchmark import KINDS, benchmark_drawing
    from suite.pictures.paper import ENDINGS, write
    from suite.run.gather import gather
    from suite.store import Store

    if what not in KINDS:
        _fail(f"--what {what}: expected {', '.join(KINDS)}.")
    if out.suffix not in ENDINGS:
        _fail(f"--out {out}: expected a file name that ends in {', '.join(ENDINGS)}.")
    chosen = _benchmarks(specs, parse_only(only))
    if len(chosen) > 1:
        _fail(f"expected one benchmark to draw, got {', '.join(benchmark.name for benchmark, _ in chosen)}.")
    (benchmark, parts), store = chosen[0], Store()
    results = gather(benchmark, store, quick=quick, only=parts)
    if not results.records:
        _fail(nothing_recorded(store, specs, quick, "draw", name=benchmark.name, only=only))
    drawing = benchmark_drawing(benchmark.title, results.records, what)
    if drawing is None:
        _fail(f"--what {what}: the cells recorded of {benchmark.name} have none to show.")
    try:
        write(drawing, out)
    except OSError as error:
        _fail(f"--out {out}: cannot be written: {error.strerror or error}.")
    print(out)


@app.command()
def schema() -> None:
    """Write the JSON Schema of a spec, for editors."""
    from suite.spec.json_schema import schema_text

    sys.stdout.write(schema_text())


@app.command()
def ui(port: Annotated[int, typer.Option(help="Of the page.")] = 5000) -> None:
    """Open MLflow's pages on the store in use."""
    from suite.cli.pointers import addresses
    from suite.store import Store, serve

    store = Store()
    print("\n".join(addresses(store, port)), flush=True)
    serve(store.uri, port)


def _export_all(out: Path) -> None:
    """Exports every benchmark in the store; the quick slice of one that has nothing else."""
    from suite.cli.absent import nothing_recorded
    from suite.results.writer import export as write
    from suite.run.audit import audited
    from suite.run.gather import gather, recorded_benchmarks
    from suite.store import Store

    store = Store()
    found = {b.name: (b, quick) for quick in (True, False) for b in recorded_benchmarks(store, quick=quick)}
    gathered = [gather(benchmark, store, quick=quick) for benchmark, quick in found.values()]
    if not any(results.records for results in gathered):
        _fail(nothing_recorded(store, [], False, "show"))
    for results in gathered:
        if results.records:
            write(results.manifest(), results.records, out, audited(results.benchmark, store, results.records))
    _export_verdicts([results.benchmark for results in gathered if results.records], out)


def _export_verdicts(benchmarks: list[Benchmark], out: Path) -> None:
    """Judges the claims that ship, and those in the benchmarks' own files, on tables that were exported."""
    from suite.results.verdicts import write
    from suite.run.judging import benchmarks_of, judge_all, published_only
    from suite.spec.claims import find_claims, read_all_claims

    own, _ = read_all_claims(list({b.file.resolve(): b.file for b in benchmarks if b.file.is_file()}.values()))
    names = {benchmark.name for benchmark in benchmarks}
    chosen = [
        (claim, file)
        for claim, file in {claim.id: (claim, file) for claim, file in [*find_claims([]), *own]}.values()
        if names.intersection(claim.benchmarks)
    ]
    write(judge_all(chosen, published_only(benchmarks_of(chosen), out)), out)


def tell_plans(plans: list[Plan], workers: int | str) -> None:
    """What is to do for each plan, why, and about how long all of it takes."""
    from suite.cli.progress import duration
    from suite.run.cluster import default_workers
    from suite.run.plan import wall_seconds
    from suite.run.reasons import told

    processes = workers if isinstance(workers, int) else default_workers()
    for plan in plans:
        print(
            f"{plan.benchmark.name}: {len(plan.cells)} cells, {len(plan.recorded)} recorded, {len(plan.to_run)} to run"
            f" ({len(plan.failed)} failed before), {plan.programs} programs to compile"
        )
        for line in told(plan.reasons):
            print(f"  {line}")
    if any(plan.to_run for plan in plans):
        basis = "as the recorded cells took" if all(p.measured for p in plans if p.to_run) else "by a rule of thumb"
        print(f"about {duration(wall_seconds(plans, processes))} on {max(processes, 1)} workers, {basis}")


def _run(plans: list[Plan], store: Any, workers: int | str, console: Console, go_on: str) -> None:
    """Runs what is missing."""
    from suite.cli.progress import Display
    from suite.run.plan import wall_seconds
    from suite.run.reasons import told
    from suite.run.runner import recorded_since, run_plans

    total = sum(len(plan.to_run) for plan in plans)
    if not total:
        return
    for plan in plans:
        for line in told(plan.reasons, again=True):
            console.print(f"{plan.benchmark.name}: run again {line}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    display = Display(console, wall_seconds(plans, workers if isinstance(workers, int) else 1))
    try:
        with display.showing(total), contextlib.closing(run_plans(plans, store, workers, tell=display.tell)) as steps:
            for step in steps:
                display.step(step)
    except KeyboardInterrupt:
        done = recorded_since(plans, store)
        print(f"\nInterrupted. {done} of {total} cells were recorded and stay; go on with: {go_on}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def _plans(chosen: list[tuple[Benchmark, Parts]], store: Any, quick: bool, top: int | None) -> list[Plan]:
    """What there is to do, for whole benchmarks or the best recorded cells of each."""
    from suite.cli.absent import nothing_recorded
    from suite.run.gather import gather
    from suite.run.plan import make_plan, plan_cells

    if top is None:
        return [make_plan(benchmark, store, quick=quick, only=parts) for benchmark, parts in chosen]
    plans = []
    for benchmark, parts in chosen:
        results = gather(benchmark, store, quick=quick, only=parts, traces=False)
        best = {standing.record.cell.fingerprint for standing in results.ranked[:top]}
        if not best:
            _fail(nothing_recorded(store, [], quick, "rank", name=benchmark.name))
        plans.append(plan_cells(benchmark, [cell for cell in results.cells if cell.fingerprint in best], store))
    return plans


def _benchmarks(specs: list[str], only: Parts, replicates: int | None = None) -> list[tuple[Benchmark, Parts]]:
    """The benchmarks of the specs, each with those parts of a grid that it has; without those that have none of them."""
    from suite.run.gather import read_specs, with_replicates

    benchmarks = [with_replicates(benchmark, replicates) for benchmark in read_specs(specs)]
    parts = parts_of(only, [benchmark.grid for benchmark in benchmarks])
    return [(benchmark, own) for benchmark, own in zip(benchmarks, parts, strict=True) if own or not only]


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _fail(message: str, status: int = WRONG) -> NoReturn:
    _tell(message)
    raise typer.Exit(status)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A user's mistake or the machine's trouble ends with its message and status, never with a traceback."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        _tell(str(error))
        sys.exit(status)


def _tell(message: str) -> None:
    try:
        print(message, end="\n" if message else "", file=sys.stderr, flush=True)
    except (
        OSError
    ):  # standard error may be full too: or Python complains of it again as it ends, with a status of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _status(error: Exception) -> int | None:
    """The exit status of an error with a text for users; None of any other."""
    from suite.results.errors import ResultsError
    from suite.run.cluster import ClusterError
    from suite.spec import SpecError
    from suite.store import StoreError

    if isinstance(error, (ClusterError, OutputError)):
        return INCOMPLETE
    return WRONG if isinstance(error, (UsageError, SpecError, StoreError, ResultsError)) else None


def main() -> None:
    """The `suite` command."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a user's own module may import TensorFlow here
    with standard_streams(), _told():
        try:
            os.getcwd()
        except OSError as error:
            raise UsageError(f"the working folder is gone ({error.strerror}): go to one that is there") from error
        app()
