"""Reads the text of a YAML file and checks its size, type and encoding."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from suite.spec.problems import Problem, quote

MAX_BYTES = 256 * 1024
"""Largest size of a file."""

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path) -> tuple[str, Problem | None]:
    """The text of a file, or a problem; nothing is raised."""

    def bad(message: str, line: int | None = None, column: int | None = None) -> tuple[str, Problem]:
        return "", Problem(str(path), line, column, "", message)

    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return bad("is a folder, expected a YAML file")
        if not stat.S_ISREG(mode):  # reading a pipe or a terminal could block
            return bad("is a pipe, a socket or a device, expected a YAML file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return bad("no such file")
    except (OSError, ValueError) as error:
        return bad(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(data) > MAX_BYTES:
        return bad(f"is over {MAX_BYTES // 1024} KiB, too long for a spec")
    if b"\0" in data:
        return bad("is binary, expected YAML text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return bad(f"is not UTF-8 text: byte 0x{data[error.start]:02x}", *_place(before, len(before)))
    found = _UNPRINTABLE.search(text)
    if found:
        return bad(f"contains the control character {quote(found[0])}", *_place(text, found.start()))
    return text, None


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1
