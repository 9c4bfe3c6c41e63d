"""Terms explained beside their first use and on the method page."""

from __future__ import annotations

from dataclasses import dataclass

from suite.protocol.run_statistics import STATISTICS


@dataclass(frozen=True)
class Word:
    """A term of the pages.

    Attributes:
        name: The term.
        text: Its meaning in a sentence or two.
        more: Anchor of its section on the method page.
        rule: Whether it is an outcome, with the rule for it as its text.
    """

    name: str
    text: str
    more: str
    rule: bool = False


WORDS = {
    "tier": Word(
        "tier",
        "Recipes in one tier are statistically indistinguishable from the tier's best (95%); tier 1 is the best. Ignore "
        "small differences within a tier.",
        "ranks",
    ),
    "erratic": Word(
        "erratic",
        "Trains under some seeds and fails under others. The mean is misleading here; look at the success rate.",
        "ranks",
    ),
    "basin": Word(
        "learning rates that work",
        "Width of the range of learning rates that score at least 95% of the way from chance to the recipe’s best, in "
        "powers of ten. Wider is more forgiving.",
        "cells",
    ),
    **{s.key: Word(s.name or s.label, s.meaning, "probes") for s in STATISTICS if s.meaning and s.of_cell},
    "outcomes": Word(
        "outcomes",
        "Trained: meets the target. Slow: learned, but missed the target. Lost: met it, but not at the end. Stalled: no "
        "better than a constant. Diverged: the loss grew. Nonfinite: NaN or infinite.",
        "outcomes",
    ),
    "nonfinite": Word(
        "nonfinite", "A loss or gradient was NaN or infinite; the run ends there.", "outcomes", rule=True
    ),
    "diverged": Word("diverged", "The final training loss is over 2 × baseline.", "outcomes", rule=True),
    "trained": Word("trained", "The final validation metric meets the target.", "outcomes", rule=True),
    "lost": Word("lost", "The target was met at an earlier evaluation, but not at the last.", "outcomes", rule=True),
    "stalled": Word("stalled", "The final training loss is at least 0.98 × baseline.", "outcomes", rule=True),
    "slow": Word("slow", "It learned, but missed the target.", "outcomes", rule=True),
}
"""Terms by key; the outcomes in the order of their rules."""
