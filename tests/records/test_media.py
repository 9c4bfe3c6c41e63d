"""Records on disks that are full or read only, and the order in which a file reaches the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suite.records import Records, RecordsError
from tests.made import make_cell
from tests.records.made_records import ENVIRONMENT, add_cells, fingerprints, load, mounted


def test_disk_that_fills_up_leaves_saved_records_whole(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", ("-t", "tmpfs", "-o", "size=1200k", "tmpfs")) as disk:
        records = Records(disk / "records")
        with pytest.raises(RecordsError, match=r"the disk is full: could not write .* where \d\.\d MB are free"):
            add_cells(records, *range(100))
        found = fingerprints(records)
        assert 20 < len(found) < 100
        assert sorted(found) == [make_cell(number).fingerprint for number in range(len(found))]
        assert len(load(records)) == len(found)
        with pytest.raises(RecordsError, match="Saved records are whole"):
            add_cells(records, 1000)
        assert not list(disk.rglob("*.new"))


def test_read_only_medium_is_read_and_told_when_written(tmp_path: Path) -> None:
    add_cells(Records(tmp_path / "disk" / "records"), 1)
    with mounted(tmp_path / "disk", ("--bind", str(tmp_path / "disk")), ("-o", "remount,bind,ro")) as disk:
        records = Records(disk / "records")
        assert len(load(records)) == 1
        with pytest.raises(RecordsError, match=r"could not write to .*made: Read-only file system"):
            add_cells(records, 2)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read and write everywhere")
def test_folder_without_permission_is_told(records: Records) -> None:
    add_cells(records, 1)
    for mode, doing in ((0o500, "write to"), (0o000, "read")):
        (records.folder / "made").chmod(mode)
        with pytest.raises(RecordsError, match=f"could not {doing} .*Permission denied"):
            add_cells(records, 2)
    (records.folder / "made").chmod(0o700)


def test_something_else_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file")
    with pytest.raises(RecordsError, match=r"could not write to .*records"):
        add_cells(Records(tmp_path / "records"), 1)


RECORD = """
import sys
from pathlib import Path
from suite.records import Records, Writer
from tests.made import PROVENANCE, make_cell, make_record
with Writer(Records(Path(sys.argv[1]))) as writer:
    writer.add(make_record(make_cell(2)), PROVENANCE)
    print("told", flush=True)
"""


def test_a_record_is_on_the_disk_before_it_has_its_name_and_that_before_it_is_told(records: Records) -> None:
    if not shutil.which("strace") or subprocess.run(["strace", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no strace to see it by, or it may not trace")
    add_cells(records, 1)
    log = records.folder / "calls"
    traced = ["strace", "-f", "-y", "-e", "trace=fsync,rename,write", "-o", str(log)]
    command = [*traced, sys.executable, "-c", RECORD, str(records.folder)]
    done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    name = f"{make_cell(2).fingerprint}.1x4r3.npz"
    calls = log.read_text().splitlines()
    steps = (
        lambda call: "fsync" in call and f".{name}.new>" in call,
        lambda call: "rename" in call and f'{name}"' in call,
        lambda call: "fsync" in call and call.split(">")[0].endswith("/made"),
        lambda call: "write(1<" in call and "told" in call,
    )
    at = [next(number for number, call in enumerate(calls) if step(call)) for step in steps]
    assert at == sorted(at)
