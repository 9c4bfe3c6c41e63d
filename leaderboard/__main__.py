"""`python -m leaderboard`: the site where the engine is not installed; `suite leaderboard` does the same."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from leaderboard import site
from suite.protocol.written import counted
from suite.results.errors import ResultsError


def main(arguments: list[str] | None = None) -> int:
    """Builds or checks a site; returns 0 when done, 1 when a checked site differs, 2 when the results are wrong."""
    parser = argparse.ArgumentParser(prog="python -m leaderboard", description="Exported tables to a static site.")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="exported folders")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="build the site here")
    what.add_argument("--check", type=Path, metavar="DIR", help="say whether the site in DIR matches the results")
    asked = parser.parse_args(arguments)
    try:
        if asked.check:
            differences = site.check(asked.results, asked.check)
            print("\n".join(differences) or f"{asked.check} matches {asked.results}")
            return 1 if differences else 0
        report = site.build(asked.results, asked.out)
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 2
    told = f"{counted(report.pages, 'page')} of {counted(report.cells, 'cell')}"
    print(f"{report.out}: {told} in {report.seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
