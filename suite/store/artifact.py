"""A cell's artifact read back, and what its run is by today's rule: older ones were named by the source of their day."""

from __future__ import annotations

import functools
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np

from suite.protocol.records import cell_from_plain
from suite.spec.identity import fingerprint, identity, own_names
from suite.store.names import ARTIFACT, FINGERPRINT, IDENTITY
from suite.store.runs import CellRun
from suite.store.troubles import StoreError, cause, public, translated

_STORED = b"PK\3\4\x2d\0\0\0\0\0"
"""With this begins a member that is stored as it is, with sizes of 64 bits behind its name."""
_HEADER, _SIZES = struct.Struct("<14xI8xH2x"), struct.Struct("<12xQ")
"""Of a member: its checksum and the length of its name, and behind that its size."""


def local_file(artifacts: str) -> str | None:
    """The artifact of a run if it is on this machine; None if MLflow has to bring it."""
    if artifacts.startswith("/"):
        return f"{artifacts}/{ARTIFACT}"
    parts = urlsplit(artifacts)
    if parts.scheme not in ("", "file"):
        return None
    return str(Path(url2pathname(parts.path) if parts.scheme else artifacts, ARTIFACT))


def opened(run_id: str, artifacts: str, uri: str) -> IO[bytes]:
    """The artifact of a run, to be closed by who asked."""
    file = local_file(artifacts)
    if file is None:
        file = _brought(run_id, uri)
    with translated("read from", uri):
        return Path(file).open("rb")


def _brought(run_id: str, uri: str) -> str:
    from mlflow.artifacts import download_artifacts

    try:
        return str(download_artifacts(run_id=run_id, artifact_path=ARTIFACT, tracking_uri=uri))
    except Exception as error:
        raise StoreError(
            f"the record of run {run_id} cannot be had from {public(uri)}: {cause(str(error))} If its files are gone "
            "for good, delete the run there, and run the spec again."
        ) from error


def in_plain(artifact: IO[bytes]) -> dict[str, Any]:
    """All but the traces: `{"record": ..., "provenance": ...}`."""
    head = artifact.read(38)
    if head[8:10] == b"\0\0" and head[30:] == b"json.npy":
        # The archive's first member, stored as it is: to read the directory of all of them takes five times as long.
        artifact.seek(30 + sum(struct.unpack_from("<HH", head, 26)))
        found: dict[str, Any] = json.loads(np.lib.format.read_array(artifact).tobytes())
        return found
    artifact.seek(0)
    with np.load(artifact, allow_pickle=False) as arrays:
        return dict(json.loads(arrays["json"].tobytes()))


def traces(artifact: IO[bytes]) -> dict[int, dict[str, np.ndarray]]:
    """Of each replicate, by name."""
    found: dict[int, dict[str, np.ndarray]] = {}
    for name, member in _members(artifact):
        replicate, _, trace = name.removesuffix(".npy").partition("/")
        if trace:
            found.setdefault(int(replicate), {})[trace] = _array(member)
    return found


def _members(artifact: IO[bytes]) -> list[tuple[str, bytes]]:
    """As `zipfile` reads them, in a tenth of its time where they are stored as NumPy stores them."""
    artifact.seek(0)
    data, found, end = artifact.read(), [], 0
    while data.startswith(_STORED, end):
        checksum, length = _HEADER.unpack_from(data, end)
        name = data[end + _HEADER.size : end + _HEADER.size + length].decode()
        begin = end + _HEADER.size + length + _SIZES.size
        end = begin + _SIZES.unpack_from(data, begin - _SIZES.size)[0]
        found.append((name, data[begin:end]))
        if zlib.crc32(found[-1][1]) != checksum:
            break
    else:
        if data.startswith(b"PK\1\2", end):  # the directory: that was all
            return found
    with zipfile.ZipFile(artifact) as members:
        return [(name, members.read(name)) for name in members.namelist()]


def _array(member: bytes) -> np.ndarray:
    """As NumPy reads it, which parses a line of Python for each: there are dozens a cell, of a handful of shapes."""
    if member.startswith(b"\x93NUMPY\x01\x00"):
        begin = 10 + int.from_bytes(member[8:10], "little")
        shape, in_columns, dtype = _header(member[8:begin])
        if not in_columns and not dtype.hasobject:
            return np.frombuffer(member, dtype, offset=begin).reshape(shape).copy()
    return np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)


@functools.lru_cache
def _header(text: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    return np.lib.format.read_array_header_1_0(io.BytesIO(text))


def identify(run: CellRun, uri: str) -> tuple[str, dict[str, Any]]:
    """Fingerprint and identity of a cell's run.

    A record of before runs were tagged with their identity is known by the cell that it holds. It counts as of the first
    revision of all that it names; what a user's own code and data were is not known of it, so that it answers no cell
    that names any. Where there is no such record the identity is empty.
    """
    tags = run.tags
    if IDENTITY in tags:
        return tags[FINGERPRINT], json.loads(tags[IDENTITY])
    try:
        with opened(run.run_id, run.artifacts, uri) as artifact:
            record = in_plain(artifact)["record"]
        cell = cell_from_plain(record["cell"])
        unknown = dict.fromkeys(sorted(set().union(*own_names(cell))))
        found = {**identity(cell), "protocol": record["protocol_version"], "revisions": {}, "sources": unknown}
    except Exception:  # a failure has no record, and a damaged one is told when it is asked for
        return tags[FINGERPRINT], {}
    return fingerprint(found), found
