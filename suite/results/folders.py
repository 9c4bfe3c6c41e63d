"""Folders that are built anew: what we wrote before is replaced, what anybody else put there stays."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from suite.results.errors import ResultsError

_STALE = 3600  # seconds after which a folder that a build left behind is not that of one still at work


@contextmanager
def rebuilt(target: Path, index: str, listed: Callable[[Path], Collection[str] | None]) -> Iterator[Path]:
    """A fresh folder beside `target`, whose files take their places in it when the block ends without an error.

    A new target appears whole, by one rename. Of one that is there, only files of ours are replaced or removed: those
    that its index lists. Files of anybody else stay; where one would be overwritten, nothing is done. A link to a
    folder stays a link.

    The files are moved one by one: those that are no more go first, then the index is replaced, then the rest. An
    error on the way undoes all of it. A kill leaves files of both builds under an index that lists every one of ours,
    so that the next build puts it right, and a hidden folder beside the target, which the next build after an hour
    removes.

    Args:
        target: The folder to build.
        index: The file in it that lists what is ours.
        listed: Reads the index of a folder: paths relative to it. None if it has none of ours.

    Raises:
        ResultsError: `target` holds something else, or a file of somebody else is in the way.
        OSError: It cannot be written; `target` is as it was.
    """
    target = Path(os.path.realpath(target))
    ours = listed(target)
    if os.path.lexists(target) and not target.is_dir():
        raise ResultsError([f"{target}: is no folder, and is left as it is. Choose another one."])
    names = sorted(path.name for path in target.iterdir()) if target.is_dir() else []
    strangers = [name for name in names if not name.startswith(".")]
    if ours is None and strangers:
        raise ResultsError(
            [f"{target}: holds {strangers[0]!r}, and no {index} of ours: it is left as it is. Choose a new folder."]
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.building-"
    for left in target.parent.iterdir():
        if left.name.startswith(prefix) and time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        fresh = scratch / "new"
        fresh.mkdir()
        yield fresh
        if target.exists():
            _replace(fresh, target, scratch / "old", index, {index, *ours} if ours is not None else set())
        else:
            fresh.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def files_in(folder: Path) -> list[str]:
    """Paths of all files, relative to the folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _replace(fresh: Path, target: Path, old: Path, index: str, ours: Collection[str]) -> None:
    """Moves what is in `fresh` to `target`, and what it replaces there to `old`; all of it or nothing."""
    new = files_in(fresh)
    blocked = [f"{target / path}: is not ours to replace. Move it away, or choose another folder."
               for path in new if not _free(target, path, ours)]  # fmt: skip
    if blocked:
        raise ResultsError(blocked)
    gone = [path for path in sorted(set(ours) - set(new)) if (target / path).is_file() and _free(target, path, ours)]
    moved: list[str] = []
    try:
        for path in [*gone, index, *(path for path in new if path != index)]:
            kept = old / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            moved.append(path)
            if path == index and (target / path).exists():
                shutil.copy2(target / path, kept)  # there is an index at any moment
            elif os.path.lexists(target / path):
                (target / path).rename(kept)
            if path not in gone:
                (fresh / path).replace(target / path)
    except BaseException:
        for path in reversed(moved):
            if os.path.lexists(old / path):
                (old / path).replace(target / path)
            elif path not in gone:
                (target / path).unlink(missing_ok=True)
        _without_empty_folders(target, moved)
        raise
    _without_empty_folders(target, gone)


def _free(target: Path, path: str, ours: Collection[str]) -> bool:
    """Whether a file may be put at a path: nothing is there or a file of ours, in folders that are no links."""
    place = target / path
    for folder in place.relative_to(target).parents:
        above = target / folder
        if folder != Path() and os.path.lexists(above) and (above.is_symlink() or not above.is_dir()):
            return False
    is_file = place.is_symlink() or place.is_file()
    return not os.path.lexists(place) or (is_file and path in ours)


def _without_empty_folders(target: Path, paths: Sequence[str]) -> None:
    """Removes the folders of those paths that hold nothing any more."""
    folders = {folder for path in paths for folder in Path(path).parents if folder != Path()}
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        with suppress(OSError):
            (target / folder).rmdir()
