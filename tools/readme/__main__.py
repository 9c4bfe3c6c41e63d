"""Writes the README's figures from the published tables; ends with 1 where a sentence is no longer borne out."""

from __future__ import annotations

import functools
import sys

from suite.results.errors import ResultsError
from tools.readme import README, written
from tools.readme.published import RESULTS, Published


def main() -> int:
    """Status to exit with."""
    before = README.read_text(encoding="utf-8")
    try:
        after, wrong = written(before, functools.cache(lambda name: Published(RESULTS / name)))
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 1
    README.write_text(after, encoding="utf-8")
    print(f"{README.name}: {'written' if after != before else 'as the tables have it'}")
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
