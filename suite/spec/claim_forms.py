"""The form of a claim: what it compares, read against the grids of its benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suite.protocol.claims import Compare, Form, Order, Predict, Spread, Trend, Value
from suite.protocol.columns import factor_column
from suite.protocol.expressions import Expression, ExpressionError, parse
from suite.protocol.labels import label_text, number_of
from suite.spec.benchmark import Benchmark
from suite.spec.claim_document import ClaimDocument
from suite.spec.claim_levels import ClaimLevels
from suite.spec.findings import Findings
from suite.spec.problems import did_you_mean, one_of, quote
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node

FORMS = ("compare", "trend", "spread", "order", "predict", "value")


@dataclass
class FormReader:
    """The form of one claim. Each method reads a part and notes what is wrong with it."""

    node: Node
    levels: ClaimLevels
    findings: Findings

    def one(self, shape: ClaimDocument) -> bool:
        """Whether the claim has one form, after noting what is wrong where it has not."""
        given = [key for key in FORMS if key in self.node.value]
        empty = [key for key in given if self.node.value[key].value is None]
        if empty:
            self.findings.add(
                self.node.value[empty[0]], mismatch(self.node.value[empty[0]], "a form of claim, or no such key")
            )
            return False
        if given == ["compare", "spread"] or len(given) == 1:
            return True
        if not given:
            message = f"is missing, expected {one_of(FORMS)} (or needs: what it waits for)"
            self.findings.add(self.node, message, f"{self.node.path}.{shape.id}")
        else:
            self.findings.add(self.node.keys[given[1]], f"got {' and '.join(given)}, expected one of them")
        return False

    def form(self, shape: ClaimDocument, benchmarks: Sequence[Benchmark]) -> Form | None:
        """The form, or None after noting what is wrong with it."""
        if shape.order is not None:
            sides = self._compare("order", benchmarks, "two levels, the one held against the other, as [none, 8]")
            return Order(sides) if sides else None
        compare = self._compare("compare", benchmarks) if shape.compare is not None else None
        if shape.spread is not None:
            node = self.node.value["spread"]
            known = self.levels.varied(shape.spread, node, benchmarks)
            if known and shape.compare is not None and shape.spread in shape.compare:
                self.findings.add(
                    node, f"got {quote(shape.spread)}, whose levels compare tells apart: expected another factor"
                )
            return (
                Spread(factor_column(shape.spread), compare) if known and (compare or shape.compare is None) else None
            )
        if shape.compare is not None:
            return compare
        if shape.trend is not None:
            ((factor, way),) = shape.trend.items()
            key = self.node.value["trend"].keys[factor]
            if not self.levels.varied(factor, key, benchmarks):
                return None
            labels = [label_text(level.label) for benchmark in benchmarks for level in benchmark.grid[factor]]
            words = [label for label in labels if number_of(label) is None]
            if words:
                self.findings.add(key, f"has the level {quote(words[0])}, expected a factor of numbers")
            return Trend(factor_column(factor), 1 if way == "up" else -1)
        if shape.predict is not None:
            return self._predict(shape)
        assert shape.value is not None
        return Value(shape.value.figure, shape.value.within)

    def check(
        self,
        form: Form | None,
        expression: Expression | None,
        benchmarks: Sequence[Benchmark],
        where: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Notes where a form does not go with the claim's measure, its benchmarks or the part of the grid that it is about."""
        if isinstance(form, Order):
            self._check_order(form, expression, benchmarks)
        if isinstance(form, Compare | Order):
            self._left(form.compare if isinstance(form, Order) else form, where)

    def _predict(self, shape: ClaimDocument) -> Form | None:
        node, parts = self.node.value["predict"], shape.predict
        assert parts is not None
        for key in ("when", "then"):
            if key in node.value and node.value[key].value is not None:
                expression = read_expression(key, node, self.findings)
                if expression is None:
                    return None
                if not expression.is_condition:
                    self.findings.add(
                        node.value[key],
                        f"got {quote(expression.text)}, expected a condition, as {expression.text} > 0.5",
                    )
        for key in ("measure", "by", "first", "holds"):
            if key in self.node.value:
                self.findings.add(self.node.keys[key], "does not go with predict, which counts cells")
        return Predict(parts.when, parts.then, parts.at_least)

    def _compare(
        self,
        form: str,
        benchmarks: Sequence[Benchmark],
        wanted: str = "two levels, the one said to be better first, as [relu, tanh]",
    ) -> Compare | None:
        within = self.node.value[form]
        first: dict[str, tuple[str, ...]] = {}
        second: dict[str, tuple[str, ...]] = {}
        if not within.value:
            self.findings.add(
                within, "got an empty mapping, expected a factor with two levels, as {activation: [relu, tanh]}"
            )
            return None
        for factor, node in within.value.items():
            if not isinstance(node.value, tuple) or len(node.value) != 2:
                self.findings.add(node, mismatch(node, wanted))
                return None
            if not self.levels.varied(factor, within.keys[factor], benchmarks):
                return None
            sides = [self.levels.labels(factor, side, benchmarks, within) for side in node.value]
            if not all(sides):
                return None
            first[factor_column(factor)], second[factor_column(factor)] = sides
            both = [label for label in sides[0] if label in sides[1]]
            if both and len(within.value) == 1:
                self.findings.add(node, f"got {quote(both[0])} on both sides, expected different levels")
                return None
        if first == second:
            self.findings.add(within, "got the same levels on both sides, expected different ones")
            return None
        return Compare(first, second)

    def _check_order(self, form: Order, expression: Expression | None, benchmarks: Sequence[Benchmark]) -> None:
        """Notes what two orders of recipes cannot be had of."""
        node = self.node.value["order"]
        if any(len(labels) > 1 for side in (form.compare.first, form.compare.second) for labels in side.values()):
            self.findings.add(node, "got several levels on a side, expected one: each recipe has one cell on a side")
        if len(benchmarks) > 1:
            self.findings.add(
                self.node.value["benchmark"], f"got {len(benchmarks)} benchmarks, expected one for an order"
            )
        if "holds" in self.node.value:
            self.findings.add(self.node.keys["holds"], "does not go with order, which has one context")
        if expression is not None and (expression.is_of_cells or expression.is_share):
            message = f"got {expression.text}, expected a number that every replicate has: pairs are told apart by it"
            self.findings.add(self.node.value["measure"], message, f"{self.node.path}.measure")

    def _left(self, form: Compare, where: Mapping[str, tuple[str, ...]]) -> None:
        """Notes where a part of the grid leaves out a whole side."""
        for factor, labels in where.items():
            for side in (form.first, form.second):
                told = side.get(factor_column(factor), labels)
                if not set(told) & set(labels):
                    message = f"leaves nothing of {one_of(told)}, which compare is about"
                    self.findings.add(self.node.section("where")[factor], message)


def read_expression(key: str, within: Node, findings: Findings) -> Expression | None:
    """The expression under a key of a mapping, or the test score where there is none; None after noting why it is none."""
    node = within.value.get(key)
    try:
        return parse("test_score" if node is None else node.value)
    except ExpressionError as error:
        findings.add(node or within, f"{error}{did_you_mean(error.name, error.known) if error.name else ''}")
        return None
