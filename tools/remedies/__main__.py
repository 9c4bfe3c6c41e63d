"""Writes what the monitor says of remedies, from the published tables."""

from __future__ import annotations

import sys

from suite.monitor.evidence import MEASURED, write
from suite.results.errors import ResultsError
from tools.remedies import REPOSITORY, counted


def main() -> int:
    """Status to exit with."""
    try:
        rows = counted()
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 1
    write(rows)
    print(f"{MEASURED.relative_to(REPOSITORY)}: {len(rows)} counts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
