"""Eight cells of deep_mlp in processor time, by `suite run` and by the same layers on Keras's JAX backend."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.speed.timing import command
from tools.speed.whole import GRID

SCRIPT = Path(__file__).parent / "jax_peer.py"
ONE_THREAD = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1"}


def measure() -> dict[str, Any]:
    """Processor seconds of whole processes, and of both kinds of cells what compiling and a step take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = _environment(folder)
        theirs = command([str(peer), str(SCRIPT)], folder, ONE_THREAD)
        cells = [json.loads(line) for line in theirs.text.splitlines() if line.startswith("{")]
        print(f"  Keras on JAX: {theirs.cpu:.0f} s of processor time", flush=True)
        only = ",".join(f"{factor}={level}" for factor, levels in GRID.items() for level in levels)
        words = [sys.executable, "-m", "suite", "run", "deep_mlp", "--workers", "1", "--only", only]
        ours = command(words, folder, {"SUITE_RECORDS": str(folder / "records")})
        print(f"  suite run: {ours.cpu:.0f} s", flush=True)
        return {"suite": ours.cpu, "jax": theirs.cpu, **_by_kind(folder / "records", cells)}


def _environment(folder: Path) -> Path:
    """The Python of an environment that has JAX: that of SUITE_PEER, or a new one."""
    if "SUITE_PEER" in os.environ:
        return Path(os.environ["SUITE_PEER"])
    command([sys.executable, "-m", "venv", str(folder / "peer")], folder)
    python = folder / "peer" / "bin" / "python"
    command([str(python), "-m", "pip", "install", "--quiet", "keras", "jax", "scikit-learn"], folder)
    return python


def _by_kind(records: Path, cells: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Seconds of compiling the one program, and milliseconds a step, by normalization: the suite's, probed, and the other's."""
    from suite.records import Records

    store = Records(records)
    ours = [stored.record for stored in store.load(store.recorded("deep_mlp"))]
    found = {}
    for kind in ("none", "batch"):
        own = [record for record in ours if record.cell.recipe["normalization"]["name"] == kind]
        others = [cell for cell in cells if cell["normalization"] == kind]
        found[kind] = {
            "suite_compiling": sum(record.compile_seconds for record in own),
            "jax_compiling": others[0]["compiling"],
            "suite_step_ms": statistics.median(
                run.milliseconds_per_step or 0.0 for record in own for run in record.replicates
            ),
            "jax_step_ms": statistics.median(cell["step_ms"] for cell in others),
        }
    return found
