"""Plug-ins: catalog entries, tasks and measurements that other packages bring by entry points; see docs/plugins.md."""

from __future__ import annotations

import functools
import logging
from collections.abc import Container, Iterator
from importlib import metadata
from typing import Any

_GROUP = "trainability_suite."
_LOG = logging.getLogger(__name__)


def plugged_in(kind: str, of: type[Any], taken: Container[str]) -> Iterator[tuple[Any, str]]:
    """What installed packages bring of a kind, each with its package's name and version.

    What is wrong with one is logged in a line, and it is left out.

    Args:
        kind: The group's last part, such as `activations`.
        of: What an entry of this kind is.
        taken: Names of ours, which no package may take.
    """
    for point in _entry_points(kind):
        package = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"
        try:
            found = point.load()
            fault = _fault(found, point.name, of, taken)
        except Exception as error:
            fault = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if fault:
            _LOG.warning("plug-in %s of %s (%s) is left out: %s", point.name, kind, package, fault)
        else:
            yield found, package


def _fault(found: Any, name: str, of: type[Any], taken: Container[str]) -> str:
    if not isinstance(found, of):
        return f"expected a {of.__module__}.{of.__name__}, got {type(found).__name__}"
    if found.name != name:
        return f"its entry is named {found.name}, expected the name of its entry point"
    if shadowed := [other for other in (found.name, *getattr(found, "aliases", ())) if other in taken]:
        return f"{shadowed[0]} is a name of the suite's own"
    return ""


def _entry_points(kind: str) -> list[metadata.EntryPoint]:
    return sorted((point for point in _installed() if point.group == _GROUP + kind), key=lambda point: point.name)


@functools.cache
def _installed() -> list[metadata.EntryPoint]:
    """The entry points for us of all installed packages, read once a process: it takes 0.1 s."""
    points = (point for package in metadata.distributions() for point in package.entry_points)
    return [point for point in points if point.group.startswith(_GROUP)]
