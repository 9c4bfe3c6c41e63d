"""What is given on the command line, turned into values and back."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from suite.protocol.labels import printable


class UsageError(Exception):
    """A command was given wrongly. Its text is ready for a user."""


Parts = list[dict[str, list[str]]]
"""Of a grid: levels by factor, for each."""
MOST_WORKERS = 1_000
"""Processes on one machine; more are a slip of the keyboard."""

_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>[0-9]{1,5})/?", re.ASCII)


def parse_only(options: list[str] | None) -> Parts:
    """Parts of a grid, one an option, each levels by factor.

    In `activation=relu,tanh,optimizer=sgd`, a text without `=` belongs to the factor before.
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
    """For each of several grids, the parts whose factors it varies, and those that no grid does: they are a mistake."""
    lost = [part for part in only if not any(set(part) <= set(grid) for grid in grids)]
    return [[part for part in only if part in lost or set(part) <= set(grid)] for grid in grids]


def parse_workers(text: str | None) -> int | str:
    """A number of processes, by default one per core, or the address of a Dask scheduler.

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        from suite.run.connection import default_workers

        return default_workers()
    address = _ADDRESS.fullmatch(text)
    if address and 0 < int(address["port"]) < 65_536:
        return text
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MOST_WORKERS:
        return int(text)
    expected = f"a number of processes up to {MOST_WORKERS:,}, or the address of a Dask scheduler, as tcp://HOST:PORT"
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
    """The command that was given, to be given once more."""
    import shlex

    words = ["suite", command, *specs, *(["--quick"] if quick else [])]
    for option in only or ():
        words += ["--only", option]
    for name, number in (("--replicates", replicates), ("--top", top)):
        words += [name, str(number)] if number is not None else []
    if workers is not None:
        words += ["--workers", workers]
    return shlex.join(words)
