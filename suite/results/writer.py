"""Records to tidy tables: Parquet and CSV with a manifest, the same bytes for the same records."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suite.protocol.records import PROTOCOL_VERSION, Record, to_plain
from suite.results.tables import tables

if TYPE_CHECKING:
    import pandas as pd

    from suite.run.gather import Results

CSV = ("cells", "replicates", "trials")
LONG = ("gradients", "gradients_through_time")
"""Tables with a row per layer and look: what the probes saw, in float32."""

KEPT_BITS = 10
"""Of the 23 bits of a mantissa in the long tables: three significant digits. The store keeps all of them."""


class ExportError(Exception):
    """Tables cannot be written. Its text is ready for a user."""


def export(results: Results, out: Path) -> Path:
    """Writes `out/<benchmark>/` anew, whole or not at all, and returns it.

    Raises:
        ExportError: There is nothing to write, or `out` cannot be written to.
    """
    records = results.records
    name = results.benchmark.name
    if not records:
        raise ExportError(f"nothing of {name} is recorded yet: `suite run {name}` comes first.")
    target, building = out / name, out / f".{name}.{os.getpid()}.tmp"
    if target.exists() and not (target / "manifest.json").is_file() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} is there already and is no export: it is left as it is. Choose another --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            _write(results, records, building)
            _swap(building, target)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise ExportError(f"cannot write to {out}: {error.strerror or error}") from error
    return target


def _swap(building: Path, target: Path) -> None:
    old = building.with_suffix(".old")
    if target.exists():
        target.rename(old)
    building.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _write(results: Results, records: Sequence[Record], folder: Path) -> None:
    for table, frame in tables(records).items():
        if table in LONG:
            _write_long(frame, folder / f"{table}.parquet")
        else:
            frame.to_parquet(folder / f"{table}.parquet", index=False)
        if table in CSV:
            frame.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")
    manifest = _manifest(results, records)
    manifest["files"] = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_long(frame: pd.DataFrame, file: Path) -> None:
    """Millions of numbers, kept small: rounded, and their bytes put side by side so that like lies by like."""
    floats = list(frame.select_dtypes("float32"))
    rounded = frame.copy(deep=False)
    for name in floats:
        rounded[name] = round_bits(frame[name].to_numpy(), KEPT_BITS)
    rounded.to_parquet(
        file,
        index=False,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in frame if name not in floats],
        column_encoding=dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
    )


def round_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """float32 rounded, half to even, to so many bits of mantissa; NaN and infinity stay, 0 stays exactly 0."""
    cut = 23 - bits
    whole = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32((1 << (cut - 1)) - 1) + ((whole >> np.uint32(cut)) & np.uint32(1))
    rounded = ((whole + half) >> np.uint32(cut) << np.uint32(cut)).view(np.float32)
    return np.where(np.isfinite(values) & np.isfinite(rounded), rounded, values)


def _counted(commits: Iterable[str | None]) -> dict[str, int]:
    """How many cells were recorded at each commit, the most first."""
    return dict(Counter(commit or "unknown" for commit in commits).most_common())


def _manifest(results: Results, records: Sequence[Record]) -> dict[str, Any]:
    benchmark, cells = results.benchmark, results.cells
    last = max(results.stored.values(), key=lambda stored: stored.finished)
    origin, first = last.provenance, records[0]
    return {
        "protocol_version": PROTOCOL_VERSION,
        "benchmark": benchmark.name,
        "title": benchmark.title,
        "description": benchmark.description,
        "spec": benchmark.text,
        "spec_sha256": hashlib.sha256(benchmark.text.encode()).hexdigest(),
        "quick": cells[0].quick,
        "model": benchmark.model,
        "task": {**benchmark.task, **first.task_facts},
        "target": benchmark.target,
        "reference": benchmark.reference,
        "factors": {factor: [level.label for level in levels] for factor, levels in benchmark.grid.items()},
        "fixed": to_plain(benchmark.fixed),
        "budget": to_plain(cells[0].budget),
        "thresholds": dict(first.thresholds),
        "seeds": {"benchmark": benchmark.seed, "replicates": [run.seed for run in first.replicates]},
        "versions": dict(origin.versions),
        "git_commit": origin.git_commit,
        "cells_by_commit": _counted(stored.provenance.git_commit for stored in results.stored.values()),
        "machine": dict(origin.machine),
        "created": datetime.fromtimestamp(last.finished / 1000, UTC).isoformat(timespec="seconds"),
        "cells_total": len(cells),
        "missing": [
            {
                "cell": cell.fingerprint,
                "factors": dict(cell.factors),
                "status": "infrastructure error" if cell.fingerprint in results.errors else "not run",
                "detail": results.errors.get(cell.fingerprint, ""),
            }
            for cell in results.missing
        ],
        "files": {},
    }
