"""What a claim measures: a column of the exported tables, or a short expression of columns.

    test_score
    train_score - test_score
    abs(gradient_ratio_init)
    log10(learning_rate)
    outcome == nonfinite
    outcome in (diverged, nonfinite) or vanishing in causes

Numbers, `+ - * /`, `abs`, `log10`, `minimum`, `maximum`, comparisons, `and`, `or`, `not`; an outcome or cause is its bare word. What is
not known stays not known: a comparison with nothing is nothing, neither true nor false.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.protocol.columns import CELL_COLUMNS, REPLICATE_COLUMNS
from suite.protocol.records import Cause, Outcome

TEXT_COLUMNS: Mapping[str, type[Outcome] | type[Cause]] = {"outcome": Outcome, "causes": Cause}
"""Columns of words, and which words."""

ADDED = {
    "success_rate": "of one run: 1 if it trained, else 0",
    "budget": "the steps that a run may take",
    "chance_score": "what the best constant predictor scores",
    "best_test_score": "what the best cell of the benchmark scores, in the mean",
}
"""Names beside the columns of the tables, or in their place, where a run has a figure that the table has of a cell."""

OF_CELLS = {"basin_high": "the highest learning rate at which the cell does nearly its best"}
"""Names of figures that a cell has one of, beside the columns of the tables."""

TRACED = {"gradient_straightness_init": "R squared of ln g against the layer, at the first step"}
"""Names of figures that are taken from traces, which are read for claims on them alone."""

NUMBERS = tuple(
    dict.fromkeys(
        name
        for name in (*REPLICATE_COLUMNS, *CELL_COLUMNS, *ADDED, *OF_CELLS, *TRACED)
        if name not in ("outcome", "causes", "nonfinite_layer", "seed", "replicate", "trained", "replicates")
    )
)
"""Every name that stands for a number."""

LONGEST = 200
_DEEPEST = 20

Columns = Mapping[str, NDArray]
_FUNCTIONS: Mapping[str, Callable[..., NDArray[np.float64]]] = {
    "abs": np.abs,
    "log10": np.log10,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[..., NDArray[np.float64]]] = {
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
    """An expression cannot be read. Its text says what was got and expected.

    Attributes:
        name: The name that is not known, if it is that.
        known: The names that are.
    """

    def __init__(self, message: str, name: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.name, self.known = name, known


@dataclass(frozen=True)
class Expression:
    """An expression that was read.

    Attributes:
        text: As it was written.
        names: The columns that it is made of.
        is_condition: Whether it is true or false (1 or 0) and no number.
        tree: As Python's parser has it, checked.
    """

    text: str
    names: frozenset[str]
    is_condition: bool
    tree: ast.expr

    @property
    def is_share(self) -> bool:
        """Whether its mean is a share of runs: it is 1 or 0 of each."""
        return self.is_condition or self.text == "success_rate"

    @property
    def is_of_cells(self) -> bool:
        """Whether a cell has one value of it, and its replicates none of their own."""
        return not self.names & {"outcome", "causes", *REPLICATE_COLUMNS, *ADDED, *TRACED}

    def of(self, columns: Columns) -> NDArray[np.float64]:
        """Its value where the columns have theirs: NaN where something is not known.

        Args:
            columns: Arrays by name, of shapes that broadcast together.
        """
        with np.errstate(all="ignore"):
            found = np.asarray(_value(self.tree, columns), dtype=float)
        return np.where(np.isfinite(found), found, np.nan)


def parse(text: str) -> Expression:
    """Reads an expression.

    Raises:
        ExpressionError: It is none.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"got {len(text)} characters, expected at most {LONGEST}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(
            f"{text.strip()!r} is no expression, expected a column or a few of them, as train_score - test_score"
        ) from None
    names: set[str] = set()
    condition = _check(tree, names, 0)
    if not names:
        raise ExpressionError("names no column, expected one of the exported tables", "", NUMBERS)
    return Expression(text.strip(), frozenset(names), condition, tree)


def _check(tree: ast.expr, names: set[str], depth: int) -> bool:
    """Notes the columns of a part that is allowed, and says whether it is a condition."""
    if depth > _DEEPEST:
        raise ExpressionError(f"is nested more than {_DEEPEST} deep")

    def number(part: ast.expr) -> None:
        if _check(part, names, depth + 1):
            raise ExpressionError(f"got the condition {_written(part)} where a number is expected")

    def condition(part: ast.expr) -> None:
        if not _check(part, names, depth + 1):
            raise ExpressionError(f"got {_written(part)} where a condition is expected, as {_written(part)} > 0")

    if isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
        return False
    if isinstance(tree, ast.Name):
        _column(tree.id, names)
        return False
    if isinstance(tree, ast.BinOp) and type(tree.op) in _ARITHMETIC:
        number(tree.left)
        number(tree.right)
        return False
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        number(tree.operand)
        return False
    if (
        isinstance(tree, ast.Call)
        and isinstance(tree.func, ast.Name)
        and tree.func.id in _FUNCTIONS
        and not tree.keywords
    ):
        wanted = 2 if tree.func.id in ("minimum", "maximum") else 1
        if len(tree.args) != wanted:
            raise ExpressionError(f"got {len(tree.args)} values in {_written(tree)}, expected {wanted}")
        for argument in tree.args:
            number(argument)
        return False
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
        condition(tree.operand)
        return True
    if isinstance(tree, ast.BoolOp):
        for part in tree.values:
            condition(part)
        return True
    if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        words = _words(tree)
        if words is not None:
            names.add(words[0])
            return True
        if type(tree.ops[0]) in _ORDER:
            number(tree.left)
            number(tree.comparators[0])
            return True
    raise ExpressionError(f"got {_written(tree)}, expected columns with + - * /, abs, log10, comparisons, and, or, not")


def _column(name: str, names: set[str]) -> None:
    if name in TEXT_COLUMNS:
        first = next(iter(TEXT_COLUMNS[name]))
        told = f"{name} == {first}" if name == "outcome" else f"{first} in {name}"
        raise ExpressionError(f"got {name}, a column of words, expected a condition on it, as {told}")
    if name not in NUMBERS:
        raise ExpressionError(f"got {name}, expected a column of the exported tables", name, NUMBERS)
    names.add(name)


def _words(tree: ast.Compare) -> tuple[str, tuple[str, ...], bool] | None:
    """Of a comparison of words: the column, the words, and whether it is negated; None of one of numbers."""
    left, (operator,), (right,) = tree.left, tree.ops, tree.comparators
    if isinstance(right, ast.Name) and right.id == "causes" and isinstance(operator, ast.In | ast.NotIn):
        return "causes", _known((left,), "causes"), isinstance(operator, ast.NotIn)
    if not (isinstance(left, ast.Name) and left.id == "outcome"):
        return None
    if isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Tuple | ast.List | ast.Set):
        return "outcome", _known(tuple(right.elts), "outcome"), isinstance(operator, ast.NotIn)
    if isinstance(operator, ast.Eq | ast.NotEq):
        return "outcome", _known((right,), "outcome"), isinstance(operator, ast.NotEq)
    raise ExpressionError(f"got {_written(tree)}, expected as outcome == trained, or outcome in (slow, stalled)")


def _known(parts: tuple[ast.expr, ...], column: str) -> tuple[str, ...]:
    words = tuple(map(str, TEXT_COLUMNS[column]))
    for part in parts:
        name = part.id if isinstance(part, ast.Name) else _written(part)
        if name not in words:
            raise ExpressionError(f"got {name}, expected one of {', '.join(words)}", name, words)
    return tuple(_written(part) for part in parts)


def _written(tree: ast.expr) -> str:
    return ast.unparse(tree)[:60]


def _value(tree: ast.expr, columns: Columns) -> NDArray[np.float64]:
    """Of a part that was checked."""
    if isinstance(tree, ast.Constant):
        return np.asarray(tree.value, dtype=float)
    if isinstance(tree, ast.Name):
        return np.asarray(columns[tree.id], dtype=float)
    if isinstance(tree, ast.BinOp):
        return _ARITHMETIC[type(tree.op)](_value(tree.left, columns), _value(tree.right, columns))
    if isinstance(tree, ast.UnaryOp):
        inner = _value(tree.operand, columns)
        return 1.0 - inner if isinstance(tree.op, ast.Not) else -inner
    if isinstance(tree, ast.Call):
        assert isinstance(tree.func, ast.Name)
        return _FUNCTIONS[tree.func.id](*(_value(argument, columns) for argument in tree.args))
    if isinstance(tree, ast.BoolOp):
        parts = np.broadcast_arrays(*(_value(part, columns) for part in tree.values))
        return np.asarray((np.min if isinstance(tree.op, ast.And) else np.max)(parts, axis=0))
    assert isinstance(tree, ast.Compare)
    words = _words(tree)
    if words is not None:
        column, wanted, negated = words
        return _has_word(columns[column], wanted, negated)
    left, right = np.broadcast_arrays(_value(tree.left, columns), _value(tree.comparators[0], columns))
    found = _ORDER[type(tree.ops[0])](left, right).astype(float)
    return np.where(np.isnan(left) | np.isnan(right), np.nan, found)


def _has_word(column: NDArray, wanted: tuple[str, ...], negated: bool) -> NDArray[np.float64]:
    """Whether a text of words, joined by `+`, has one of those; NaN where there is no text at all (None)."""
    found = [
        np.nan if text is None else float(any(word in wanted for word in text.split("+")) != negated)
        for text in column.ravel().tolist()
    ]
    return np.array(found, dtype=float).reshape(column.shape)
