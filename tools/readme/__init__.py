"""The README's figures, from the published tables and from what `tox -e speed` measured: `python -m tools.readme` writes
them, a test holds them.

What is written stands between two comments, `<!-- board -->` and `<!-- /board -->`. Sentences are by people and figures
by the tables; a sentence that its tables no longer bear out is not written, but told, for a person to write anew.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from suite.cli.report import report
from tools.readme.findings import ROWS, NotBorneOut
from tools.readme.published import Published
from tools.readme.speed import speed
from tools.speed.measured import measured

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"
WIDTH, WORKERS = 80, 2

Read = Callable[[str], Published]


def board(read: Read) -> str:
    """The table that the first command ends with."""
    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, highlight=False)
    console.print(report(read("deep_mlp").gathered, command="suite show benchmarks/deep_mlp.yaml --all"))
    return f"\n```text\n{stream.getvalue()}```\n"


def trainings(read: Read) -> str:
    """How many there are behind that table."""
    results = read("deep_mlp").board.results
    return f"{len(results.trials) + len(results.replicates):,}"


def benchmarks(read: Read) -> str:
    """The table of benchmarks."""
    lines = ["| benchmark | cells | minutes | audit | one finding |", "|---|---|---|---|---|"]
    wrong: list[str] = []
    for row in ROWS:
        found = {name: read(name) for name in row.boards}
        try:
            finding = row.finding(found)
        except NotBorneOut as error:
            wrong.append(f"{row.title}: {error}")
            continue
        seconds = sum(float(each.board.results.cells["seconds"].sum()) for each in found.values())
        minutes = seconds / WORKERS / 60
        cells = " + ".join(str(len(each.board.recorded)) for each in found.values())
        audits = "; ".join(each.audit for each in found.values())
        lines.append(f"| [`{row.title}`]({row.spec}) | {cells} | {max(minutes, 1):.0f} | {audits} | {finding} |")
    if wrong:
        raise NotBorneOut("\n".join(wrong))
    return "\n" + "\n".join(lines) + "\n"


BLOCKS: Mapping[str, Callable[[Read], str]] = {
    "trainings": trainings,
    "board": board,
    "benchmarks": benchmarks,
    "speed": lambda read: speed(measured()),
}
"""What stands between the comments of each name."""


def written(text: str, read: Read) -> tuple[str, list[str]]:
    """The README as its tables have it, and what of it a person has to write anew."""
    wrong: list[str] = []
    for name, block in BLOCKS.items():
        pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.S)
        if len(pattern.findall(text)) != 1:
            wrong.append(f"Expected one block <!-- {name} --> in the README.")
            continue
        try:
            made = block(read)
        except NotBorneOut as error:
            wrong.append(str(error))
        else:
            text = pattern.sub(lambda found, made=made: f"{found[1]}{made}{found[2]}", text)
    return text, wrong
