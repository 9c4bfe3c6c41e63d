"""A folder with as many recorded cells as one likes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from suite.records import Records, Writer
from suite.spec import expand, read_benchmarks
from tests.made import PROVENANCE, make_record

SPEC = """\
name: many
title: Many cells
seed: 1
task: digits
model: mlp
target: 0.5
fixed: {depth: 2, batch_size: 64}
grid:
  width: [WIDTHS]
  activation: [relu, tanh, elu, selu, gelu]
budget: {steps: 30, trials: 4, replicates: 3, evaluations: 4, learning_rate: {low: 1e-3, high: 1.0}}
"""
"""A spec with one factor of very many levels, which is where comparing every two of them is felt."""


def write_spec(folder: Path, cells: int) -> Path:
    """The spec of a grid of so many cells, a multiple of five."""
    file = folder / "many.yaml"
    file.write_text(SPEC.replace("WIDTHS", ", ".join(map(str, range(1, cells // 5 + 1)))))
    return file


def fill(folder: Path, cells: int) -> Path:
    """Makes a spec of so many cells in a folder, and records each with a score of its own."""
    spec = write_spec(folder, cells)
    rng = np.random.default_rng(0)
    with Writer(Records(folder / "records")) as writer:
        for cell in expand(read_benchmarks(spec)[0]):
            record = make_record(cell)
            scores = np.clip(0.5 + 0.1 * rng.standard_normal(3), 0, 1)
            runs = [dataclasses.replace(r, test_score=float(s)) for r, s in zip(record.replicates, scores, strict=True)]
            writer.add(dataclasses.replace(record, replicates=tuple(runs)), PROVENANCE)
    return spec
