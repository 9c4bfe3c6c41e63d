"""Parses command-line arguments, and writes them back as a command."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from suite.protocol.labels import printable


class UsageError(Exception):
    """Wrong usage of a command; the message is ready for users."""


Parts = list[dict[str, list[str]]]
"""Parts of a grid, each with levels by factor."""
MOST_WORKERS = 1_000
"""Largest number of processes on one machine."""

_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>[0-9]{1,5})/?", re.ASCII)


def parse_only(options: list[str] | None) -> Parts:
    """Parses each option to a part of a grid.

    In `activation=relu,tanh,optimizer=sgd`, a text without `=` belongs to the preceding factor.
    """
    return [_part(option) for option in options or ()]


def _part(option: str) -> dict[str, list[str]]:
    levels: dict[str, list[str]] = {}
    factor = ""
    for part in option.split(","):
        name, equals, level = part.partition("=")
        factor, level = (name.strip(), level) if equals else (factor, part)
        if not factor or not level.strip():
            raise UsageError(f"--only {printable(option)}: expected factor=level, such as activation=relu,tanh")
        levels.setdefault(factor, []).append(level.strip())
    return levels


def parts_of(only: Parts, grids: Sequence[Collection[str]]) -> list[Parts]:
    """The parts that belong to each grid; parts that match no grid go to all of them, to be reported as errors."""
    lost = [part for part in only if not any(set(part) <= set(grid) for grid in grids)]
    return [[part for part in only if part in lost or set(part) <= set(grid)] for grid in grids]


def parse_workers(text: str | None) -> int | str:
    """The number of processes (default: one per core) or the address of a Dask scheduler.

    Raises:
        UsageError: The text is neither.
    """
    if text is None:
        from suite.run.connection import default_workers

        return default_workers()
    address = _ADDRESS.fullmatch(text)
    if address and 0 < int(address["port"]) < 65_536:
        return text
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MOST_WORKERS:
        return int(text)
    expected = (
        f"a number of processes up to {MOST_WORKERS:,} or the address of a Dask scheduler, such as tcp://HOST:PORT"
    )
    raise UsageError(f"--workers {printable(text)}: expected {expected}")


def again(
    command: str,
    specs: list[str],
    quick: bool,
    only: list[str] | None,
    workers: str | None = None,
    replicates: int | None = None,
    top: int | None = None,
) -> str:
    """The command line with these arguments, for messages."""
    import shlex

    words = ["suite", command, *specs, *(["--quick"] if quick else [])]
    for option in only or ():
        words += ["--only", option]
    for name, number in (("--replicates", replicates), ("--top", top)):
        words += [name, str(number)] if number is not None else []
    if workers is not None:
        words += ["--workers", workers]
    return shlex.join(words)
