"""What is given on the command line, turned into values and back."""

from __future__ import annotations


class UsageError(Exception):
    """A command was given wrongly. Its text is ready for a user."""


def parse_only(options: list[str] | None) -> dict[str, list[str]]:
    """Levels by factor: in `activation=relu,tanh,optimizer=sgd`, a text without `=` belongs to the factor before."""
    levels: dict[str, list[str]] = {}
    for option in options or ():
        factor = ""
        for part in option.split(","):
            name, equals, level = part.partition("=")
            factor, level = (name.strip(), level) if equals else (factor, part)
            if not factor or not level.strip():
                raise UsageError(f"--only {option}: expected factor=level, such as activation=relu,tanh")
            levels.setdefault(factor, []).append(level.strip())
    return levels


def parse_workers(text: str | None) -> int | str:
    """A number of processes, by default one per core, or the address of a Dask scheduler.

    Raises:
        UsageError: It is neither.
    """
    if text is None:
        from suite.run.cluster import default_workers

        return default_workers()
    if "://" in text:
        return text
    if not text.isdigit():
        raise UsageError(
            f"--workers {text}: expected a number of processes, or the address of a Dask scheduler (tcp://...)"
        )
    return int(text)


def again(command: str, specs: list[str], quick: bool, only: list[str] | None, workers: str | None = None) -> str:
    """The command that was given, to be given once more."""
    import shlex

    words = ["suite", command, *specs, *(["--quick"] if quick else [])]
    for option in only or ():
        words += ["--only", option]
    if workers is not None:
        words += ["--workers", workers]
    return shlex.join(words)
