"""Exit statuses, and messages instead of tracebacks for errors of users or of the machine."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from suite.cli.arguments import UsageError
from suite.cli.streams import OutputError

INCOMPLETE, WRONG, INTERRUPTED = 1, 2, 130


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Ends the process with a message and a status for errors of users or of the machine."""
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        tell(str(error))
        sys.exit(status)


def tell(message: str) -> None:
    """Prints to standard error."""
    try:
        print(message, end="\n" if message else "", file=sys.stderr, flush=True)
    except OSError:  # or Python reports it again at exit, with its own status
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _status(error: Exception) -> int | None:
    """The exit status of an error with a message for users; None for other errors."""
    from suite.records import RecordsError
    from suite.results.errors import ResultsError
    from suite.run.pool import ClusterError
    from suite.spec import SpecError

    if isinstance(error, (ClusterError, OutputError)):
        return INCOMPLETE
    return WRONG if isinstance(error, (UsageError, SpecError, RecordsError, ResultsError)) else None
