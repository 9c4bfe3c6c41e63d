"""Tables of the names that a spec can use, from the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from suite.catalog import KINDS
from suite.catalog.entries import Catalog
from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.tasks import TASKS


def kinds() -> Mapping[str, Catalog[Any]]:
    return {"tasks": TASKS, "models": MODELS, **KINDS}


def list_kinds() -> RenderableType:
    """All kinds with their names."""
    table = _grid()
    for kind, entries in kinds().items():
        table.add_row(Text(kind, style="bold"), ", ".join(entries))
    return Group(table, Text("`suite list KIND` describes the entries of one kind.", style="dim"))


def list_kind(kind: str) -> RenderableType:
    """The entries of one kind with their parameters.

    Raises:
        ValueError: The kind is unknown.
    """
    found = kinds()
    if kind not in found:
        from suite.spec.problems import not_found

        raise ValueError(f"suite list: {not_found(kind, list(found))}")
    table = _grid()
    for entry in found[kind].values():
        also = f" (also {', '.join(entry.aliases)})" if entry.aliases else ""
        also += f" (from {entry.package})" if entry.package else ""
        table.add_row(Text(entry.name, style="bold"), Text(f"{entry.summary}{also}"))
        for parameter in entry.parameters:
            default = "required" if parameter.required else f"default {label_text(parameter.default)}"
            note = f"{parameter.summary}: {parameter.expects()}; {default}"
            table.add_row(Text(f"  {parameter.name}"), Text(note, style="dim"))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    return table
