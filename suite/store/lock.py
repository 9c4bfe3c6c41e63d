"""One writer at a time: a file's lock beside an SQLite store, and on a server a claim that all machines see.

A claim is a tag of the benchmark's experiment. Who wants to write puts his own there first and looks at all of them
afterwards: of two who do so at once, one at least sees the other, so that no two ever find themselves alone. Whoever
finds himself alone holds the benchmark. A claim is a dead one's when its process is gone, as seen on its own machine,
or when its beat stands still, by the watch of the one who looks: clocks of different machines are never compared.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from suite.store.address import sqlite_file
from suite.store.troubles import StoreError, public, translated

BEAT_SECONDS, DEAD_SECONDS = 5.0, 30.0
"""How often a holder tells that it lives, and after which silence it is held for dead."""

_CLAIM = "suite.writer."
_AGAIN_SECONDS = 0.5


@contextlib.contextmanager
def locked(uri: str) -> Iterator[None]:
    """Holds the lock beside an SQLite store; a server's benchmarks are claimed one by one.

    Raises:
        StoreError: Another writer holds it.
    """
    file = sqlite_file(uri)
    if file is None:
        yield
        return
    from filelock import FileLock, Timeout

    lock = FileLock(file.with_name(file.name + ".lock"))
    try:
        with translated("lock", uri):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if not Path(lock.lock_file).exists():
                    raise StoreError(f"the folder {file.resolve().parent} cannot be written to.") from None
                raise _taken(f"the store {file}", "") from None
        yield
    finally:
        lock.release()


@dataclass(frozen=True)
class _Claim:
    """What a claim says of its holder.

    Attributes:
        place: Where process numbers mean the same: machine, its start, and the container.
        host: For people.
        pid: Of the process.
        born: When it began, in seconds since 1970: numbers are used again.
        holds: Whether it writes, or only asks to.
        turn: Higher than of all who were there before.
        beat: Counts up while it lives.
    """

    place: str
    host: str
    pid: int
    born: float
    holds: bool = False
    turn: int = 0
    beat: int = 0

    @property
    def dead(self) -> bool | None:
        """Whether its process is gone; None where that cannot be seen from here."""
        import psutil

        if self.place != _place():
            return None
        try:
            return bool(abs(psutil.Process(self.pid).create_time() - self.born) > 1)
        except psutil.NoSuchProcess:
            return True


class Claims:
    """The benchmarks of a server that this process may write to.

    Args:
        client: Of MLflow.
        uri: Of the store, for messages.
    """

    def __init__(self, client: Any, uri: str) -> None:
        self._client, self._uri = client, uri
        self._tag = _CLAIM + uuid.uuid4().hex
        self._held: dict[str, _Claim] = {}
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    def take(self, experiment: str) -> None:
        """Claims a benchmark.

        Raises:
            StoreError: Another run holds it.
        """
        import psutil

        mine = _Claim(_place(), platform.node(), os.getpid(), psutil.Process().create_time())
        self._put(experiment, mine)
        try:
            turn = self._wait_until_alone(experiment, mine)
        except BaseException:
            self._remove(experiment, self._tag)
            raise
        self._held[experiment] = replace(mine, holds=True, turn=turn)
        self._put(experiment, self._held[experiment])
        if self._beating is None:
            self._beating = threading.Thread(target=self._beat, daemon=True)
            self._beating.start()

    def check(self, experiment: str) -> None:
        """Makes sure that a claim is still ours: a process that was stopped for long may have been held for dead.

        Raises:
            StoreError: It is not.
        """
        mine, claims = self._held[experiment], self._claims(experiment)
        later = [c for tag, c in claims.items() if tag != self._tag and c.holds and c.turn > mine.turn]
        if self._tag not in claims or later:
            raise StoreError(
                f"another `suite run` has taken over in {public(self._uri)}, since this one gave no sign of life for "
                f"{DEAD_SECONDS:.0f} s. What was recorded before is whole."
            )

    def release(self) -> None:
        """Gives all of them back."""
        self._ended.set()
        if self._beating is not None:
            self._beating.join(timeout=BEAT_SECONDS)
        for experiment in self._held:
            self._remove(experiment, self._tag)

    def _wait_until_alone(self, experiment: str, mine: _Claim) -> int:
        """The turn of the claim that is now the only one of a living process."""
        first_seen: dict[tuple[str, int], float] = {}
        turn = 0
        while True:
            claims, now = self._claims(experiment), time.monotonic()
            if claims.pop(self._tag, None) is None:
                raise StoreError(f"the claim on {public(self._uri)} was taken away: another `suite run` began there.")
            turn = max([turn, *(claim.turn for claim in claims.values())])
            for tag, claim in list(claims.items()):
                since = first_seen.setdefault((tag, claim.beat), now)
                moves = any(seen == tag and beat != claim.beat for seen, beat in first_seen)
                if claim.dead or (claim.dead is None and now - since > DEAD_SECONDS):
                    self._remove(experiment, tag)
                    del claims[tag]
                elif (moves or claim.dead is False) and (claim.holds or tag < self._tag):
                    raise _taken(public(self._uri), f" ({claim.host}, process {claim.pid})")
            if not claims:
                return turn + 1
            time.sleep(_AGAIN_SECONDS)
            mine = replace(mine, beat=mine.beat + 1)
            self._put(experiment, mine)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            for experiment, claim in list(self._held.items()):
                with contextlib.suppress(Exception):  # a server that is gone for a while is the writer's to tell
                    if self._tag in self._claims(experiment):
                        self._held[experiment] = replace(claim, beat=claim.beat + 1)
                        self._put(experiment, self._held[experiment])

    def _claims(self, experiment: str) -> dict[str, _Claim]:
        tags: Mapping[str, str] = self._client.get_experiment(experiment).tags
        return {tag: _Claim(**json.loads(value)) for tag, value in tags.items() if tag.startswith(_CLAIM)}

    def _put(self, experiment: str, claim: _Claim) -> None:
        self._client.set_experiment_tag(experiment, self._tag, json.dumps(asdict(claim)))

    def _remove(self, experiment: str, tag: str) -> None:
        with contextlib.suppress(Exception):  # another may have, or the server is gone: then it is found dead
            self._client.delete_experiment_tag(experiment, tag)


def _taken(what: str, who: str) -> StoreError:
    return StoreError(
        f"another `suite run` is writing to {what}{who}. Wait until it is done, or set "
        "MLFLOW_TRACKING_URI to another store."
    )


def _place() -> str:
    """The machine, its start, and the namespace of process numbers."""
    parts = [platform.node(), f"{uuid.getnode():x}"]
    for read in (
        lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        lambda: os.readlink("/proc/self/ns/pid"),
    ):
        with contextlib.suppress(OSError):
            parts.append(read())
    return " ".join(parts)
