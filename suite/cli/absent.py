"""Why there is nothing to show, draw or export, and which command to give instead."""

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
    """What was asked for may be there quick, or in full, or for other cells of the same benchmark.

    Args:
        records: The folder of records.
        specs: Specs as the user gave them, if any.
        quick: The quick slice was asked for.
        do: The verb of the command, such as `export`.
        name: Name of the one benchmark that is missing; any if it is not given.
        only: The parts of its grid that were asked for.
    """

    place, what = records.place, f"of {name} " if name else ""
    run = f"`{again('run', specs or ['SPEC'], quick, only)}`"
    if name and _holds(records, name, quick):
        cells = "the cells asked for" if only else "the cells that its spec now has"
        return f"none of {cells} {what}is recorded in {place}: {run} comes first."
    if not any(_holds(records, one, not quick) for one in ([name] if name else records.benchmarks(not quick))):
        return f"nothing {what}is recorded in {place}: {run} comes first."
    if quick:
        return f"no quick run {what}is recorded in {place}: leave out --quick to {do} the full one."
    return f"only a quick run {what}is recorded in {place}: {do} it with --quick, or {run} first."


def _holds(records: Records, name: str, quick: bool) -> bool:
    return any(not entry.error for entry in records.recorded(name, quick))
