"""The page on the monitor: its code runs as it stands there and says what the page says."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "fix.md"


def test_the_code_of_the_page_runs_and_its_verdicts_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    names: dict[str, Any] = {}
    said = []
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(code.replace("epochs=15", "epochs=2"), names)  # what is said holds from the first step on
        said.append(out.getvalue())
    assert "Verdict: vanishing, 0.2" in said[0]
    assert "Try for vanishing:\n" in said[0]
    assert said[1].startswith("vanishing, 0.2")
    assert said[2].startswith("no fault seen")
    assert said[3].startswith("No problem found.\nok      data: 128 examples, all values finite\n")
    for picture in re.findall(r"\(images/(.*?)\)", text):
        assert (PAGE.parent / "images" / picture).read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / picture).exists(), "made by the code shown"
