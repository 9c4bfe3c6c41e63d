"""What a claim measures: columns and short expressions of them, read strictly, unknown where something is."""

from __future__ import annotations

import numpy as np
import pytest

from suite.claims.expressions import NUMBERS, ExpressionError, parse
from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS

NAN = np.nan
COLUMNS = {
    "test_score": np.array([[0.9, 0.8], [0.1, NAN]]),
    "train_score": np.array([[1.0, 1.0], [0.2, 0.2]]),
    "gradient_ratio_init": np.array([[-4.0, 2.0], [NAN, 5.0]]),
    "learning_rate": np.array([[0.01], [0.0]]),
    "outcome": np.array([["trained", "nonfinite"], ["diverged", None]], dtype=object),
    "causes": np.array([["", "vanishing+dead"], ["dead", None]], dtype=object),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test_score", [[0.9, 0.8], [0.1, NAN]]),
        ("train_score - test_score", [[0.1, 0.2], [0.1, NAN]]),
        ("abs(gradient_ratio_init) / 2", [[2.0, 1.0], [NAN, 2.5]]),
        ("log10(learning_rate) + 0 * test_score", [[-2.0, -2.0], [NAN, NAN]]),
        ("abs(gradient_ratio_init) > 3", [[1, 0], [NAN, 1]]),
        ("outcome == nonfinite", [[0, 1], [0, NAN]]),
        ("outcome not in (nonfinite, diverged)", [[1, 0], [0, NAN]]),
        ("vanishing in causes", [[0, 1], [0, NAN]]),
        ("dead in causes and not outcome == nonfinite", [[0, 0], [1, NAN]]),
        ("outcome == trained or test_score < 0.85", [[1, 1], [1, NAN]]),
        ("exp10(gradient_ratio_init)", [[1e-4, 100.0], [NAN, 1e5]]),
        ("log10(exp10(gradient_ratio_init))", [[-4.0, 2.0], [NAN, 5.0]]),
        ("sqrt(abs(gradient_ratio_init))", [[2.0, 2**0.5], [NAN, 5**0.5]]),
        ("sqrt(gradient_ratio_init)", [[NAN, 2**0.5], [NAN, 5**0.5]]),
        ("exp10(1000 * train_score)", [[NAN, NAN], [1e200, 1e200]]),
        ("minimum(test_score, 0.5)", [[0.5, 0.5], [0.1, NAN]]),
        ("-gradient_ratio_init <= -2", [[0, 1], [NAN, 1]]),
    ],
)
def test_values(text: str, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(parse(text).of(COLUMNS), expected)


def test_a_figure_of_the_cell_stays_one_value_a_cell() -> None:
    np.testing.assert_allclose(parse("log10(learning_rate)").of(COLUMNS), [[-2.0], [NAN]])


def test_what_is_true_or_false_is_told_from_numbers() -> None:
    assert parse("outcome == trained").is_condition
    assert not parse("success_rate").is_condition
    assert parse("outcome == trained").is_share
    assert parse("success_rate").is_share
    assert not parse("test_score").is_share
    assert parse("train_score - test_score").names == {"train_score", "test_score"}


def test_every_numeric_column_is_a_measure() -> None:
    texts = {"outcome", "causes", "nonfinite_layer", "seed", "replicate", "trained", "replicates"}
    for name in {*CELL_COLUMNS, *REPLICATE_COLUMNS} - texts:
        assert name in NUMBERS
        parse(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gradient_ratio", "got gradient_ratio, expected a column of the exported tables"),
        ("outcome", "a column of words, expected a condition on it, such as outcome == nonfinite"),
        ("causes", "as vanishing in causes"),
        ("outcome == traned", "got traned, expected one of nonfinite, diverged, trained"),
        ("outcome > trained", "such as outcome == trained"),
        ("test_score +", "is not an expression"),
        ("", "is not an expression"),
        ("1 + 1", "names no column"),
        ("exp(test_score)", "got exp(test_score), expected columns with"),
        ("test_score ** 2", "got test_score ** 2, expected columns with"),
        ("exp10(test_score, 1)", "got 2 values in exp10(test_score, 1), expected 1"),
        ("sqrt(outcome == trained)", "got the condition outcome == trained where a number is expected"),
        ("abs(test_score, 1)", "got 2 values in abs(test_score, 1), expected 1"),
        ("test_score + (test_score > 1)", "got the condition test_score > 1 where a number is expected"),
        ("not test_score", "got test_score where a condition is expected"),
        ("__import__('os').system('true')", "expected columns with"),
        ("test_score.real", "expected columns with"),
        ("0 < test_score < 1", "expected columns with"),
        ("(" * 90 + "test_score" + ")" * 90 + "+1" * 20, "got"),
        ("-" * 40 + "test_score", "is nested more than 20 deep"),
        ("test_score" * 40, "got 400 characters, expected at most 200"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)
