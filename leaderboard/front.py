"""The front page: the board of its atlas, findings in words, and the benchmarks in groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from leaderboard.advice import KEYS, Advice
from leaderboard.boards import Board
from leaderboard.factor_names import factor_title
from leaderboard.findings import BoardFindings
from suite.claims.verdicts import Verdict
from suite.pictures.atlas import Layout, Tile, atlas, level_title
from suite.pictures.drawing import Drawing

START = ("deep_mlp", "depth", "cnn_digits", "rnn_adding")
"""Benchmarks to begin with, one a question; the first with an atlas has it on the front page."""


MOST_TILES = 400
"""Recipes of the largest atlas that a front page can carry."""

PUBLISHED = "Published results"
"""Topic of the claims that repeat a published result, and the group of their benchmarks."""

JUDGED = {
    "holds": "hold", "depends": "depend on another choice", "none": "make no difference", "opposite": "hold the other way round",
    "fails": "do not hold", "open": "are open",
}  # fmt: skip
"""Verdicts on tested advice, in a sentence."""


@dataclass(frozen=True)
class Headline:
    """A finding in words.

    Attributes:
        claim: What was found, in a clause.
        numbers: The statistics behind it.
        href: Page that shows them.
    """

    claim: str
    numbers: str
    href: str


class Front:
    """What the front page shows of all boards."""

    def __init__(self, findings: Sequence[BoardFindings], advice: Advice) -> None:
        self.findings = findings
        self.advice = advice

    @cached_property
    def featured(self) -> BoardFindings | None:
        """The board of the atlas: the first to begin with, or the largest that has one."""
        drawable = [
            each
            for each in self.findings
            if 0 < len(each.board.recorded) <= MOST_TILES and Layout.of(each.board.factors)
        ]
        by_name = {each.board.results.name: each for each in drawable}
        largest = max(drawable, key=lambda each: len(each.board.recorded), default=None)
        return next((by_name[name] for name in START if name in by_name), largest)

    @cached_property
    def panels(self) -> Mapping[str, Drawing]:
        """The panels of the atlas; each tile leads to its recipe."""
        return {} if self.featured is None else atlas(self.featured.board.factors, tiles(self.featured.board))

    @property
    def headlines(self) -> list[Headline]:
        """What the tables say, one finding each of the largest effect, an interaction, depth and the advice."""
        found = [self._largest_effect(), self._interaction(), self._harder(), self._advice()]
        return [headline for headline in found if headline is not None]

    @property
    def groups(self) -> dict[str, list[BoardFindings]]:
        """The benchmarks by group: to begin with, those that repeat a published result, those that test other advice."""
        claims = [one.claim for one in self.advice.claims]
        published = {name for claim in claims if claim.topic == PUBLISHED for name in claim.benchmarks}
        advised = {name for claim in claims for name in claim.benchmarks}
        groups: dict[str, list[BoardFindings]] = {
            title: [] for title in ("Start here", "The advice", PUBLISHED, "More")
        }
        for each in sorted(self.findings, key=lambda each: each.board.results.name):
            name = each.board.results.name
            title = "The advice" if name in advised else "More"
            title = "Start here" if name in START else PUBLISHED if name in published else title
            groups[title].append(each)
        groups["Start here"].sort(key=lambda each: START.index(each.board.results.name))
        return {title: found for title, found in groups.items() if found}

    @property
    def environments(self) -> list[tuple[Mapping[str, Any], Mapping[str, str], list[str]]]:
        """Every machine and its library versions, with the names of the benchmarks that ran there."""
        found: list[tuple[Mapping[str, Any], Mapping[str, str], list[str]]] = []
        for manifest in (each.board.manifest for each in self.findings):
            own = (manifest.machine, manifest.versions)
            names = next((names for *known, names in found if tuple(known) == own), None)
            if names is None:
                found.append((*own, names := []))
            names.append(manifest.benchmark)
        return found

    def _largest_effect(self) -> Headline | None:
        effect = self.featured.biggest if self.featured else None
        if self.featured is None or effect is None:
            return None
        board, scale = self.featured.board, self.featured.board.scale
        better, other = (level_title(effect.factor, str(level)) for level in (effect.level, effect.other))
        return Headline(
            f"{_capital(better)} beats {other}",
            f"Test {scale.metric} {scale.difference(effect.mean)} on average over {effect.pairs} pairs of recipes (95% interval "
            f"{scale.difference(effect.low)} to {scale.difference(effect.high)}), the largest of {self.featured.compared} "
            f"differences between two levels.",
            f"{board.results.name}/factors.html#{effect.factor}",
        )

    def _interaction(self) -> Headline | None:
        if self.featured is None or not self.featured.largest_interactions:
            return None
        found, board, scale = self.featured.largest_interactions[0], self.featured.board, self.featured.board.scale
        contrast = found.contrast
        better, other = (level_title(contrast.factor, str(level)) for level in (found.high.level, found.high.other))
        ends = [f"{scale.difference(e.mean)} with {_given(e.given)}" for e in (found.high, found.low)]
        second = factor_title(contrast.second).lower()
        return Headline(
            f"How much {better} gains over {other} depends on the {second}",
            f"Test {scale.metric} {ends[0]}, {ends[1]}: the largest of {len(self.featured.contrasts)} interactions.",
            f"{board.results.name}/factors.html#interactions",
        )

    def _harder(self) -> Headline | None:
        """The board on which the share of recipes that train falls most along depth or length."""
        falls = []
        for each in self.findings:
            for factor, points in each.frontiers.items():
                ends = [float(end) for end in (each.board.factors[factor][0], each.board.factors[factor][-1])]
                (easy, of_easy), (hard, of_hard) = (
                    (sum(end in point.trained for point in points), sum(end in point.tried for point in points))
                    for end in (min(ends), max(ends))
                )
                if of_easy and of_hard:
                    falls.append((easy / of_easy - hard / of_hard, each, factor, ends, (easy, of_easy, hard, of_hard)))
        if not falls or max(falls, key=lambda fall: fall[0])[0] <= 0:
            return None
        _, each, factor, ends, (easy, of_easy, hard, of_hard) = max(falls, key=lambda fall: fall[0])
        name = factor_title(factor).lower()
        return Headline(
            f"Fewer recipes train as {name} grows",
            f"{easy} of {of_easy} at {name} {min(ends):g}, {hard} of {of_hard} at {name} {max(ends):g} "
            f"({each.board.manifest.title.rstrip('?.')}).",
            f"{each.board.results.name}/factors.html#frontier-{factor}",
        )

    def _advice(self) -> Headline | None:
        judged = [one.claim for one in self.advice.claims if one.claim.evidence]
        advice = [claim for claim in judged if claim.topic != PUBLISHED]
        if not advice:
            return None
        counts = Counter(KEYS[claim.verdict] for claim in advice)
        told = [f"{counts[key]} {words}" for key, words in JUDGED.items() if key in counts]
        figures = [claim.verdict is Verdict.HOLDS for claim in judged if claim.topic == PUBLISHED]
        found_again = f" Of {len(figures)} published results {sum(figures)} were found again." if figures else ""
        return Headline(
            f"{counts['holds']} of {len(advice)} pieces of advice hold",
            f"Statements of books, lectures and papers, each judged on these tables: {', '.join(told)}.{found_again}",
            "advice.html",
        )


def tiles(board: Board) -> list[Tile]:
    """The recipes of a board as tiles of its atlas."""
    return [
        Tile(
            row.labels, row.gradients, row.looks, board.scale.short(row["test_score"]), row["trained"],
            row["replicates"], f"{board.results.name}/cell/{row.cell}.html",
        )
        for row in board.recorded
    ]  # fmt: skip


def _given(given: tuple[str, object] | None) -> str:
    return "" if given is None else level_title(given[0], str(given[1]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
