"""One claim: read as strictly as a benchmark, held against the grid of the benchmark that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.claims import (
    BETTER,
    SCORES,
    Claim,
    Compare,
    Form,
    Holds,
    Order,
    Predict,
    Spread,
    Trend,
    Value,
    digest_of,
)
from suite.protocol.columns import factor_column
from suite.protocol.expressions import Expression, ExpressionError, parse
from suite.protocol.labels import label_text, number_of
from suite.spec.benchmark import Benchmark
from suite.spec.claim_document import ClaimDocument, ClaimsDocument
from suite.spec.claim_levels import ClaimLevels
from suite.spec.document import check_model
from suite.spec.findings import Findings
from suite.spec.grids import Grids
from suite.spec.problems import did_you_mean, one_of, quote
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node
from suite.tasks import form_of

DELTAS = {
    "success_rate": 0.3,
    "basin_decades": 0.5,
    "log10(learning_rate)": 0.5,
    **dict.fromkeys(("gradient_ratio_init", "gradient_ratio_median"), 1.0),
    **dict.fromkeys(("abs(gradient_ratio_init)", "abs(gradient_ratio_median)"), 1.0),
}
"""What counts where a claim does not say; of an accuracy it is `ACCURACY`."""

ACCURACY = 0.02

_FORMS = ("compare", "trend", "spread", "order", "predict", "value")
_UNHASHED = ("topic", "source", "dissent", "note")
"""What a claim may change without being another one."""


@dataclass
class ClaimReader:
    """One claim on its way. Each method reads a part and notes what is wrong with it."""

    node: Node
    own: str | None
    whole: ClaimsDocument | None
    grids: Grids
    findings: Findings

    def __post_init__(self) -> None:
        self.levels = ClaimLevels(self.findings)

    def claim(self) -> Claim | None:
        """The claim, or None where it has problems."""
        if not isinstance(self.node.value, dict):
            self.findings.add(self.node, mismatch(self.node, "a claim, a mapping with id, says, benchmark, ..."))
            return None
        noted = len(self.findings.problems)
        shape = check_model(self.node, ClaimDocument, self.findings)
        if shape is None:
            return None
        told = {key: value for key, value in self.node.plain().items() if key not in _UNHASHED}
        about: dict[str, Any] = {
            "id": shape.id, "says": shape.says, "dissent": shape.dissent, "note": shape.note,
            "needs": shape.needs, "source": self._source(shape),
            "topic": shape.topic or (self.whole.topic if self.whole else ""), "untestable": shape.untestable,
        }  # fmt: skip
        if shape.needs or shape.untestable:
            self._only_words(shape)
            about["test"] = shape.test
            return Claim(**about, digest=digest_of(told)) if len(self.findings.problems) == noted else None
        if not self._one_form(shape):
            return None
        benchmarks = self._benchmarks()
        expression = self._expression("measure", self.node)
        form = self._form(shape, benchmarks)
        if not benchmarks:  # what could be told without a grid has been
            return None
        where = {factor: labels for factor, node in self.node.section("where").items()
                 if (labels := self.levels.labels(factor, node, benchmarks, self.node.value["where"], held=True))}  # fmt: skip
        if isinstance(form, Compare | Order):
            self._left(form.compare if isinstance(form, Order) else form, where)
        if isinstance(form, Order):
            self._check_order(form, expression, benchmarks)
        if expression is None:
            return None
        sign = self._sign(shape, expression)
        by = self._by(shape, expression, benchmarks)
        if shape.holds == "everywhere" and expression.is_of_cells and isinstance(form, Compare | Trend | Spread):
            message = (
                f"got {expression.text}, of which a cell has one figure and its replicates none: a context alone has "
                "no interval; expected holds: on average"
            )
            self.findings.add(self.node.value.get("measure", self.node), message, f"{self.node.path}.measure")
        if len(self.findings.problems) > noted or form is None:
            return None
        names = tuple(benchmark.name for benchmark in benchmarks)
        where = {factor_column(factor): labels for factor, labels in where.items()}
        told |= {"benchmark": list(names), "measure": expression.text, "by": by, "holds": shape.holds}
        return Claim(
            **about, benchmarks=names, form=form, measure=expression.text, by=by, sign=sign, where=where,
            holds=Holds(shape.holds), digest=digest_of(told),
        )  # fmt: skip

    def _source(self, shape: ClaimDocument) -> str:
        """As written, with semicolons between; the short names that the document explains are written out."""
        known = self.whole.sources if self.whole else {}
        written = shape.source or (self.whole.source if self.whole else "")
        names = [name.strip() for name in written.split(",")]
        return "; ".join(known[name] for name in names) if all(name in known for name in names) else written

    def _only_words(self, shape: ClaimDocument) -> None:
        """What cannot be judged has no form, and one reason."""
        reason = "needs" if shape.needs else "untestable"
        for key in (*_FORMS, *(("untestable",) if shape.needs else ())):
            if key in self.node.value:
                message = f"goes with no {reason}: a claim has a form, or says why it has none"
                self.findings.add(self.node.keys[key], message)

    def _one_form(self, shape: ClaimDocument) -> bool:
        given = [key for key in _FORMS if key in self.node.value]
        empty = [key for key in given if self.node.value[key].value is None]
        if empty:
            self.findings.add(
                self.node.value[empty[0]], mismatch(self.node.value[empty[0]], "a form of claim, or no such key")
            )
            return False
        if given == ["compare", "spread"] or len(given) == 1:
            return True
        if not given:
            message = f"is missing, expected {one_of(_FORMS)} (or needs: what it waits for)"
            self.findings.add(self.node, message, f"{self.node.path}.{shape.id}")
        else:
            self.findings.add(self.node.keys[given[1]], f"got {' and '.join(given)}, expected one of them")
        return False

    def _benchmarks(self) -> list[Benchmark]:
        """Those that it names, by default the one it stands in; none after noting what is wrong."""
        node = self.node.value.get("benchmark")
        if node is None and self.own is not None:
            node = Node(self.own, *self.node.place, self.node.path)
        if node is None:
            self.findings.add(self.node, "is missing, expected the name of a benchmark", f"{self.node.path}.benchmark")
            return []
        nodes = node.value if isinstance(node.value, tuple) else (node,)
        found = []
        for one in nodes:
            benchmark = (
                self.grids.find(one.value) if isinstance(one.value, str) else mismatch(one, "the name of a benchmark")
            )
            if isinstance(benchmark, str):
                self.findings.add(one, benchmark)
            else:
                found.append(benchmark)
        if not nodes:
            self.findings.add(node, mismatch(node, "the name of a benchmark"))
        return found if len(found) == len(nodes) else []

    def _expression(self, key: str, within: Node) -> Expression | None:
        node = within.value.get(key)
        try:
            return parse("test_score" if node is None else node.value)
        except ExpressionError as error:
            self.findings.add(node or within, f"{error}{did_you_mean(error.name, error.known) if error.name else ''}")
            return None

    def _form(self, shape: ClaimDocument, benchmarks: Sequence[Benchmark]) -> Form | None:
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

    def _predict(self, shape: ClaimDocument) -> Form | None:
        node, parts = self.node.value["predict"], shape.predict
        assert parts is not None
        for key in ("when", "then"):
            if key in node.value and node.value[key].value is not None:
                expression = self._expression(key, node)
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

    def _sign(self, shape: ClaimDocument, expression: Expression) -> int | None:
        """Which way the first side is said to differ; None where the measure knows what is better."""
        if shape.compare is None or shape.spread is not None:
            if shape.first is not None and shape.predict is None:
                self.findings.add(self.node.keys["first"], "goes with compare alone")
            return None
        if shape.first is not None:
            return 1 if shape.first == "higher" else -1
        if expression.text not in (*BETTER, *SCORES):
            message = f"is missing, expected first: higher or lower, since {quote(expression.text)} does not say what is better"
            self.findings.add(self.node, message, f"{self.node.path}.first")
        return None

    def _by(self, shape: ClaimDocument, expression: Expression, benchmarks: Sequence[Benchmark]) -> float:
        """delta: as written, or what counts of this measure."""
        if shape.predict is not None or shape.value is not None:
            if shape.value is not None and shape.by is not None:
                self.findings.add(self.node.keys["by"], "does not go with value, which has within")
            return 0.0
        if shape.order is not None and (shape.by is None or not 0 < shape.by < 1):
            message = "expected the least share of pairs that counts, above 0 and below 1"
            told = f"got {shape.by:g}, {message}" if shape.by is not None else f"is missing, {message}"
            self.findings.add(self.node.value.get("by", self.node), told, f"{self.node.path}.by")
            return 0.0
        if shape.by is not None:
            return shape.by
        if expression.text in DELTAS:
            return DELTAS[expression.text]
        shares = all(form_of(benchmark.task).targets == "classes" for benchmark in benchmarks)
        if expression.names <= {*SCORES} and shares:
            return ACCURACY
        message = f"is missing, expected the least difference of {quote(expression.text)} that counts"
        self.findings.add(self.node, message, f"{self.node.path}.by")
        return 0.0
