"""Claims with the tables that answer them: recorded here, or published, or why there are none."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from suite.claims.claim import Claim
from suite.claims.evaluation import Judgement, evaluate_claim
from suite.claims.evidence import Evidence
from suite.claims.expressions import TRACED

if TYPE_CHECKING:
    from suite.records import Records
    from suite.spec import Benchmark, Problem

RESULTS = Path("leaderboard", "results")
"""Where a clone has its published results; a package that was installed has none."""


def published_folder() -> Path:
    """The published results of the working folder or, if it has none, of the clone that this package is used from."""
    return RESULTS if RESULTS.is_dir() else Path(__file__).parents[2] / RESULTS


@dataclass
class Tables:
    """The evidence of every benchmark that was asked for.

    Attributes:
        found: Evidence by the benchmark's name.
        absent: Why there is none of the others, and what to do.
        published: Names of those that are not of this records, but published.
        problems: Why published tables cannot be used.
    """

    found: dict[str, Evidence] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def benchmarks_of(claims: Sequence[tuple[Claim, Path]]) -> list[Benchmark]:
    """Every benchmark that the claims need, once."""
    from suite.claims.grids import Grids

    grids: dict[Path, Grids] = {}
    found: dict[str, Benchmark] = {}
    for claim, file in claims:
        for name in claim.benchmarks:
            benchmark = grids.setdefault(file, Grids(file)).find(name)
            if not isinstance(benchmark, str):  # which reading the claim has made sure of
                found.setdefault(name, benchmark)
    return list(found.values())


def claims_on(benchmarks: Sequence[Benchmark]) -> tuple[list[tuple[Claim, Path]], list[Problem]]:
    """Claims on any of these benchmarks, and what is wrong with files that may have some.

    Of one's own, those in the benchmarks' files, beside them and in the working folder; and those that ship, but for the
    ids that one's own have.
    """
    from suite.claims.claim_files import claims_in, find_claims
    from suite.spec import shipped_specs

    shipped = {path.resolve() for path in shipped_specs().values()}
    files = [benchmark.file.resolve() for benchmark in benchmarks]
    found, problems = claims_in([*(file.parent for file in files if file not in shipped), Path.cwd()], files)
    names = {benchmark.name for benchmark in benchmarks}
    chosen = {claim.id: (claim, file) for claim, file in [*find_claims([]), *found] if names & {*claim.benchmarks}}
    return list(chosen.values()), problems


def traced_in(claims: Sequence[tuple[Claim, Path]]) -> set[str]:
    """Names of the benchmarks whose traces a claim reads."""
    return {name for claim, _ in claims if claim.form and claim.names & set(TRACED) for name in claim.benchmarks}


def recorded_or_published(
    benchmarks: Sequence[Benchmark], records: Records, published: Path, traced: Collection[str] = ()
) -> Tables:
    """What is recorded of each benchmark; where nothing is, what is published of it.

    Args:
        benchmarks: Benchmarks whose tables are needed.
        records: The folder of records.
        published: The folder of published results.
        traced: Names of those whose traces are needed too.

    Raises:
        RecordsError: Records cannot be read.
    """
    from suite.claims.from_results import evidence_of_records
    from suite.run.gather import gather

    tables = Tables()
    for benchmark in benchmarks:
        results = gather(benchmark, records, traces=benchmark.name in traced)
        if results.records:
            tables.found[benchmark.name] = evidence_of_records(
                results.manifest(), results.records, traced=benchmark.name in traced
            )
        else:
            _published(benchmark, published, tables, traced)
    return tables


def published_only(benchmarks: Sequence[Benchmark], published: Path, traced: Collection[str] = ()) -> Tables:
    """What is published of each benchmark, whatever is recorded here; as `recorded_or_published` has it."""
    tables = Tables()
    for benchmark in benchmarks:
        _published(benchmark, published, tables, traced)
    return tables


def judge_all(claims: Sequence[tuple[Claim, Path]], tables: Tables) -> list[Judgement]:
    """The verdict on every claim."""
    return [evaluate_claim(claim, tables.found, tables.absent) for claim, _ in claims]


def _published(benchmark: Benchmark, folder: Path, tables: Tables, traced: Collection[str]) -> None:
    from suite.claims.from_results import evidence_of
    from suite.results.errors import ResultsError
    from suite.results.reader import read

    name = benchmark.name
    tables.absent[name] = f"there are no tables of {name} (`suite run {_spec_name(benchmark)}`)"
    if not (folder / name).is_dir():
        return
    try:
        results = read(folder / name)
    except ResultsError as error:
        tables.problems += error.problems
        return
    if results.manifest.quick:
        tables.problems.append(f"{folder / name}: is a quick slice, of which nothing is judged")
        return
    tables.found[name] = evidence_of(results, traced=name in traced)
    tables.published.append(name)
    del tables.absent[name]


def _spec_name(benchmark: Benchmark) -> str:
    """How a command may name its spec: shortly where it ships, else by its path."""
    from suite.spec import shipped_specs

    shipped = {path.resolve(): name for name, path in shipped_specs().items()}
    return shipped.get(benchmark.file.resolve()) or os.path.relpath(benchmark.file)
