"""Figures of speed, no pass or fail: `python -m tools.speed` measures everything, about a quarter of an hour.

Named parts are measured anew and the others kept, in tools/speed/measured.json: `python -m tools.speed steps compiling`.
`--show` measures nothing. The README's section is made of that file by `python -m tools.readme`.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from suite.tasks import TaskError
from tools.speed.growth import draw
from tools.speed.measured import PARTS, keep, machine, measured
from tools.speed.table import table
from tools.speed.timing import gflops, one_thread


def main() -> int:
    """Measures each part in a process of its own, one after the other; prints the table and draws the picture."""
    parser = argparse.ArgumentParser(prog="python -m tools.speed", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is given")
    parser.add_argument("--show", action="store_true", help="print the table and draw the picture of what is kept")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"got {', '.join(sorted(unknown))}, expected some of {', '.join(PARTS)}")
    if len(asked.parts) == 1:
        _measure(asked.parts[0])
        print(table(measured(), asked.parts))
    elif not asked.show:
        for part in asked.parts or PARTS:
            done = subprocess.run([sys.executable, "-m", "tools.speed", part], check=False)
            if done.returncode:
                return done.returncode
    if len(asked.parts) != 1:
        print(f"\n{table(measured())}")
    draw(measured())
    return 0


def _measure(name: str) -> None:
    """Measures one part and keeps it, with the machine's speed before and after."""
    part = PARTS[name]
    print(f"{name}: {part.what}", file=sys.stderr, flush=True)
    if part.one_thread:
        one_thread()
    before = gflops()
    module, function = part.by.split(":")
    try:
        found: Mapping[str, Any] = getattr(importlib.import_module(module), function)()
    except TaskError as error:
        print(f"  left out: {error}", file=sys.stderr)
        return
    keep(name, {**found, "gflops": (before + gflops()) / 2, "machine": machine()})


if __name__ == "__main__":
    sys.exit(main())
