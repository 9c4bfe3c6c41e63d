"""Messages for missing results, with the command that creates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.cli.arguments import again

if TYPE_CHECKING:
    from suite.records import Records


def nothing_recorded(
    records: Records,
    specs: list[str],
    quick: bool,
    do: str,
    *,
    name: str = "",
    only: list[str] | None = None,
) -> str:
    """The message for missing results, which may exist for the other of quick and full, or for other cells.

    Args:
        records: Folder of records.
        specs: Specs as the user gave them, if any.
        quick: Whether the quick slice was requested.
        do: Verb of the command, such as `export`.
        name: Name of the benchmark without results; empty for any.
        only: Requested parts of its grid.
    """

    place, what = records.place, f" for {name}" if name else ""
    run = f"`{again('run', specs or ['SPEC'], quick, only)}`"
    if name and _holds(records, name, quick):
        cells = "the requested recipes" if only else "the recipes in its current spec"
        return f"no results for {cells} of {name} in {place}: run {run} first."
    if not any(_holds(records, one, not quick) for one in ([name] if name else records.benchmarks(not quick))):
        return f"no results{what} in {place}: run {run} first."
    if quick:
        return f"no quick results{what} in {place}: leave out --quick to {do} the full ones."
    return f"only quick results{what} in {place}: {do} them with --quick, or run {run} first."


def _holds(records: Records, name: str, quick: bool) -> bool:
    return any(not entry.error for entry in records.recorded(name, quick))
