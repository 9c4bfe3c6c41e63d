"""Why there is nothing to show, draw or export, and which command to give instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.cli.arguments import again
from suite.protocol.records import PROTOCOL_VERSION

if TYPE_CHECKING:
    from suite.store import Store


def nothing_recorded(
    store: Store,
    specs: list[str],
    quick: bool,
    do: str,
    *,
    name: str = "",
    only: list[str] | None = None,
    takes_quick: bool = True,
) -> str:
    """What was asked for may be there quick, or in full, or for other cells of the same benchmark.

    Args:
        store: Where there is nothing of it.
        specs: As they were given, if any were.
        quick: Whether the quick slice was asked for.
        do: What would be done with it: `export`.
        name: Of the one benchmark that is missing; any if it is not given.
        only: The parts of its grid that were asked for.
        takes_quick: Whether the command can do it with the quick slice.
    """
    from suite.store import public

    place, what = public(store.uri), f"of {name} " if name else ""
    run = f"`{again('run', specs or ['SPEC'], quick, only)}`"
    older = [e for e in store.recorded(name, quick) if e.identity.get("protocol") != PROTOCOL_VERSION] if name else []
    if older and len(older) == len(store.recorded(name, quick)):
        made = older[0].identity.get("protocol", 1)
        shown = f"`{again('show', specs, quick, None)} --protocol {made}`"
        return f"{name} is recorded under protocol {made}, which {shown} ranks apart: {run} trains it anew."
    if name and _holds(store, name, quick):
        cells = "the cells asked for" if only else "the cells that its spec now has"
        return f"none of {cells} {what}is recorded in {place}: {run} comes first."
    if not any(_holds(store, one, not quick) for one in ([name] if name else store.benchmarks(not quick))):
        return f"nothing {what}is recorded in {place}: {run} comes first."
    if quick:
        return f"no quick run {what}is recorded in {place}: leave out --quick to {do} the full one."
    rather = f"{do} it with --quick, or " if takes_quick else ""
    return f"only a quick run {what}is recorded in {place}: {rather}{run} first."


def _holds(store: Store, name: str, quick: bool) -> bool:
    return any(not entry.error for entry in store.recorded(name, quick))
