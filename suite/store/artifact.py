"""A cell's artifact read back, and what its run is by today's rule: older ones were named by the source of their day."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from suite.protocol.records import cell_from_plain
from suite.spec.identity import fingerprint, identity, own_names
from suite.store.database import translated
from suite.store.names import ARTIFACT, FINGERPRINT, IDENTITY


def local_folder(artifacts: str) -> Path | None:
    """The folder of a run's artifacts if it is on this machine."""
    scheme, separator, rest = artifacts.partition("://")
    if not separator:
        return Path(artifacts)
    return Path(rest) if scheme == "file" else None


@contextlib.contextmanager
def opened(run_id: str, artifacts: str, uri: str) -> Iterator[Any]:
    """The arrays of a run's artifact, each read when it is asked for."""
    with contextlib.ExitStack() as stack:
        folder = local_folder(artifacts)
        if folder is not None:
            file = folder / ARTIFACT
        else:
            from mlflow.artifacts import download_artifacts

            place = stack.enter_context(tempfile.TemporaryDirectory())
            with translated("read from", uri):
                file = Path(download_artifacts(run_id=run_id, artifact_path=ARTIFACT, dst_path=place, tracking_uri=uri))
        yield stack.enter_context(np.load(file, allow_pickle=False))


def in_plain(arrays: Any) -> dict[str, Any]:
    """All but the traces: `{"record": ..., "provenance": ...}`."""
    found: dict[str, Any] = json.loads(arrays["json"].tobytes())
    return found


def identify(run: Any, uri: str) -> tuple[str, dict[str, Any]]:
    """Fingerprint and identity of a cell's run.

    A record of before runs were tagged with their identity is known by the cell that it holds. It counts as of the first
    revision of all that it names; what a user's own code and data were is not known of it, so that it answers no cell
    that names any. Where there is no such record the identity is empty.
    """
    tags = run.data.tags
    if IDENTITY in tags:
        return tags[FINGERPRINT], json.loads(tags[IDENTITY])
    try:
        with opened(run.info.run_id, run.info.artifact_uri, uri) as arrays:
            record = in_plain(arrays)["record"]
        cell = cell_from_plain(record["cell"])
        unknown = dict.fromkeys(sorted(set().union(*own_names(cell))))
        found = {**identity(cell), "protocol": record["protocol_version"], "revisions": {}, "sources": unknown}
    except Exception:  # a failure has no record, and a damaged one is told when it is asked for
        return tags[FINGERPRINT], {}
    return fingerprint(found), found
