"""How a command ends: its exit statuses, and a message in place of a traceback for what is no fault of ours."""

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
    """A user's mistake or the machine's trouble ends with its message and status, never with a traceback."""
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
    """Onto standard error."""
    try:
        print(message, end="\n" if message else "", file=sys.stderr, flush=True)
    except OSError:  # it may be full too: or Python complains of it again as it ends, with a status of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _status(error: Exception) -> int | None:
    """The exit status of an error with a text for users; None of any other."""
    from suite.records import RecordsError
    from suite.results.errors import ResultsError
    from suite.run.pool import ClusterError
    from suite.spec import SpecError

    if isinstance(error, (ClusterError, OutputError)):
        return INCOMPLETE
    return WRONG if isinstance(error, (UsageError, SpecError, RecordsError, ResultsError)) else None
