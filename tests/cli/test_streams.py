"""Standard streams as users leave them: closed, full, or read by nobody; and a folder that is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = "standard output cannot be written: No space left on device\n"


PAGES = f'"{sys.executable}" -m leaderboard'


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell, in which `suite` is the command."""
    line = f'suite() {{ "{sys.executable}" -m suite "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("line", "status", "err"),
    [
        ("suite list > /dev/full", 1, FULL),
        ("suite schema > /dev/full", 1, FULL),
        ("suite --help > /dev/full", 1, FULL),
        ("suite schema >&-", 0, ""),
        ("suite list >&- 2>&- <&-", 0, ""),
        ("suite check none.yaml 2> /dev/full", 2, ""),
        ("suite check none.yaml 2>&-", 2, ""),
        ("suite schema | true; exit ${PIPESTATUS[0]}", 1, ""),
    ],
)
def test_output_that_cannot_be_written_ends_in_a_line(line: str, status: int, err: str) -> None:
    done = shell(line)
    assert (done.returncode, done.stderr, done.stdout) == (status, err, "")


@pytest.mark.parametrize("what", ["--out", "--check"])
def test_so_does_that_of_the_pages_where_the_engine_is_not(tmp_path: Path, what: str) -> None:
    (tmp_path / "results").mkdir()
    done = shell(f"{PAGES} --results '{tmp_path}/results' --out '{tmp_path}/site'")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(f"{PAGES} --results '{tmp_path}/results' {what} '{tmp_path}/site' > /dev/full")
    assert (done.returncode, done.stderr) == (1, FULL)


def test_a_working_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    done = shell(f"mkdir '{tmp_path}/gone'; cd '{tmp_path}/gone'; rmdir ../gone; suite list")
    assert done.returncode == 2
    assert done.stderr == "the working folder no longer exists (No such file or directory): change to another one\n"
