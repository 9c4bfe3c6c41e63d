"""The advice page: every published claim with its verdict and the evidence behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from leaderboard.factor_names import phrase
from suite.claims.answers import Answer
from suite.claims.phrases import between, figure, signed, verdict_text
from suite.claims.published import PublishedClaim, PublishedContext, PublishedLevel, PublishedPlace
from suite.claims.verdicts import Replication, Verdict
from suite.pictures.axes import Scale

KEYS = {
    Verdict.HOLDS: "holds",
    Verdict.DEPENDS: "depends",
    Verdict.NO_DIFFERENCE: "none",
    Verdict.OPPOSITE: "opposite",
    Verdict.FAILS: "fails",
    Verdict.OPEN: "open",
    Verdict.NOT_JUDGED: "waiting",
    Verdict.NOT_TESTABLE: "untestable",
}
"""Key of each verdict in URLs and in the stylesheet."""

_SURPRISING = (Verdict.OPPOSITE, Verdict.FAILS, Verdict.NO_DIFFERENCE, Verdict.DEPENDS, Verdict.HOLDS)
"""Verdicts on advice, the most surprising first."""

_OTHER = "other"
_MOST_CELLS = 4
"""Largest number of recipes on the compare page."""


@dataclass(frozen=True)
class Whisker:
    """A mean with its interval on an axis.

    Attributes:
        mean: Mean as text.
        interval: Interval as text.
        style: CSS variables with the positions on the axis.
        significant: Whether the interval excludes zero.
    """

    mean: str
    interval: str
    style: str
    significant: bool


@dataclass(frozen=True)
class Option:
    """One choice of a filter: its value in the URL, its title and the number of claims that have it."""

    value: str
    title: str
    count: int


class ClaimView:
    """One published claim, prepared for its page and for the list."""

    def __init__(self, claim: PublishedClaim) -> None:
        self.claim = claim
        self.key = KEYS[claim.verdict]
        self.sources = tuple(source for source in claim.source.split("; ") if source)

    @property
    def verdict(self) -> str:
        """The verdict in words, with the factor that it depends on."""
        return verdict_text(self.claim.verdict, self.claim.moderator.factor if self.claim.moderator else None)

    @property
    def where(self) -> str:
        """The task that the verdict is of, or what other tasks say of it; empty without an effect."""
        if self.claim.first is None:
            return ""
        if self.claim.replication is Replication.NOT_TRIED:
            return f"{self.claim.first.task.replace('_', ' ')} only"
        others = dict.fromkeys(p.task for p in self.claim.places if p.effect and p.task != self.claim.first.task)
        return f"{self.claim.replication} on {' and '.join(others).replace('_', ' ')}"

    @property
    def live(self) -> list[PublishedContext]:
        """Settings that are not excluded, the largest effect first."""
        found = [context for context in self.claim.contexts if context.excluded is None]
        return sorted(found, key=lambda context: -context.mean)

    @property
    def excluded(self) -> dict[str, list[PublishedContext]]:
        """Settings that cannot speak, by reason."""
        found: dict[str, list[PublishedContext]] = {}
        for context in self.claim.contexts:
            if context.excluded is not None:
                found.setdefault(context.excluded, []).append(context)
        return found

    @property
    def places(self) -> list[PublishedPlace]:
        """Benchmarks with an effect."""
        return [place for place in self.claim.places if place.effect is not None]

    @cached_property
    def axis(self) -> Scale:
        """Axis that covers zero, the claimed value, all means and the intervals, wide intervals cut."""
        shown = self.live
        means = [0.0, self.claim.claimed, *(context.mean for context in shown)]
        effects = [place.effect for place in self.places if place.effect]
        levels = self.claim.moderator.levels if self.claim.moderator else ()
        means += [*(effect[0] for effect in effects), *(level.mean for level in levels)]
        most = 2 * max(5e-4, *(abs(mean) for mean in means))
        ends = [end for context in shown for end in (context.low, context.high) if end is not None]
        ends += [end for level in levels for end in (level.low, level.high) if end is not None]
        ends += [end for _, *both in effects for end in both if end is not None]
        low, high = min(*means, *(max(-most, end) for end in ends)), max(*means, *(min(most, end) for end in ends))
        margin = 0.06 * (high - low)
        return Scale(low - margin, high + margin)

    @property
    def effect(self) -> Whisker | None:
        """The mean over the settings of the benchmark that decides; None for a prediction, which shows counts instead."""
        if self.claim.first is None or self.claim.first.effect is None or self.claim.prediction is not None:
            return None
        return self._mark(*self.claim.first.effect)

    def mark(self, shown: PublishedContext | PublishedLevel | PublishedPlace) -> Whisker:
        """The effect in one setting, within one level of the moderator, or on one benchmark."""
        if isinstance(shown, PublishedPlace):
            return self._mark(*(shown.effect or (0.0, None, None)))
        return self._mark(shown.mean, shown.low, shown.high)

    def _mark(self, mean: float, low: float | None, high: float | None) -> Whisker:
        ends = (mean, mean) if low is None or high is None else (low, high)
        places = {"a": ends[0], "m": mean, "b": ends[1], "z": 0.0, "d": self.claim.claimed}
        style = ";".join(f"--{name}:{self.axis.at(value):.4f}" for name, value in places.items())
        value = self.claim.form in ("value", "predict")
        interval = (
            "no interval"
            if low is None or high is None
            else f"{figure(low)} to {figure(high)}"
            if value
            else between(low, high)
        )
        return Whisker(figure(mean) if value else signed(mean), interval, style, ends[0] > 0 or ends[1] < 0)

    @property
    def tally(self) -> list[tuple[str, int, str]]:
        """Stylesheet key, number of settings and words of each answer that occurs."""
        counts = Counter(context.answer for context in self.live)
        return [(str(answer), counts[answer], answer.words) for answer in Answer if counts[answer]]

    def name(self, context: PublishedContext) -> str:
        """A setting in words, with its benchmark if the claim has several."""
        parts = [phrase(factor, label) for factor, label in context.levels.items()]
        return (
            " · ".join([*([context.benchmark] if len(self.claim.benchmarks) > 1 else []), *parts]) or "all else equal"
        )

    def link(self, context: PublishedContext) -> str:
        """Relative URL of the recipes behind a setting: the compare page, or the page of a single recipe."""
        cells = context.cells[:_MOST_CELLS]
        if len(cells) == 1:
            return f"../{context.benchmark}/cell/{cells[0]}.html"
        return f"../{context.benchmark}/compare.html#{'&'.join(f'cell={cell}' for cell in cells)}"


class Advice:
    """All published claims of a site; those that cannot be tested come last."""

    def __init__(self, claims: Sequence[PublishedClaim]) -> None:
        self.claims = sorted(map(ClaimView, claims), key=lambda one: one.claim.verdict is Verdict.NOT_TESTABLE)

    @property
    def topics(self) -> dict[str, list[ClaimView]]:
        """The claims by topic, in the order of the file, and within a topic by how much they surprise."""
        found: dict[str, list[ClaimView]] = {}
        for one in self.claims:
            found.setdefault(one.claim.topic or "Claims", []).append(one)
        return {topic: sorted(own, key=_place_of) for topic, own in found.items()}

    @property
    def counts(self) -> list[tuple[Verdict, str, int]]:
        """Each verdict that occurs, its stylesheet key and its number of claims."""
        counts = Counter(one.claim.verdict for one in self.claims)
        return [(verdict, key, counts[verdict]) for verdict, key in KEYS.items() if counts[verdict]]

    @cached_property
    def _sources(self) -> dict[str, int]:
        """Sources with several claims, and their number of claims."""
        counts = Counter(source for one in self.claims for source in one.sources)
        return {source: count for source, count in counts.items() if count > 1}

    @property
    def facets(self) -> list[tuple[str, str, list[Option]]]:
        """Key, title and options of each filter."""
        topics = [Option(str(place), topic, len(own)) for place, (topic, own) in enumerate(self.topics.items())]
        sources = [Option(str(place), source, count) for place, (source, count) in enumerate(self._sources.items())]
        single = sum(not set(one.sources) & set(self._sources) for one in self.claims)
        sources += [Option(_OTHER, "others", single)] if single else []
        verdicts = [Option(key, str(verdict), count) for verdict, key, count in self.counts]
        return [
            ("verdict", "Verdict", verdicts),
            ("topic", "Topic", topics),
            ("source", "Source", sources),
        ]

    @cached_property
    def _on_cells(self) -> dict[str, list[ClaimView]]:
        found: dict[str, list[ClaimView]] = {}
        for one in self.claims:
            cells = [cell for context in one.claim.contexts for cell in context.cells]
            cells += [cell for _, cell in one.claim.prediction.misses] if one.claim.prediction else []
            for cell in dict.fromkeys(cells):
                found.setdefault(cell, []).append(one)
        return found

    def on_cell(self, cell: str) -> list[ClaimView]:
        """The claims whose settings include a recipe."""
        return self._on_cells.get(cell, [])

    def source_places(self, one: ClaimView) -> str:
        """Values of the source filter that a claim matches, separated by spaces."""
        order = list(self._sources)
        return " ".join(str(order.index(source)) for source in one.sources if source in order) or _OTHER


def _place_of(one: ClaimView) -> int:
    verdict = one.claim.verdict
    return _SURPRISING.index(verdict) if verdict in _SURPRISING else len(_SURPRISING)
