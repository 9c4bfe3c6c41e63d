"""The numeric tests as other processors would run them: `python -m tools.processors`.

A processor adds in another order than the next: it has wider or narrower instructions, and TensorFlow (oneDNN, XLA) and
NumPy (OpenBLAS and its own loops) choose their kernels by them. Each set below holds these libraries to older
instructions than this machine has, so that one machine stands in for several. Every set runs the tests of `NUMERIC` and
tells how far the golden numbers moved from those that are stored. A test that fails under one of them would fail on
somebody's computer. A whole run takes about ten minutes on one core; `--sets` and pytest's own arguments after `--`
make it shorter.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence

NUMERIC = ("golden", "models", "probes", "training", "families", "catalog", "tasks", "monitor")
"""Folders of tests that compare numbers."""

SETS: Mapping[str, Mapping[str, str]] = {
    "as it is": {},
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX",
    },
    "SSE4.1": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX2 FMA3",
    },
    "no oneDNN": {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX",
        "OPENBLAS_CORETYPE": "SkylakeX",
    },
}
"""What each library is told, by the name of the set."""

MOVED = """
import json, os, tempfile
from pathlib import Path
import numpy as np
folder = Path(tempfile.mkdtemp())
os.environ["SUITE_DATA"] = str(folder)
from tests.golden import stored
from tests.golden.computed import cases
before, moved = stored.read(), {}
for name, (_, compute) in cases().items():
    then, now = np.array(before[name]["numbers"]), np.array(compute(folder))
    moved[name] = float(np.max(np.abs(now - then) / (stored.ABSOLUTE / stored.RELATIVE + np.abs(then)), initial=0))
print("moved", json.dumps(moved))
"""
"""Prints by how much, relatively, the golden numbers of each entry differ from those stored."""


def main() -> int:
    """Prints a line for each set; returns 1 where a test failed under one of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.processors", description=__doc__)
    parser.add_argument(
        "--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET", help=f"of {', '.join(SETS)}"
    )
    parser.add_argument("pytest", nargs="*", help="arguments of pytest in place of all numeric tests")
    asked = parser.parse_args()
    words = asked.pytest or [f"tests/{folder}" for folder in NUMERIC]
    return max(_run(name, words) for name in asked.sets)


def _run(name: str, words: Sequence[str]) -> int:
    environment = {**os.environ, **SETS[name]}
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = tests.stdout.strip().splitlines()
    print(f"{name}: {lines[-1] if lines else tests.stderr[-300:]}")
    for line in lines:
        if re.match("(FAILED|ERROR) ", line):
            print(f"  {line}")
    print(f"  golden numbers moved by at most {_moved(environment)}", flush=True)
    return min(tests.returncode, 1)


def _moved(environment: Mapping[str, str]) -> str:
    """The three entries that moved most, in words."""
    found = subprocess.run([sys.executable, "-c", MOVED], env=environment, capture_output=True, text=True, check=True)
    moved = json.loads(found.stdout.rpartition("moved ")[2])
    most = sorted(moved, key=moved.__getitem__, reverse=True)[:3]
    return ", ".join(f"{moved[name]:.1e} ({name})" for name in most)


if __name__ == "__main__":
    sys.exit(main())
