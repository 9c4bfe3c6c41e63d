"""The lowest versions that are tested are the lowest that are allowed, and what may break has an upper bound."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
BOUNDED = {"distributed", "keras", "mlflow", "optuna", "tensorflow"}


def test_lowest_versions_are_the_lower_bounds() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    allowed = dict(re.match(r"([a-z0-9-]+)>=([\d.]+)", text).groups() for text in dependencies)  # type: ignore[union-attr]
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert set(pinned) == set(allowed)
    for name, version in pinned.items():
        assert re.fullmatch(rf"{re.escape(allowed[name])}(\.0)*", version), name
    assert {re.match("[a-z0-9-]+", text)[0] for text in dependencies if "<" in text} == BOUNDED  # type: ignore[index]


def test_what_the_repository_says_in_yaml_can_be_read() -> None:
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]
    assert len(files) >= 6
    for file in files:
        assert yaml.safe_load(file.read_text(encoding="utf-8")), file
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["version"] == project["version"]
