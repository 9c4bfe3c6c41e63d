"""The one rule of which labels are the same."""

from __future__ import annotations

import numpy as np
import pytest

from suite.protocol.labels import label_text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (5, "5"), (5.0, "5"), ("5", "5"), ("5.0", "5"), ("5.00", "5"), (-0.0, "0"), (0, "0"), ("-0.0", "0"),
        (0.5, "0.5"), ("0.50", "0.50"), (True, "true"), ("False", "false"), ("true", "true"), (None, "none"),
        (np.float64(2.0), "2"), (np.bool_(True), "true"), ("he_normal", "he_normal"), ("007.0", "007.0"),
        (1e15, "1000000000000000.0"), (10**15, "1000000000000000"), ("v1.0", "v1.0"), (1e-3, "0.001"),
    ],
)  # fmt: skip
def test_a_label_is_written_one_way(value: object, written: str) -> None:
    assert label_text(value) == written
    assert label_text(written) == written, "what was written once is not changed again"
