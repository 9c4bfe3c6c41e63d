"""Every tool starts, and does its smallest case: tools are run by people, who would find them broken."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = {
    "scale": (["--levels", "3"], "filter: "),
    "processors": (["--sets", "AVX2", "--", "tests/golden/test_golden.py", "-k", "activations.tanh"], "1 passed"),
    "speed": (["--show"], "deep_mlp, 24 trainings a cell"),
    "studies.judge_errors": (["2", "l2"], "power: "),
    "studies.tiers": (["20"], "two steady, 6 replicates"),
    "studies.intervals": (["5"], "main effect"),
    "studies.allocation": (["--cells", "2"], "SharedGridSampler"),
}
"""Arguments of the smallest case of each, and words that it prints."""


@pytest.mark.parametrize("module", [m.name for m in pkgutil.walk_packages([str(ROOT / "tools")], "tools.")])
def test_every_module_of_the_tools_can_be_imported(module: str) -> None:
    if module == "tools.speed.jax_peer":
        pytest.skip("has an environment of its own, with JAX")
    if not module.endswith("__main__"):
        assert importlib.import_module(module)


@pytest.mark.parametrize("tool", RUN)
def test_the_smallest_case_of_a_tool(tool: str) -> None:
    words, expected = RUN[tool]
    done = subprocess.run(
        [sys.executable, "-m", f"tools.{tool}", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout
