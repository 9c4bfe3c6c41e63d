"""The stored numbers, their revisions and defaults, and the rule by which they may be written anew.

`python -m tests.golden.stored` adds new entries and those whose revision (or the protocol's version) was raised. Numbers
that changed without that it refuses: records of before would be taken for records of now. Where `computed` itself is
changed, and no entry, delete the lines of what it computes in another way first.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("numbers.json")

RELATIVE, ABSOLUTE = 1e-4, 1e-6
"""Other processors add in another order, which moves a float32 by 1e-7 to 1e-6 in three steps; another formula moves it
by 1e-3 or more."""


def read() -> dict[str, Any]:
    """By kind and name: revision, defaults and numbers; and of the protocol."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def fault(name: str, stored: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str | None:
    """What must be done about an entry; None where it is what is stored of it."""
    if stored is None:
        return f"{name} is new: run python -m tests.golden.stored"
    if now["revision"] != stored["revision"]:
        return f"{name} is of revision {now['revision']}, stored is {stored['revision']}: run python -m tests.golden.stored"
    lost = {key: value for key, value in stored["defaults"].items() if now["defaults"].get(key) != value}
    before, after = stored["numbers"], now["numbers"]
    same = len(before) == len(after) and np.allclose(after, before, RELATIVE, ABSOLUTE)
    if same and not lost:
        return None
    what = f"other defaults than {lost}" if lost else "other numbers than those stored"
    return f"{name} has {what}: raise its revision, so that its cells are trained again, then run python -m tests.golden.stored"


def write() -> int:
    """Stores what is new or was revised; returns how many entries have changed without a revision."""
    from suite.tasks.images import DATA_VARIABLE
    from tests.golden.computed import cases, of_the_protocol

    before, after, faults = read(), {}, 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ[DATA_VARIABLE] = folder
        everything = {"protocol": described_protocol(of_the_protocol())}
        for name, (entry, compute) in cases().items():
            everything[name] = described(entry, compute(Path(folder)))
    anew = before.get("protocol", {}).get("revision") != everything["protocol"]["revision"]
    for name, now in everything.items():
        stored = before.get(name)
        found = fault(name, stored, now)
        refused = found is not None and "raise" in found and not anew
        keep = stored is not None and (refused or (found is None and stored["defaults"] == now["defaults"]))
        after[name] = stored if keep else now
        faults += refused
        if refused:
            print(found, file=sys.stderr)
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in after.items())
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return faults


def described(entry: Any, numbers: list[float]) -> dict[str, Any]:
    """As it is stored."""
    return {"revision": entry.revision, "defaults": entry.defaults(), "numbers": numbers}


def described_protocol(numbers: list[float]) -> dict[str, Any]:
    """As it is stored; its revision is the protocol's version."""
    from suite.protocol.records import PROTOCOL_VERSION

    return {"revision": PROTOCOL_VERSION, "defaults": {}, "numbers": numbers}


if __name__ == "__main__":
    sys.exit(min(write(), 1))
