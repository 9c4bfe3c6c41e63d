"""The file of one cell: an npz archive that is written whole or not at all, and refused when it is torn.

Its arrays are `head` (JSON: what lists and plans need), `body` (JSON: the record or failure, and its provenance) and one
array for each trace, named `<replicate>/<trace>`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from suite.protocol.records import Failure, Provenance, Record, record_from_plain, to_plain

FORMAT = 1


class DamagedFile(Exception):
    """A file is torn, or not one of ours. The text says what is wrong."""


def pack(result: Record | Failure, provenance: Provenance, head: Mapping[str, Any]) -> bytes:
    """The content of a cell's file."""
    record = result if isinstance(result, Record) else None
    body = {"record" if record else "failure": to_plain(result), "provenance": dataclasses.asdict(provenance)}
    arrays = {"head": _text({"format": FORMAT, **head}), "body": _text(body)}
    for run in record.replicates if record else ():
        arrays |= {f"{run.replicate}/{name}": np.asarray(trace) for name, trace in run.traces.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def read_head(file: Path) -> dict[str, Any]:
    """The `head` of a file; a torn archive has lost its directory, which is its end.

    Raises:
        DamagedFile: The file is torn or not one of ours.
        OSError: It cannot be read.
    """
    with _damage_found(), zipfile.ZipFile(file) as members:
        head = _json(members, "head")
        if head["format"] != FORMAT:
            raise DamagedFile(f"format {head['format']} in place of {FORMAT}")
        return head


def read_body(file: Path, *, traces: bool) -> dict[str, Any]:
    """`{"record": Record, "provenance": Provenance}`, or `{"failure": plain data, ...}` for a failure.

    Every byte that is read is checked against the archive's checksums.

    Raises:
        DamagedFile: The file is torn, changed or not one of ours.
        OSError: It cannot be read.
    """
    with _damage_found(), zipfile.ZipFile(file) as members:
        body = _json(members, "body")
        body["provenance"] = Provenance(**body["provenance"])
        if "record" in body:
            body["record"] = record_from_plain(body["record"], _traces(members) if traces else {})
        return body


def write_whole(file: Path, content: bytes) -> None:
    """Puts a file in place at once: after a crash or loss of power it is there whole, or as it was before.

    Raises:
        OSError: It could not be written; nothing is left of it.
    """
    aside = file.with_name(f".{file.name}.new")
    try:
        with aside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder outlast a loss of power."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextlib.contextmanager
def _damage_found() -> Any:
    try:
        yield
    except (OSError, DamagedFile):
        raise
    except Exception as error:  # whatever a torn or foreign archive makes of zipfile, NumPy or JSON
        raise DamagedFile(f"{type(error).__name__}: {error}") from error


def _text(plain: Mapping[str, Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(plain, default=lambda value: value.item()).encode(), dtype=np.uint8)


def _json(members: zipfile.ZipFile, name: str) -> dict[str, Any]:
    return dict(json.loads(_array(members, name).tobytes()))


def _traces(members: zipfile.ZipFile) -> dict[int, dict[str, np.ndarray]]:
    """By replicate and name."""
    found: dict[int, dict[str, np.ndarray]] = {}
    for member in members.namelist():
        replicate, _, trace = member.removesuffix(".npy").partition("/")
        if trace:
            found.setdefault(int(replicate), {})[trace] = _array(members, f"{replicate}/{trace}")
    return found


def _array(members: zipfile.ZipFile, name: str) -> np.ndarray:
    stream = io.BytesIO(members.read(f"{name}.npy"))
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
