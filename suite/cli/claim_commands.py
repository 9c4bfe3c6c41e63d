"""The commands `suite claims` and `suite new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suite.cli.arguments import again, parse_workers
from suite.cli.ending import WRONG
from suite.cli.options import Workers, fail, open_records, terminal
from suite.cli.running import run_missing, tell_plans


def claims(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|ID]...", help="YAML files with claims, or ids of included claims; default: all included."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Train nothing: judge finished runs or published results.")
    ] = False,
    every: Annotated[bool, typer.Option("--show", help="Show all settings with their intervals.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="Judge only the results published in this folder; train nothing.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the verdicts to this folder of results, for the leaderboard.")
    ] = None,
    workers: Workers = None,
) -> None:
    """Run the missing experiments, and report which claims hold, and where."""
    from suite.claims.claim_files import find_claims
    from suite.claims.published import write
    from suite.cli.origins import nothing_to_judge_on, origins
    from suite.cli.verdict_tables import detail, verdicts
    from suite.run.judging import (
        benchmarks_of,
        judge_all,
        published_folder,
        published_only,
        recorded_or_published,
        traced_in,
    )
    from suite.run.plan import make_plan

    console, wanted = terminal(), find_claims(words or [])
    needed, records = benchmarks_of(wanted), open_records()
    if not check and results is None:
        plans = [make_plan(benchmark, records) for benchmark in needed]
        tell_plans(plans, records, parse_workers(workers))
        run_missing(plans, records, parse_workers(workers), console, again("claims", words or [], False, None, workers))
    folder = results or published_folder()
    traced = traced_in(wanted)
    tables = (
        published_only(needed, folder, traced) if results else recorded_or_published(needed, records, folder, traced)
    )
    if needed and not tables.found:
        fail(nothing_to_judge_on(needed, tables, folder, words or [], None if results else records), WRONG)
    found = judge_all(wanted, tables)
    for judgement in found if every else ():
        console.print(detail(judgement))
    if not every:
        console.print(verdicts(found))
    for problem in tables.problems:
        console.print(problem, style="yellow")
    if results is None:
        for line in origins(tables, folder, records):
            print(line)
    if out is not None:
        print(write(found, out))


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to create; must not exist.")],
    task: Annotated[str | None, typer.Option(help="Task, default digits; see suite list tasks.")] = None,
    model: Annotated[str | None, typer.Option(help="Model, default mlp; see suite list models.")] = None,
    claim: Annotated[
        str | None, typer.Option(metavar="BENCHMARK", help="Write a claim on this benchmark instead of a spec.")
    ] = None,
) -> None:
    """Create a commented spec, or a claim, to start from."""
    from suite.claims.claim_starter import new_claim
    from suite.spec.starters import new_spec

    if file.suffix not in (".yaml", ".yml"):
        fail(f"{file}: expected a file name that ends in .yaml.")
    if claim is not None and (task or model):
        given = f"--task {task}" if task else f"--model {model}"
        fail(f"{given}: cannot be combined with --claim {claim}, which writes a claim and no spec.")
    text = new_spec(file, task or "digits", model or "mlp") if claim is None else new_claim(file, claim)
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        fail(f"{file}: already exists. Choose another name.")
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror or error}.")
    print(f"{file}: validate it with `suite check {file}`; run it and judge its claim with `suite claims {file}`.")
