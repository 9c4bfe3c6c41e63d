"""Measures of claims: a column of the exported tables, or a short expression of columns.

    test_score
    train_score - test_score
    abs(gradient_ratio_init)
    log10(learning_rate)
    outcome == nonfinite
    outcome in (diverged, nonfinite) or vanishing in causes

Expressions have numbers, `+ - * /`, `abs`, `log10`, `exp10`, `sqrt`, `minimum`, `maximum`, comparisons, `and`, `or` and `not`; outcomes and
causes are bare words. Missing values propagate: a comparison with one is missing, neither true nor false.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS
from suite.protocol.records import Cause, Outcome

TEXT_COLUMNS: Mapping[str, type[Outcome] | type[Cause]] = {"outcome": Outcome, "causes": Cause}
"""Columns of words, with their words."""

ADDED = {
    "success_rate": "1 for a run that trained, else 0",
    "budget": "number of training steps of a run",
    "chance_score": "score of the best constant predictor",
    "best_test_score": "mean test score of the benchmark's best recipe",
}
"""Measures of runs that the tables do not have, or only have by cell."""

OF_CELLS = {"basin_high": "largest learning rate that works"}
"""Measures of cells that the tables do not have."""

TRACED = {"gradient_straightness_init": "R squared of ln g against the layer, at the first step"}
"""Measures computed from traces, which are only read for claims that use them."""

NUMBERS = tuple(
    dict.fromkeys(
        name
        for name in (*REPLICATE_COLUMNS, *CELL_COLUMNS, *ADDED, *OF_CELLS, *TRACED)
        if name not in ("outcome", "causes", "nonfinite_layer", "seed", "replicate", "trained", "replicates")
    )
)
"""Names of all numeric measures."""

BETTER = {"success_rate": 1, "basin_decades": 1, "steps_to_target": -1}
"""Measures of which higher (1) or lower (-1) is better for all tasks; for scores the task decides."""

SCORES = ("test_score", "train_score", "validation_score")

LEARNT = (*SCORES, *BETTER, "basin_high", "learning_rate", "train_loss")
"""Measures that mean nothing for recipes that do not train: contexts at chance are excluded."""

LONGEST = 200
_DEEPEST = 20

Columns = Mapping[str, NDArray]
Values = NDArray[np.float64]
Kind = Literal["number", "condition"]
Part = tuple[Kind, Callable[[Columns], Values]]
"""A checked part of an expression: its kind and the function that computes its value."""

_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Values]]] = {
    "abs": (1, np.abs),
    "log10": (1, np.log10),
    "exp10": (1, lambda value: np.power(10.0, value)),
    "sqrt": (1, np.sqrt),
    "minimum": (2, np.minimum),
    "maximum": (2, np.maximum),
}
"""Functions by name, with their number of arguments."""
_ARITHMETIC: Mapping[type[ast.operator], Callable[..., Values]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
_ORDER: Mapping[type[ast.cmpop], Callable[..., NDArray[np.bool_]]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


class ExpressionError(ValueError):
    """An invalid expression; the message is ready for users.

    Attributes:
        name: The unknown name, if that is the error.
        known: All known names.
    """

    def __init__(self, message: str, name: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.name, self.known = name, known


@dataclass(frozen=True)
class Expression:
    """A parsed measure.

    Attributes:
        text: The expression as written.
        names: Columns that it reads.
        is_condition: Whether it is true or false (1 or 0) and not a number.
        evaluate: Function that computes its value from arrays by column.
    """

    text: str
    names: frozenset[str]
    is_condition: bool
    evaluate: Callable[[Columns], Values]

    @property
    def is_share(self) -> bool:
        """Whether it is 1 or 0 for each run, so that its mean is a share."""
        return self.is_condition or self.text == "success_rate"

    @property
    def is_of_cells(self) -> bool:
        """Whether it has one value per cell and none per replicate."""
        return not self.names & {"outcome", "causes", *REPLICATE_COLUMNS, *ADDED, *TRACED}

    def of(self, columns: Columns) -> Values:
        """Evaluates the expression; missing values give NaN.

        Args:
            columns: Arrays by name, with shapes that broadcast.
        """
        with np.errstate(all="ignore"):
            found = np.asarray(self.evaluate(columns), dtype=float)
        return np.where(np.isfinite(found), found, np.nan)


def parse(text: str) -> Expression:
    """Parses an expression.

    Raises:
        ExpressionError: The text is not a valid expression.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise ExpressionError(f"got {len(text)} characters, expected at most {LONGEST}")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(
            f"{text!r} is not an expression, expected columns, such as train_score - test_score"
        ) from None
    names: set[str] = set()
    kind, evaluate = _read(tree, names, 0)
    if not names:
        raise ExpressionError("names no column, expected one of the exported tables", "", NUMBERS)
    return Expression(text, frozenset(names), kind == "condition", evaluate)


def _read(tree: ast.expr, names: set[str], depth: int) -> Part:
    """Checks a part of an expression and collects its columns."""
    if depth > _DEEPEST:
        raise ExpressionError(f"is nested more than {_DEEPEST} deep")

    def parts(wanted: Kind, *trees: ast.expr) -> Callable[[Columns], list[Values]]:
        evaluates = []
        for inner in trees:
            kind, evaluate = _read(inner, names, depth + 1)
            if kind != wanted == "number":
                raise ExpressionError(f"got the condition {_written(inner)} where a number is expected")
            if kind != wanted:
                raise ExpressionError(
                    f"got {_written(inner)} where a condition is expected, such as {_written(inner)} > 0"
                )
            evaluates.append(evaluate)
        return lambda columns: [evaluate(columns) for evaluate in evaluates]

    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return "number", lambda _: np.asarray(value, dtype=float)
        case ast.Name(id=name):
            _check_column(name)
            names.add(name)
            return "number", lambda columns: np.asarray(columns[name], dtype=float)
        case ast.BinOp() if type(tree.op) in _ARITHMETIC:
            operate, sides = _ARITHMETIC[type(tree.op)], parts("number", tree.left, tree.right)
            return "number", lambda columns: operate(*sides(columns))
        case ast.UnaryOp(op=ast.USub()):
            inner = parts("number", tree.operand)
            return "number", lambda columns: -inner(columns)[0]
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            wanted, function = _FUNCTIONS[name]
            if len(tree.args) != wanted:
                raise ExpressionError(f"got {len(tree.args)} values in {_written(tree)}, expected {wanted}")
            arguments = parts("number", *tree.args)
            return "number", lambda columns: function(*arguments(columns))
        case ast.UnaryOp(op=ast.Not()):
            inner = parts("condition", tree.operand)
            return "condition", lambda columns: 1.0 - inner(columns)[0]
        case ast.BoolOp():
            reduce, conditions = np.min if isinstance(tree.op, ast.And) else np.max, parts("condition", *tree.values)
            return "condition", lambda columns: np.asarray(reduce(np.broadcast_arrays(*conditions(columns)), axis=0))
        case ast.Compare(ops=[operator]):
            if (words := _comparison_of_words(tree, names)) is not None:
                return "condition", words
            if type(operator) in _ORDER:
                order, sides = _ORDER[type(operator)], parts("number", tree.left, *tree.comparators)
                return "condition", lambda columns: _compared(order, *sides(columns))
    raise ExpressionError(
        f"got {_written(tree)}, expected columns with + - * /, abs, log10, exp10, sqrt, comparisons, and, or, not"
    )


def _check_column(name: str) -> None:
    if name in TEXT_COLUMNS:
        first = next(iter(TEXT_COLUMNS[name]))
        told = f"{name} == {first}" if name == "outcome" else f"{first} in {name}"
        raise ExpressionError(f"got {name}, a column of words, expected a condition on it, such as {told}")
    if name not in NUMBERS:
        raise ExpressionError(f"got {name}, expected a column of the exported tables", name, NUMBERS)


def _comparison_of_words(tree: ast.Compare, names: set[str]) -> Callable[[Columns], Values] | None:
    """A comparison with a column of words, such as `outcome == trained`; None for a comparison of numbers."""
    left, (operator,), (right,) = tree.left, tree.ops, tree.comparators
    match left, operator, right:
        case _, ast.In() | ast.NotIn(), ast.Name(id="causes"):
            column, listed = "causes", [left]
        case ast.Name(id="outcome"), ast.In() | ast.NotIn(), ast.Tuple() | ast.List() | ast.Set():
            column, listed = "outcome", right.elts
        case ast.Name(id="outcome"), ast.Eq() | ast.NotEq(), _:
            column, listed = "outcome", [right]
        case ast.Name(id="outcome"), _, _:
            raise ExpressionError(
                f"got {_written(tree)}, expected a comparison such as outcome == trained or outcome in (slow, stalled)"
            )
        case _:
            return None
    known, wanted = tuple(map(str, TEXT_COLUMNS[column])), [_written(part) for part in listed]
    for word in wanted:
        if word not in known:
            raise ExpressionError(f"got {word}, expected one of {', '.join(known)}", word, known)
    names.add(column)
    negated = isinstance(operator, ast.NotIn | ast.NotEq)
    return lambda columns: _has_word(columns[column], wanted, negated)


def _written(tree: ast.expr) -> str:
    return ast.unparse(tree)[:60]


def _compared(order: Callable[..., NDArray[np.bool_]], left: Values, right: Values) -> Values:
    return np.where(np.isnan(left) | np.isnan(right), np.nan, order(left, right).astype(float))


def _has_word(column: NDArray, wanted: Sequence[str], negated: bool) -> Values:
    """Whether a text of words joined by `+` has one of the wanted words; NaN for None."""
    found = [
        np.nan if text is None else float(any(word in wanted for word in text.split("+")) != negated)
        for text in column.ravel().tolist()
    ]
    return np.array(found, dtype=float).reshape(column.shape)
