"""The figures of the README and of docs/, from the published tables and from what `tox -e speed` measured: `python -m tools.readme` writes
them, a test holds them.

What is written stands between two comments, `<!-- board -->` and `<!-- /board -->`. Sentences are by people and figures
by the tables; a sentence that its tables no longer bear out is not written, but told, for a person to write anew.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from leaderboard.glossary import WORDS
from suite.claims.verdicts import Verdict
from suite.cli.report import Report
from suite.protocol.outcomes import THRESHOLDS
from suite.protocol.records import Cause
from tools.readme.findings import ROWS, NotBorneOut, Row, published_claims
from tools.readme.published import Published
from tools.readme.speed import speed
from tools.speed.measured import measured

REPOSITORY = Path(__file__).parents[2]
WIDTH, HEIGHT, WORKERS = 80, 24, 2
TOLD = ("deep_mlp", "depth", "cnn_digits", "rnn_sequences", "mnist/cnn")
"""Benchmarks whose findings the README tells."""

Read = Callable[[str], Published]


def board(read: Read) -> str:
    """The table that the first command ends with."""
    stream = io.StringIO()
    terminal = {"force_terminal": True, "color_system": None, "highlight": False}
    console = Console(file=stream, width=WIDTH, height=HEIGHT, **terminal)
    console.print(Report(read("deep_mlp").gathered, command="suite show deep_mlp --all", below=2))
    return f"\n```text\n{stream.getvalue()}```\n"


def trainings(read: Read) -> str:
    """How many there are behind that table."""
    results = read("deep_mlp").board.results
    return f"{len(results.trials) + len(results.replicates):,}"


def benchmarks(read: Read) -> str:
    """The table of benchmarks."""
    lines = ["| benchmark | recipes | minutes | one finding |", "|---|---|---|---|"]
    for row, finding in _findings(read, ROWS):
        found = [read(name) for name in row.boards]
        seconds = sum(float(each.board.results.cells["seconds"].sum()) for each in found)
        minutes = max(seconds / WORKERS / 60, 1)
        cells = " + ".join(str(len(each.board.recorded)) for each in found)
        lines.append(f"| [`{row.title}`](../{row.spec}) | {cells} | {minutes:.0f} | {finding} |")
    return "\n" + "\n".join(lines) + "\n"


def findings(read: Read) -> str:
    """The first sentences of five findings, for the README."""
    rows = [row for row in ROWS if row.title in TOLD]
    return "\n" + "".join(f"- {finding.partition('. ')[0]}.\n" for _, finding in _findings(read, rows))


def _findings(read: Read, rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """The finding of each row.

    Raises:
        NotBorneOut: With every sentence that the tables do not bear out.
    """
    found: list[tuple[Row, str]] = []
    wrong: list[str] = []
    for row in rows:
        try:
            found.append((row, row.finding({name: read(name) for name in row.boards})))
        except NotBorneOut as error:
            wrong.append(f"{row.title}: {error}")
    if wrong:
        raise NotBorneOut("\n".join(wrong))
    return found


def verdicts(read: Read) -> str:
    """How many claims got which verdict, by topic."""
    claims, columns = published_claims(), list(Verdict)
    columns = [verdict for verdict in columns if any(claim.verdict is verdict for claim in claims)]
    lines = [f"| topic | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for topic in dict.fromkeys(claim.topic for claim in claims):
        found = Counter(claim.verdict for claim in claims if claim.topic == topic)
        lines.append(f"| {topic} | {' | '.join(str(found[verdict] or '') for verdict in columns)} |")
    return "\n" + "\n".join(lines) + "\n"


def outcomes(read: Read) -> str:
    """The rules of the outcomes, in their order."""
    rules = [word for word in WORDS.values() if word.rule]
    return "\n" + "\n".join(["| outcome | rule |", "|---|---|", *(f"| {w.name} | {w.text} |" for w in rules)]) + "\n"


def causes(read: Read) -> str:
    """The rules of the causes, with their thresholds."""
    limits = THRESHOLDS
    rules = {
        Cause.VANISHING: f"R, median over the run, is below -{limits.gradient_ratio:g}",
        Cause.EXPLODING: f"R is above {limits.gradient_ratio:g}, or the gradient's norm grew over {limits.gradient_growth:g}-fold",
        Cause.DEAD: f"over {limits.dead:.0%} of a hidden layer's units pass no gradient at the end",
        Cause.SATURATED: f"over {limits.saturated:.0%} of a hidden layer's units and examples are saturated",
    }
    return "\n" + "\n".join(["| cause | rule |", "|---|---|", *(f"| {c} | {rules[c]} |" for c in Cause)]) + "\n"


def _finding(title: str) -> Callable[[Read], str]:
    rows = [row for row in ROWS if row.title == title]
    return lambda read: f"\n{_findings(read, rows)[0][1]}.\n"


BLOCKS: Mapping[str, Mapping[str, Callable[[Read], str]]] = {
    "README.md": {"trainings": trainings, "findings": findings},
    "docs/benchmarks.md": {"benchmarks": benchmarks},
    "docs/run.md": {"board": board},
    "docs/claims.md": {"verdicts": verdicts},
    "docs/method.md": {"outcomes": outcomes, "causes": causes},
    "docs/lesson.md": {"depth": _finding("depth")},
    "docs/speed.md": {"speed": lambda read: speed(measured())},
}
"""What stands between the comments of each name, by the page."""


def written(page: str, text: str, read: Read) -> tuple[str, list[str]]:
    """A page as its tables have it, and what of it a person has to write anew."""
    wrong: list[str] = []
    for name, block in BLOCKS[page].items():
        pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- /{name} -->)", re.S)
        if len(pattern.findall(text)) != 1:
            wrong.append(f"Expected one block <!-- {name} --> in {page}.")
            continue
        try:
            made = block(read)
        except NotBorneOut as error:
            wrong.append(str(error))
        else:
            text = pattern.sub(lambda found, made=made: f"{found[1]}{made}{found[2]}", text)
    return text, wrong
