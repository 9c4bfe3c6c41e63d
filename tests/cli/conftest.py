"""A benchmark that is recorded already, for commands that only look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TINY, Suite


@pytest.fixture(scope="session")
def finished(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Suite:
    """The tiny benchmark as a newcomer runs it: nothing there before, two workers. The spec was moved since.

    It is shared: what changes it needs a copy.
    """

    def make(folder: Path) -> None:
        (folder / "ran.yaml").write_text(TINY)
        done = Suite(folder).process("run", "ran.yaml", "--workers", 2)
        assert done.stderr == ""
        (folder / "ran.yaml").rename(folder / "tiny.yaml")

    return Suite(made_once("finished", make))
