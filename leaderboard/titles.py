"""Titles and descriptions of pages, in the words that people search for."""

from __future__ import annotations

from leaderboard.boards import Board, Row
from leaderboard.cells import verdict
from suite.protocol.records import Cause

SITE = "Trainability Leaderboard"

_CAUSES = {
    Cause.VANISHING: "the gradient vanishes",
    Cause.EXPLODING: "the gradient explodes",
    Cause.DEAD: "units die",
    Cause.SATURATED: "units saturate",
}


def board_title(board: Board) -> str:
    """The board's question, and how many recipes answer it."""
    return f"{board.manifest.title} {len(board.recorded)} recipes ranked – {SITE}"


def board_description(board: Board) -> str:
    """What was trained, how many recipes train and which is best."""
    manifest, best = board.manifest, board.best
    always = sum(row.result == "all" for row in board.recorded)
    told = (
        f" Best: {', '.join(best.phrases)}, test {board.scale.metric} {board.scale.write(best['test_score'])}."
        if best
        else ""
    )
    return (
        f"{manifest.title} {always} of {len(board.recorded)} recipes for {manifest.model} on {manifest.task.name} train under "
        f"every seed, each with a tuned learning rate.{told}"
    )


def cell_title(board: Board, row: Row) -> str:
    """The recipe and what became of it: `sigmoid, small, no normalization, 20 layers: the gradient vanishes, and what fixes it`."""
    depth = board.manifest.fixed.get("depth")
    recipe = ", ".join([*row.phrases, *([f"{depth} layers"] if isinstance(depth, int) else [])])
    recipe = recipe[:1].upper() + recipe[1:]
    if row.missing:
        return f"{recipe}: no result yet"
    if row.trains:
        return f"{recipe}: trains, test {board.scale.metric} {board.scale.write(row['test_score'])}"
    causes = [text for cause, text in _CAUSES.items() if cause in row.causes]
    return f"{recipe}: {causes[0] if causes else 'does not train'}, and what fixes it"


def cell_description(board: Board, row: Row) -> str:
    """The verdict on a recipe."""
    return f"{', '.join(row.phrases)} ({board.manifest.title.rstrip('?')}). {verdict(board, row)}"
