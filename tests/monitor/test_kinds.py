"""Models of the kinds that people have: what the monitor says of each, and the table of them in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest

from tests.monitor.kinds import KINDS, Kind

PAGE = Path(__file__).parents[2] / "docs" / "monitor.md"


@pytest.mark.filterwarnings("ignore::suite.monitor.GradientWarning", "ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.test.__name__)
def test_it_is_seen_for_what_it_is(kind: Kind) -> None:
    keras.utils.set_random_seed(0)
    kind.test()


def test_the_page_lists_every_kind_and_no_other() -> None:
    rows = re.findall(r"^\| (seen|approximated|refused) \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.M)
    assert rows == [(kind.how, kind.what, kind.says) for kind in KINDS]
    assert len(rows) >= 40
