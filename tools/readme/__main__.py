"""Writes the figures of the README and of docs/ from the published tables; ends with 1 where a sentence is no longer borne out."""

from __future__ import annotations

import functools
import sys

from suite.results.errors import ResultsError
from tools.readme import BLOCKS, REPOSITORY, written
from tools.readme.published import RESULTS, Published


def main() -> int:
    """Status to exit with."""
    read, problems = functools.cache(lambda name: Published(RESULTS / name)), []
    for page in BLOCKS:
        file = REPOSITORY / page
        before = file.read_text(encoding="utf-8")
        try:
            after, wrong = written(page, before, read)
        except ResultsError as error:
            print(error, file=sys.stderr)
            return 1
        file.write_text(after, encoding="utf-8")
        print(f"{page}: {'written' if after != before else 'as the tables have it'}")
        problems += wrong
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
