"""Whatever stands where a value should, a spec is read or its problems are told: nothing else happens."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.spec.specs import problems, tiny

ODD = [
    "off", "~", "-1", "0", "1e999", ".nan", "[]", "{}", "[[]]", "'x'", "*a", "&a", "!!int", "1:30", "a:b", "json:loads",
    "os.path:join", "relu", "true", "?", "-", ":", "#", "<<", "[null]", "{'': 1}", "{[a]: 3}", "{low: 1}", "{name: x}",
    "{name: [a]}", "{label: 1}", "{name: group, groups: 0}", "{name: he, label: ~}", "{name: json:loads, x: [1]}",
    "{a: b, a: c}", "[relu, {name: relu}]",
]  # fmt: skip

TOKEN = re.compile(r"[^\s,\[\]{}:]+|[\[\]{},:]|\n")


@pytest.mark.parametrize("seed", range(8))
def test_values_in_each_others_places(tmp_path: Path, seed: int) -> None:
    """Twenty specs a seed, each with two tokens replaced."""
    chance = random.Random(seed)
    for _ in range(20):
        text = tiny(grid="grid: {activation: [relu, {name: elu, alpha: 2}], initializer: [he], dropout: [0, 0.5]}")
        for _ in range(2):
            begin, end = chance.choice([match.span() for match in TOKEN.finditer(text)])
            text = text[:begin] + chance.choice(ODD) + text[end:]
        for problem in problems(tmp_path, text):
            assert len(str(problem).splitlines()) == 1
            assert problem.message
