"""Records to tidy tables: Parquet and CSV with a manifest, the same bytes for the same records."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suite.protocol.records import Record
from suite.results.errors import told_as
from suite.results.folders import rebuilt
from suite.results.manifest import CSV, FILES, MANIFEST, Manifest, sha256
from suite.results.tables import tables

if TYPE_CHECKING:
    import pandas as pd

LONG = ("gradients", "gradients_through_time")
"""Tables with a row per layer and look: what the probes saw, in float32."""

KEPT_BITS = 10
"""Of the 23 bits of a mantissa in the long tables: three significant digits. The store keeps all of them."""


def export(manifest: Manifest, records: Sequence[Record], out: Path) -> Path:
    """Writes `out/<benchmark>/` anew, whole or not at all (see `suite.results.folders`), and returns it.

    Args:
        manifest: Of the benchmark; its list of files is filled in.
        records: At least one.
        out: The folder of all exports.

    Raises:
        ResultsError: `out` cannot be written to, or something of somebody else is in the way.
    """
    target = out / manifest.benchmark
    with told_as("written", target), rebuilt(target, MANIFEST, _listed) as folder:
        write_tables(tables(records), folder)
        write_manifest(manifest, folder)
    return target


def write_tables(frames: dict[str, pd.DataFrame], folder: Path) -> None:
    """Writes each table as Parquet, the short ones as CSV too."""
    for table, frame in frames.items():
        if table in LONG:
            _write_long(frame, folder / f"{table}.parquet")
        else:
            frame.to_parquet(folder / f"{table}.parquet", index=False)
        if table in CSV:
            frame.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Writes it beside the tables in `folder`, with their hashes."""
    files = {name: sha256(folder / name) for name in sorted(FILES) if (folder / name).is_file()}
    text = manifest.model_copy(update={"files": files}).text()
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _listed(folder: Path) -> Collection[str] | None:
    """The files of an export of this benchmark, by whatever version of ours; None if the manifest there is not one."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        ours = manifest["benchmark"] == folder.name and {"spec_sha256", "protocol_version"} <= set(manifest)
        return set(manifest["files"]) & set(FILES) if ours else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


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
