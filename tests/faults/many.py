"""A store with as many recorded cells as one likes: one cell recorded in earnest, and copied for all the others."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import uuid
from pathlib import Path

import numpy as np

from suite.protocol.records import to_plain
from suite.spec import expand, read_benchmarks
from suite.spec.identity import identity
from suite.store import Store
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
"""Of one factor with very many levels, which is where comparing every two of them is felt."""


def write_spec(folder: Path, cells: int) -> Path:
    """The spec of a grid of so many cells, a multiple of five."""
    file = folder / "many.yaml"
    file.write_text(SPEC.replace("WIDTHS", ", ".join(map(str, range(1, cells // 5 + 1)))))
    return file


def fill(folder: Path, cells: int) -> Path:
    """Makes a spec of so many cells in a folder and records all of them, each with a score of its own, in `mlflow.db`."""
    spec = write_spec(folder, cells)
    wanted = expand(read_benchmarks(spec)[0])
    store = Store(f"sqlite:///{folder / 'mlflow.db'}")
    with store.writing() as writer:
        writer.add(make_record(wanted[0]), PROVENANCE)
    (entry,) = store.recorded("many")
    rng = np.random.default_rng(0)
    artifact = Path(entry.artifacts, "record.npz")
    with np.load(artifact) as arrays:
        kept = dict(arrays)
    plain = json.loads(kept.pop("json").tobytes())
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        columns = {t: _columns(database, t) for t in ("runs", "tags", "params", "latest_metrics", "metrics")}
        parent = entry.run_id
        for cell in wanted[1:]:
            run = uuid.uuid4().hex
            place = str(Path(entry.artifacts).parents[1] / run / "artifacts")
            _copy(database, columns, parent, run, place)
            for tag, value in (
                ("fingerprint", cell.fingerprint),
                ("identity", json.dumps(identity(cell), sort_keys=True)),
            ):
                database.execute(
                    "UPDATE tags SET value = ? WHERE run_uuid = ? AND key = ?", (value, run, f"suite.{tag}")
                )
            plain["record"]["cell"] = to_plain(cell)
            for replicate in plain["record"]["replicates"]:
                replicate["test_score"] = float(np.clip(0.5 + 0.1 * rng.standard_normal(), 0, 1))
            Path(place).mkdir(parents=True)
            buffer = io.BytesIO()
            text = np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8)
            np.savez(buffer, json=text, **kept)
            Path(place, "record.npz").write_bytes(buffer.getvalue())
    return spec


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def _copy(database: sqlite3.Connection, columns: dict[str, list[str]], parent: str, run: str, place: str) -> None:
    for table, names in columns.items():
        other = {"run_uuid": "?", "artifact_uri": "?"}
        values = [other.get(name, name) for name in names]
        given = [{"run_uuid": run, "artifact_uri": place}[name] for name in names if name in other]
        database.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} WHERE run_uuid = ?",
            [*given, parent],
        )
