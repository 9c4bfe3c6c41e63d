"""Commands on a store with many recorded cells, and on a spec of very many."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.many import SPEC, fill
from tools.speed.timing import command

RECORDED = (100, 180, 1000, 5000)
COMMANDS = ("plan", "show", "run")
DEPTHS, WIDTHS, ACTIVATIONS = 30, 600, 5
CHECKED = DEPTHS * WIDTHS * ACTIVATIONS


def measure() -> dict[str, dict[str, float]]:
    """Processor seconds of whole commands, by the number of cells; nothing is left to train."""
    found: dict[str, dict[str, float]] = {name: {} for name in (*COMMANDS, "check")}
    for cells in RECORDED:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            spec = fill(folder, cells)
            environment = {"SUITE_RECORDS": str(folder / "records")}
            for word in COMMANDS:
                found[word][str(cells)] = _suite(folder, [word, str(spec)], environment)
                print(f"  {cells} recorded, {word}: {found[word][str(cells)]:.1f} s", flush=True)
    with tempfile.TemporaryDirectory() as name:
        spec = Path(name, "wide.yaml")
        spec.write_text(_wide(), encoding="utf-8")
        found["check"][str(CHECKED)] = _suite(Path(name), ["check", str(spec)])
    return found


def _wide() -> str:
    """A spec of very many cells, by three factors: a spec holds 10,000 values at most."""
    widths, depths = (", ".join(map(str, range(1, most + 1))) for most in (WIDTHS, DEPTHS))
    return SPEC.replace("WIDTHS", widths).replace("depth: 2, ", "").replace("grid:\n", f"grid:\n  depth: [{depths}]\n")


def _suite(folder: Path, words: list[str], environment: dict[str, str] | None = None) -> float:
    return command([sys.executable, "-m", "suite", *words], folder, environment).cpu
