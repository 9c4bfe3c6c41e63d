"""The commands that show results and the catalog: list, show, plot, schema and ui."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from suite.cli.arguments import again, parse_only
from suite.cli.options import Only, Quick, Replicates, Specs, fail, open_records, terminal, whole_runs_only
from suite.cli.rows import as_csv, as_json
from suite.cli.running import chosen


def list_(
    kind: Annotated[str | None, typer.Argument(help="activations, optimizers, tasks, models, ...")] = None,
) -> None:
    """List tasks, models and components that a spec can use."""
    from suite.cli.listing import list_kind, list_kinds

    try:
        terminal().print(list_kinds() if kind is None else list_kind(kind))
    except ValueError as error:
        fail(str(error))


def show(
    specs: Specs,
    every: Annotated[bool, typer.Option("--all", help="Show all rows.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print all rows and statistics as JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print all rows and statistics as CSV.")] = False,
    quick: Quick = False,
    only: Only = None,
    replicates: Replicates = None,
) -> None:
    """Show the ranked table of finished runs."""
    from suite.cli.absent import nothing_recorded
    from suite.cli.remarks import remarks
    from suite.cli.report import Report, print_report, ranked_rows
    from suite.run.gather import gather

    whole_runs_only(replicates, quick)
    if json and csv:
        fail("expected either --json or --csv, got both.")
    wanted, console, records = chosen(specs, parse_only(only), replicates), terminal(), open_records()
    command, absent = again("show", specs, quick, only, None, replicates) + " --all", []
    rows: list[dict[str, object]] = []
    for benchmark, parts in wanted:
        results = gather(benchmark, records, quick=quick, only=parts, traces=False)
        if not (results.records or results.errors):
            absent.append(nothing_recorded(records, specs, quick, "show", name=benchmark.name, only=only))
        elif json or csv:
            rows += ranked_rows(results)
        else:
            after = remarks(results)
            shown = Report(results, everything=every, command=command, below=len(after), records=records)
            print_report(console, shown)
            for line in after:
                print(line)
    if rows:
        sys.stdout.write(as_json(rows) if json else as_csv(rows))
    if absent:
        fail("\n".join(absent))


def plot(
    specs: Specs,
    what: Annotated[str, typer.Option(help="atlas, gradients, scores, rates, depth, loss, strips, time or trend.")],
    out: Annotated[Path, typer.Option(help="Output file ending in .svg, .png or .pdf.")],
    quick: Quick = False,
    only: Only = None,
) -> None:
    """Draw one chart of the results, for a slide or a paper."""
    from suite.cli.absent import nothing_recorded
    from suite.pictures.benchmark import ATLAS, KINDS, benchmark_drawing
    from suite.pictures.paper import ENDINGS, write
    from suite.run.gather import gather
    from suite.spec.problems import not_found

    if what not in KINDS:
        fail(f"--what: {not_found(what, list(KINDS))}.")
    if out.suffix not in ENDINGS:
        fail(f"--out {out}: expected a file name that ends in {', '.join(ENDINGS)}.")
    wanted = chosen(specs, parse_only(only))
    if len(wanted) > 1:
        fail(f"expected one benchmark, got {', '.join(benchmark.name for benchmark, _ in wanted)}.")
    (benchmark, parts), records = wanted[0], open_records()
    results = gather(benchmark, records, quick=quick, only=parts)
    if not results.records:
        fail(nothing_recorded(records, specs, quick, "draw", name=benchmark.name, only=only))
    drawing = benchmark_drawing(benchmark.title, results.records, what)
    if drawing is None:
        needs = ": it needs two to four factors with several levels each" if what == ATLAS else ""
        fail(f"--what {what}: the results of {benchmark.name} have no data for this chart{needs}.")
    try:
        write(drawing, out)
    except OSError as error:
        fail(f"--out {out}: cannot be written: {error.strerror or error}.")
    print(out)


def schema() -> None:
    """Print the JSON Schema with which an editor completes and checks specs."""
    from suite.claims.claim_document import schema_text

    sys.stdout.write(schema_text())


def ui(port: Annotated[int, typer.Option(help="Port of the MLflow server.")] = 5000) -> None:
    """Browse all runs in MLflow.

    Runs that are not in MLflow yet are logged first. The printed addresses open a ranking and charts of the gradients.
    """
    from suite.cli.mlflow_pages import catch_up, serve
    from suite.records.tracking import tracking_uri

    if not 1 <= port <= 65535:
        fail(f"--port {port}: expected a number from 1 to 65535.")
    uri, records = tracking_uri(), open_records()
    serve(uri, port, catch_up(records, uri, port))
