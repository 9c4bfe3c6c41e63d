"""The commands `suite export` and `suite leaderboard`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from suite.cli.ending import INCOMPLETE, tell
from suite.cli.options import MaybeSpecs, Quick, Replicates, fail, open_records, whole_runs_only
from suite.protocol.written import counted

if TYPE_CHECKING:
    from suite.spec import Benchmark


MOST_DIFFERENCES = 20
"""Largest number of differing files that `suite leaderboard --check` names."""


def export(
    out: Annotated[Path, typer.Option(help="Output folder, with one subfolder per benchmark.")],
    specs: MaybeSpecs = None,
    quick: Quick = False,
    replicates: Replicates = None,
) -> None:
    """Export tidy tables and a manifest."""
    from suite.cli.absent import nothing_recorded
    from suite.results.writer import export as write
    from suite.run.gather import gather, recorded_benchmarks, with_replicates
    from suite.spec import read_specs

    whole_runs_only(replicates, quick)
    records = open_records()
    benchmarks = read_specs(specs) if specs else recorded_benchmarks(records, quick=quick)
    for benchmark in benchmarks:
        results = gather(with_replicates(benchmark, replicates), records, quick=quick)
        if not results.records:
            fail(nothing_recorded(records, specs or [], quick, "export", name=benchmark.name))
        folder = write(results.manifest(), results.records, out)
        print(f"{folder}: {len(results.records)} of {len(results.cells)} recipes")
    if not benchmarks:
        fail(nothing_recorded(records, [], quick, "export"))


def leaderboard(
    out: Annotated[Path | None, typer.Option(help="Folder of the site to build.")] = None,
    check: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Check whether the site in DIR matches the results; build nothing."),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of exported results.")] = Path("leaderboard/results"),
    from_store: Annotated[bool, typer.Option("--from-store", help="Build it from your own finished runs.")] = False,
    base: Annotated[
        str,
        typer.Option(metavar="URL", help="Address of the site: adds canonical links, a sitemap, a feed and previews."),
    ] = "",
    repository: Annotated[str, typer.Option(metavar="URL", help="Address of the repository, to link to.")] = "",
    docs: Annotated[str, typer.Option(metavar="URL", help="Address of the documentation, to link to.")] = "",
) -> None:
    """Build the static leaderboard, or check an existing one."""
    import tempfile

    from leaderboard import site
    from leaderboard.addresses import Addresses

    if (out is None) == (check is None):
        fail("expected either --out DIR, to build a site, or --check DIR, to compare one with its results.")
    if from_store:
        with tempfile.TemporaryDirectory(prefix="suite-") as folder:
            _export_all(Path(folder))
            leaderboard(out, check, Path(folder), False, base, repository, docs)
    elif check is not None:
        differences = site.check(results, check)
        if differences:
            more = len(differences) - MOST_DIFFERENCES
            told = [*differences[:MOST_DIFFERENCES], *([f"and {more:,} more"] if more > 0 else [])]
            fail("\n".join(told), INCOMPLETE)
        print(f"{check} matches {results}")
    elif out is not None:
        built = site.build(results, out, Addresses(base, repository, docs))
        counts = {"benchmark": built.benchmarks, "recipe": built.cells, "page": built.pages}
        print(f"{built.out}: {', '.join(counted(number, what) for what, number in counts.items())}")


def _export_all(out: Path) -> None:
    """Exports all benchmarks with results; the quick slice only for those without full results."""
    from suite.cli.absent import nothing_recorded
    from suite.results.writer import export as write
    from suite.run.gather import gather, recorded_benchmarks

    records = open_records()
    found = {b.name: (b, quick) for quick in (True, False) for b in recorded_benchmarks(records, quick=quick)}
    gathered = [gather(benchmark, records, quick=quick) for benchmark, quick in found.values()]
    if not any(results.records for results in gathered):
        fail(nothing_recorded(records, [], False, "show"))
    for results in gathered:
        if results.records:
            write(results.manifest(), results.records, out)
    _export_verdicts([results.benchmark for results in gathered if results.records], out)


def _export_verdicts(benchmarks: list[Benchmark], out: Path) -> None:
    """Judges all own and included claims on the exported tables of the benchmarks."""
    from suite.claims.published import write
    from suite.run.judging import benchmarks_of, claims_on, judge_all, published_only, traced_in

    claims, problems = claims_on(benchmarks)
    for problem in problems:
        tell(f"skipped: {problem}")
    write(judge_all(claims, published_only(benchmarks_of(claims), out, traced_in(claims))), out)
