"""What is measured, and the file that keeps it: each part with the speed of the machine in the same minutes."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "measured.json"

Measured = Mapping[str, Mapping[str, Any]]
"""By part."""


@dataclass(frozen=True)
class Part:
    """Something that is measured by itself.

    Attributes:
        what: In words.
        by: Module and function.
        one_thread: Whether the process that measures is held to one thread; else it starts others.
    """

    what: str
    by: str
    one_thread: bool = True


PARTS = {
    "steps": Part("a step of the 20 x 64 network, by everyone", "tools.speed.steps:measure"),
    "compiling": Part("compiling a program, by depth", "tools.speed.compiling:measure"),
    "families": Part("steps of CNNs and recurrent networks", "tools.speed.families:measure"),
    "mnist_mlp": Part("three epochs of MNIST", "tools.speed.families:measure_mnist"),
    "mnist_cnn": Part("what mnist/cnn.yaml is made of", "tools.speed.mnist_cnn:measure"),
    "commands": Part("commands on many cells", "tools.speed.commands:measure", one_thread=False),
    "workers": Part(
        "eight cells by 1 and 2 workers, and by a plain script", "tools.speed.whole:measure_workers", False
    ),
    "peer": Part("eight cells by one worker, and by Keras on JAX", "tools.speed.peer:measure", one_thread=False),
    "cells": Part("36 cells of deep_mlp by two workers", "tools.speed.whole:measure_cells", one_thread=False),
}


def measured() -> Measured:
    """All that is kept."""
    found: Measured = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def keep(part: str, found: Mapping[str, Any]) -> None:
    """Replaces a part; three digits are more than any of it holds."""
    everything = {**measured(), part: _rounded(found)}
    ordered = {name: everything[name] for name in PARTS if name in everything}
    FILE.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    """Where it was measured."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def _rounded(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: _rounded(value) for name, value in found.items()}
    return float(f"{found:.3g}") if isinstance(found, float) else found
