"""Regrets to tables: which tuner is chosen on one half of the cells, and how all do on the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tools.studies.tuner.searches import Search

LIMIT = 0.05
"""A regret above this is one too many."""

CHOOSING = (12, 18, 24)
"""Trials at which a tuner is judged when one is chosen."""

SHOWN = (6, 12, 24)
"""Trials at which all searches are shown."""

PARTS = ("chosen", "held back", "other seed")
TUNER = ["search", "rule"]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of every tuner, number of trials and part.

    `mean`, `median`: of the cells' regrets; `floored`: mean with cells below 0 counted as 0; `tunings over`: share of
    single tunings with a regret over 0.05; `cells over`: share of cells, averaged over tuning seeds; `worst`: cell.
    """
    key = [*TUNER, "trials", "part"]
    cells = rows.groupby([*key, "cell"], sort=False)["regret"].mean().reset_index()
    by_cell = cells.groupby(key, sort=False)["regret"]
    return pd.DataFrame(
        {
            "mean": by_cell.mean(),
            "floored": cells.assign(regret=cells["regret"].clip(lower=0)).groupby(key, sort=False)["regret"].mean(),
            "median": by_cell.median(),
            "tunings over": (rows["regret"] > LIMIT).groupby([rows[name] for name in key], sort=False).mean(),
            "cells over": (cells["regret"] > LIMIT).groupby([cells[name] for name in key], sort=False).mean(),
            "worst": by_cell.max(),
            "cells": by_cell.size(),
        }
    )


def choose(figures: pd.DataFrame, searches: Mapping[str, Search]) -> tuple[str, str]:
    """The tuner of least floored mean regret over `CHOOSING` on the chosen half: first the rule, then the search.

    Only searches that are nested and start from the grid of nine take part: budgets are to nest, and the grid is to
    show the learning-rate basin. The rule is the one that does best on the mean of these searches: among hundreds of
    pairs the best one is best by luck. Floored, since a cell whose regret is negative by luck must not pay for another's.
    """
    fit = [name for name, search in searches.items() if search.nested and search.grid(12) >= 9]
    here = figures.xs("chosen", level="part")["floored"].unstack("trials")[list(CHOOSING)].mean(axis=1)
    pairs = here.unstack("rule").loc[fit]
    rule = str(pairs.mean().idxmin())
    return str(pairs[rule].idxmin()), rule


def interval(rows: pd.DataFrame, resamples: int = 2000) -> tuple[float, float]:
    """95% bootstrap interval, over cells, of the mean regret of one tuner at one number of trials."""
    cells = rows.groupby("cell")["regret"].mean().to_numpy()
    drawn = np.random.default_rng(0).choice(cells, (resamples, len(cells))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def write(rows: pd.DataFrame, searches: Mapping[str, Search], readme: Path) -> str:
    """The report, as Markdown; it replaces what stands between the README's marks."""
    figures = summary(rows)
    chosen = choose(figures, searches)
    text = "\n\n".join([_winner(rows, figures, chosen), _by_search(figures, chosen[1]), _by_rule(figures, chosen[0])])
    if readme.exists():
        old = readme.read_text(encoding="utf-8")
        marked = f"<!-- tables -->\n{text}\n<!-- /tables -->"
        new = re.sub(r"<!-- tables -->.*<!-- /tables -->", lambda _: marked, old, flags=re.DOTALL)
        readme.write_text(new, encoding="utf-8")
    return text


def _winner(rows: pd.DataFrame, figures: pd.DataFrame, chosen: tuple[str, str]) -> str:
    lines = [f"**Chosen:** search `{chosen[0]}`, rule `{chosen[1]}`.", ""]
    lines += _table(
        ["trials", "cells", "mean", "95%", "negative as 0", "median", "tunings over 0.05", "cells over 0.05", "worst"],
        [
            [f"{trials}, {part}", *_figures(rows, figures, (*chosen, trials, part))]
            for part in PARTS
            for trials in sorted(rows["trials"].unique())
            if (*chosen, trials, part) in figures.index
        ],
    )
    return "\n".join(lines)


def _figures(rows: pd.DataFrame, figures: pd.DataFrame, key: tuple[str, str, int, str]) -> list[str]:
    found = figures.loc[key]
    wanted = zip([*TUNER, "trials", "part"], key, strict=True)
    low, high = interval(rows[np.logical_and.reduce([rows[name] == value for name, value in wanted])])
    return [
        f"{found['cells']:.0f}",
        f"{found['mean']:.4f}",
        f"{low:.4f} to {high:.4f}",
        f"{found['floored']:.4f}",
        f"{found['median']:.4f}",
        f"{found['tunings over']:.1%}",
        f"{found['cells over']:.1%}",
        f"{found['worst']:.3f}",
    ]


def _by_search(figures: pd.DataFrame, rule: str) -> str:
    lines = [f"Mean regret (share of tunings over {LIMIT}) by search; choice by score alone, and by `{rule}`:", ""]
    columns = [(part, trials) for part in PARTS[1:] for trials in SHOWN]
    names = figures.index.get_level_values("search").unique()
    body = [
        [f"{search}; {name}", *(_cell(figures, (search, name, trials, part)) for part, trials in columns)]
        for search in names
        for name in dict.fromkeys(["best", rule])
    ]
    return "\n".join(lines + _table(["search; rule", *(f"{part}, {trials}" for part, trials in columns)], body))


def _by_rule(figures: pd.DataFrame, search: str) -> str:
    lines = [f"The same by rule of choice, after `{search}` with 12 trials:", ""]
    names = figures.index.get_level_values("rule").unique()
    body = [[name, *(_cell(figures, (search, name, 12, part)) for part in PARTS)] for name in names]
    return "\n".join(lines + _table(["rule", *PARTS], body))


def _cell(figures: pd.DataFrame, key: tuple[str, str, int, str]) -> str:
    if key not in figures.index:
        return ""
    found = figures.loc[key]
    return f"{found['mean']:.4f} ({found['tunings over']:.1%})"


def _table(head: list[str], body: list[list[str]]) -> list[str]:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return [f"| {' | '.join(row)} |" for row in rows]
