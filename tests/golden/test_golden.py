"""Nothing that a spec may name computes anything else without a revision: records of before would pass for records of now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suite.tasks.images import DATA_VARIABLE
from tests.golden import stored
from tests.golden.computed import cases, of_the_protocol

STORED, CASES = stored.read(), cases()


@pytest.mark.parametrize("name", CASES)
def test_an_entry_computes_what_is_stored_of_its_revision(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    entry, compute = CASES[name]
    fault = stored.fault(name, STORED.get(name), stored.described(entry, compute(tmp_path)))
    assert fault is None, fault


def test_the_protocol_is_what_is_stored_of_its_version() -> None:
    fault = stored.fault("protocol", STORED["protocol"], stored.described_protocol(of_the_protocol()))
    assert fault is None, fault


def test_no_two_entries_of_a_kind_have_the_same_numbers() -> None:
    """Else a number could not tell that one has become the other."""
    seen: dict[str, str] = {}
    for name in CASES:
        kind = name.partition(".")[0]
        found = kind + json.dumps(STORED[name]["numbers"])
        assert found not in seen, f"{name} and {seen[found]}"
        seen[found] = name
    assert set(STORED) == {*CASES, "protocol"}


def test_what_changes_without_a_revision_is_told() -> None:
    before = {"revision": 1, "defaults": {"alpha": 1.0}, "numbers": [0.5, 2.0]}
    assert stored.fault("kind.name", before, {**before, "numbers": [0.500001, 2.0]}) is None
    assert stored.fault("kind.name", before, {**before, "defaults": {"alpha": 1.0, "beta": 2}}) is None
    for changed in ({"numbers": [0.501, 2.0]}, {"numbers": [0.5]}, {"defaults": {"alpha": 2.0}}, {"defaults": {}}):
        assert "raise its revision" in (stored.fault("kind.name", before, {**before, **changed}) or "")
    revised = {**before, "revision": 2, "numbers": [0.501, 2.0]}
    assert "stored is 1: run" in (stored.fault("kind.name", before, revised) or "")
    assert stored.fault("kind.name", revised, revised) is None
