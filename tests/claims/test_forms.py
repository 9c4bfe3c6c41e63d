"""Forms of claims: each is one module, and what judges needs nothing of what reads YAML."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from suite.claims import forms
from suite.claims.forms import FORMS, find_forms
from suite.claims.verdicts import Verdict
from tests.claims.truths import claim, judged, table

LEAST = """
from dataclasses import dataclass
from pydantic import Field
from suite.claims.answers import Question
from suite.claims.forms.value import Value

@dataclass(frozen=True)
class Least(Value):
    key = "least"
    field = (float | None, Field(None, description="what every cell scores at least"))

    @classmethod
    def read(cls, given):
        return cls(given.shape.least, 0.0)

    def question(self, claim):
        return Question(self.figure, is_difference=False)
"""


def test_every_form_has_a_key_of_its_own_and_words() -> None:
    assert list(FORMS) == ["compare", "predict", "spread", "trend", "value"]
    for key, form in FORMS.items():
        assert form.__module__ == f"suite.claims.forms.{key}"
        assert form.field[1].description


def test_a_form_is_added_by_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "least.py").write_text(LEAST)
    monkeypatch.setattr(forms, "__path__", [*forms.__path__, str(tmp_path)])
    found = find_forms()
    assert [*found] == sorted([*FORMS, "least"])
    least = found["least"](0.5, 0.0)  # type: ignore[call-arg]
    assert judged(table(lambda _: 0.9), claim(least)).verdict is Verdict.HOLDS
    assert judged(table(lambda _: 0.2), claim(least)).verdict is Verdict.FAILS


def test_judging_loads_neither_the_spec_reader_nor_anything_heavy() -> None:
    code = (
        "import sys; import suite.claims.evaluation, suite.claims.forms, suite.claims.published;"
        "print([name for name in ('suite.spec', 'yaml', 'pandas', 'keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
