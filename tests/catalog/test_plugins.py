"""Plug-ins: the package of docs/plugins.md, installed beside ours, is listed, checked and trained; a broken one is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(toml|python|yaml)\n(.*?)```", PAGE, re.DOTALL)
PROJECT, ENTRIES, CODE, SPEC = (text for _, text in BLOCKS)


def install(folder: Path, project: str, **modules: str) -> Path:
    """Puts a package into a folder as pip does: its modules, and a dist-info with its entry points."""
    about = tomllib.loads(project)["project"]
    package = folder / about["name"]
    package.mkdir(parents=True)
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
    info = folder / f"{about['name']}-{about['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
    points = about["entry-points"].items()
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in these.items()) for group, these in points
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return folder


def suite(folder: Path, installed: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs a command with a folder of packages on Python's path."""
    environment = os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "80"}
    command = [sys.executable, "-m", "suite", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done


def fingerprints(folder: Path, installed: Path) -> dict[str, str]:
    """Of the cells of the page's spec, by activation."""
    code = """
import json
from pathlib import Path
from suite.spec import expand, read_benchmarks
cells = expand(read_benchmarks(Path("rings.yaml"))[0])
print(json.dumps({cell.factors["activation"]: cell.fingerprint for cell in cells}))
"""
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    (tmp_path / "rings.yaml").write_text(SPEC)
    return install(tmp_path / "packages", PROJECT, __init__=ENTRIES, code=CODE)


def test_the_package_of_the_page_is_listed_with_where_it_is_from(tmp_path: Path, installed: Path) -> None:
    assert "z times sigmoid(beta z) (from swooshes 1.0)" in suite(tmp_path, installed, "list", "activations").stdout
    assert "(from swooshes 1.0)" in " ".join(suite(tmp_path, installed, "list", "tasks").stdout.split())
    assert "swoosh" in suite(tmp_path, installed, "list").stdout


def test_the_spec_of_the_page_is_checked_as_strictly_as_any(tmp_path: Path, installed: Path) -> None:
    assert suite(tmp_path, installed, "check", "rings.yaml").stdout.startswith("rings: 3 recipes")
    (tmp_path / "rings.yaml").write_text(SPEC.replace("beta: 3", "beta: 0"))
    told = suite(tmp_path, installed, "check", "rings.yaml", status=2).stderr
    assert "rings.yaml:8:51: grid.activation.beta: got 0, expected a number above 0" in told
    (tmp_path / "rings.yaml").write_text(SPEC.replace("swoosh,", "swosh,"))
    assert "did you mean swoosh?" in suite(tmp_path, installed, "check", "rings.yaml", status=2).stderr
    (tmp_path / "nothing").mkdir()
    assert "got ring, expected" in suite(tmp_path, tmp_path / "nothing", "check", "rings.yaml", status=2).stderr


def test_the_spec_of_the_page_trains(tmp_path: Path, installed: Path) -> None:
    done = suite(tmp_path, installed, "run", "rings.yaml", "--workers", "1")
    assert done.stderr == ""
    suite(tmp_path, installed, "export", "--out", "out")
    assert "swoosh" in done.stdout
    assert pd.read_parquet(tmp_path / "out" / "rings" / "gradients.parquet")["output_maximum"].gt(0).all()


def test_a_version_or_a_revision_tells_results_apart(tmp_path: Path, installed: Path) -> None:
    def of(name: str, project: str, entries: str) -> dict[str, str]:
        return fingerprints(tmp_path, install(tmp_path / name, project, __init__=entries, code=CODE))

    newer = PROJECT.replace('version = "1.0"', 'version = "1.1"')
    revised = ENTRIES.replace("low_open=True),),\n", "low_open=True),),\n    revision=2,\n")
    both = revised.replace("held_out=200),\n", "held_out=200),\n    revision=2,\n")
    first, second, third = fingerprints(tmp_path, installed), of("newer", newer, ENTRIES), of("third", PROJECT, revised)
    assert all(first[name] != second[name] for name in first), "the task is of the package too"
    assert (third["relu"] == first["relu"], third["swoosh"] == first["swoosh"]) == (True, False)
    assert of("old", PROJECT, both) == of("new", newer, both), "a revision stands in for the version"


def test_code_that_a_plug_in_lacks_is_told_where_the_spec_names_it(tmp_path: Path) -> None:
    (tmp_path / "rings.yaml").write_text(SPEC)
    code = CODE.replace("def swoosh(", "def another(")
    folder = install(tmp_path / "packages", PROJECT, __init__=ENTRIES, code=code)
    told = suite(tmp_path, folder, "check", "rings.yaml", status=2).stderr
    assert told.startswith("rings.yaml:8:22: grid.activation: swoosh cannot be imported: ImportError: ")


BROKEN = """
[project]
name = "broken"
version = "0.1"

[project.entry-points."trainability_suite.activations"]
missing = "broken:NOTHING"
raising = "broken.raising:ENTRY"
relu = "broken:RELU"
a_function = "broken:function"
misnamed = "broken:OTHER"
"""


def test_a_broken_plug_in_is_told_in_a_line_and_left_out(tmp_path: Path) -> None:
    entries = """
from suite.catalog import Entry
RELU = Entry("relu", "another", "broken:function")
OTHER = Entry("other", "named otherwise", "broken:function")
def function(z):
    return -z
"""
    folder = install(tmp_path / "packages", BROKEN, __init__=entries, raising="raise RuntimeError('two\\nlines')\n")
    done = suite(tmp_path, folder, "list", "activations")
    assert "relu" in done.stdout
    assert "broken" not in done.stdout
    told = done.stderr.splitlines()
    assert [line.partition(" is left out: ")[2] for line in told] == [
        "expected a suite.catalog.entries.Entry, got function",
        "its entry is named other, expected the name of its entry point",
        "AttributeError: module 'broken' has no attribute 'NOTHING'",
        "RuntimeError: two lines",
        "relu is a name of the suite's own",
    ]
    assert told[-1].startswith("plug-in relu of activations (broken 0.1) is left out")


def test_where_nothing_is_plugged_in_nothing_is_looked_for() -> None:
    code = (
        "import sys; from suite.spec import *; from suite.catalog import KINDS;"
        "from importlib import metadata; metadata.distributions = None;"
        "expand(read_benchmarks(find_spec('deep_mlp'))[0]); print('done')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout == "done\n"
