"""Folders built anew: ours is replaced whole or not at all, and nobody else's is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from suite.results.errors import ResultsError
from suite.results.folders import files_in, rebuilt


def listed(folder: Path) -> list[str] | None:
    index = folder / "index.json"
    return json.loads(index.read_text()) if index.exists() else None


def build(target: Path, **files: str) -> None:
    """Builds files called by `a__b` for `a/b`."""
    with rebuilt(target, "index.json", listed) as fresh:
        paths = {name.replace("__", "/"): text for name, text in files.items()}
        for path, text in paths.items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_text(text)
        (fresh / "index.json").write_text(json.dumps(sorted(paths)))


def content(target: Path) -> dict[str, str]:
    return {path: (target / path).read_text() for path in files_in(target) if path != "index.json"}


def test_ours_is_replaced_and_goes_and_theirs_stays(tmp_path: Path) -> None:
    target = tmp_path / "out"
    build(target, a="1", old__b="1", old__c="1")
    (target / "old" / "mine").write_text("mine")
    (target / ".git").mkdir()
    build(target, a="2", new__d="2")
    assert content(target) == {"a": "2", "new/d": "2", "old/mine": "mine"}
    assert (target / ".git").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def a_file(target: Path) -> None:
    (target / "new").mkdir()
    (target / "new" / "d").write_text("mine")


def a_folder(target: Path) -> None:
    (target / "new" / "d").mkdir(parents=True)


def a_folder_for_a_file_of_ours(target: Path) -> None:
    (target / "a").unlink()
    (target / "a").mkdir()
    (target / "a" / "mine").write_text("mine")


def a_link(target: Path) -> None:
    (target.parent / "elsewhere").mkdir()
    (target / "new").symlink_to(target.parent / "elsewhere")


def a_file_for_a_folder(target: Path) -> None:
    (target / "new").write_text("mine")


@pytest.mark.parametrize("put", [a_file, a_folder, a_folder_for_a_file_of_ours, a_link, a_file_for_a_folder])
def test_what_is_in_the_way_is_named_and_nothing_is_done(tmp_path: Path, put: Callable[[Path], None]) -> None:
    target = tmp_path / "out"
    build(target, a="1", b="1")
    put(target)
    before = content(target)
    with pytest.raises(ResultsError, match="is not ours to replace"):
        build(target, a="2", new__d="2")
    assert content(target) == before


def test_a_link_that_took_the_place_of_our_folder_leads_nowhere(tmp_path: Path) -> None:
    """Neither what lies behind it nor itself is removed when our files in it go."""
    target, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    build(target, a="1", old__b="1")
    (target / "old" / "b").unlink()
    (target / "old").rmdir()
    elsewhere.mkdir()
    (elsewhere / "b").write_text("mine")
    (target / "old").symlink_to(elsewhere)
    build(target, a="2")
    assert (target / "old" / "b").read_text() == "mine"


def test_a_link_stays_a_link_and_may_lead_to_what_is_not_there_yet(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    for text in "12":
        build(link, a=text)
        assert link.is_symlink()
        assert content(tmp_path / "real") == {"a": text}


@pytest.mark.parametrize("failing", range(1, 7))
def test_an_error_on_the_way_undoes_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    target = tmp_path / "out"
    build(target, a="1", old__b="1", c="1")
    before, moves, replace = files_in(target), 0, Path.replace

    def fails_once(self: Path, to: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == failing:
            raise OSError(28, "No space left on device")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", fails_once)
    if failing <= 4:  # the index and three files
        with pytest.raises(OSError, match="No space left"):
            build(target, a="2", c="2", new__d="2")
        assert content(target) == {"a": "1", "old/b": "1", "c": "1"}
        assert files_in(target) == before
        assert not (target / "new").exists()
    else:
        build(target, a="2", c="2", new__d="2")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("moved", range(5))
def test_the_next_build_mends_what_a_kill_left(tmp_path: Path, moved: int) -> None:
    """A process of its own is killed after so many moves; what it left is ours by the index, whichever that is."""
    target = tmp_path / "out"
    build(target, a="1", old__b="1", c="1")
    (target / "mine").write_text("mine")
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.results import test_folders\n"
        "move, left = Path.replace, [int(sys.argv[2])]\n"
        "def dies(self, to):\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1\n"
        "    return move(self, to)\n"
        "Path.replace = dies\n"
        "test_folders.build(Path(sys.argv[1]), a='2', c='2', new__d='2')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target), str(moved)], check=False)
    assert done.returncode == (-signal.SIGKILL if moved < 4 else 0)
    build(target, a="3", c="3", new__d="3")
    assert content(target) == {"a": "3", "c": "3", "new/d": "3", "mine": "mine"}


def test_what_a_build_left_long_ago_is_cleared_and_nothing_like_it(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for name, age in ((".out.building-dead", 7200), (".out.building-live", 0), (".other.building-dead", 7200)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1e9, 1e9) if age else None)
    build(target, a="1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.building-dead", ".out.building-live", "out"]
