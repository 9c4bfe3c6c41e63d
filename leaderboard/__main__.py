"""`python -m leaderboard`: builds the site without the training engine; `suite leaderboard` does the same."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from leaderboard import site
from leaderboard.addresses import ADDRESSES, Addresses
from suite.protocol.written import counted
from suite.results.errors import ResultsError


def main(arguments: list[str] | None = None) -> int:
    """Builds or checks a site. Returns 0 on success, 1 if a checked site differs or output fails, 2 for bad results."""
    try:
        status, told = _answer(arguments)
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        print(told, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains of it again as it ends
        if not isinstance(error, BrokenPipeError):
            print(f"standard output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return status


def _answer(arguments: list[str] | None) -> tuple[int, str]:
    """The exit status and the message."""
    parser = argparse.ArgumentParser(
        prog="python -m leaderboard", description="Build a static site from exported tables."
    )
    parser.add_argument(
        "--results", type=Path, default=Path(__file__).parent / "results", help="folder with exported results"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="folder of the site to build")
    what.add_argument("--check", type=Path, metavar="DIR", help="check whether the site in DIR matches the results")
    for name, what_of in ADDRESSES.items():
        parser.add_argument(f"--{name}", default="", metavar="URL", help=what_of)
    asked = parser.parse_args(arguments)
    if asked.check:
        differences = site.check(asked.results, asked.check)
        return bool(differences), "\n".join(differences) or f"{asked.check} matches {asked.results}"
    report = site.build(asked.results, asked.out, Addresses(asked.base, asked.repository, asked.docs))
    told = f"{counted(report.pages, 'page')} of {counted(report.cells, 'cell')}"
    return 0, f"{report.out}: {told} in {report.seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
