"""The words that a newcomer to these pages does not know: explained where they stand, and on the method's page."""

from __future__ import annotations

from dataclasses import dataclass

from suite.protocol.run_statistics import STATISTICS


@dataclass(frozen=True)
class Word:
    """A word, what it means in a sentence or two, and where on the method's page there is more.

    Attributes:
        name: As it is written.
        text: What it means.
        more: The part of the method's page.
        rule: Whether it is an outcome, and its text the rule by which it falls.
    """

    name: str
    text: str
    more: str
    rule: bool = False


WORDS = {
    "tier": Word(
        "tier",
        "A tier begins where a cell is told from the first of the tier above at 95%; tier 1 is the best. A small "
        "difference within a tier means nothing.",
        "ranks",
    ),
    "erratic": Word(
        "erratic",
        "Trains under some seeds and fails under others. Its mean speaks of no single run: read how many trained beside it.",
        "ranks",
    ),
    "basin": Word(
        "basin",
        "How forgiving the recipe is: the decades of learning rate that score at least 95% of the way from chance to "
        "the cell’s best.",
        "cells",
    ),
    **{s.key: Word(s.name or s.label, s.meaning, "probes") for s in STATISTICS if s.meaning and s.of_cell},
    "outcomes": Word(
        "outcomes",
        "Trained: meets the target. Slow: learned, short of it. Lost: met it, not at the end. Stalled: knows no more than "
        "a constant. Diverged: the loss grew. Nonfinite: NaN or infinite.",
        "outcomes",
    ),
    "nonfinite": Word(
        "nonfinite", "A loss or gradient was NaN or infinite; the run ends there.", "outcomes", rule=True
    ),
    "diverged": Word("diverged", "The final training loss is over 2 × baseline.", "outcomes", rule=True),
    "trained": Word("trained", "The final validation metric meets the target.", "outcomes", rule=True),
    "lost": Word("lost", "The target was met at an earlier evaluation, not at the last.", "outcomes", rule=True),
    "stalled": Word("stalled", "The final training loss is at least 0.98 × baseline.", "outcomes", rule=True),
    "slow": Word("slow", "It learned, short of the target.", "outcomes", rule=True),
}
"""By the key that a page asks for; the outcomes in the order of their rules."""
