"""One claim: read as strictly as a benchmark, held against the grid of the benchmark that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suite.protocol.claims import BETTER, SCORES, Claim, Compare, Holds, Spread, Trend, digest_of
from suite.protocol.columns import factor_column
from suite.protocol.expressions import Expression
from suite.spec.benchmark import Benchmark
from suite.spec.claim_document import ClaimDocument, ClaimsDocument
from suite.spec.claim_forms import FORMS, FormReader, read_expression
from suite.spec.claim_levels import ClaimLevels
from suite.spec.document import check_model
from suite.spec.findings import Findings
from suite.spec.grids import Grids
from suite.spec.problems import quote
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
        self.forms = FormReader(self.node, self.levels, self.findings)

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
        if not self.forms.one(shape):
            return None
        benchmarks = self._benchmarks()
        expression = read_expression("measure", self.node, self.findings)
        form = self.forms.form(shape, benchmarks)
        if not benchmarks:  # what could be told without a grid has been
            return None
        where = {factor: labels for factor, node in self.node.section("where").items()
                 if (labels := self.levels.labels(factor, node, benchmarks, self.node.value["where"], held=True))}  # fmt: skip
        self.forms.check(form, expression, benchmarks, where)
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
        for key in (*FORMS, *(("untestable",) if shape.needs else ())):
            if key in self.node.value:
                message = f"goes with no {reason}: a claim has a form, or says why it has none"
                self.findings.add(self.node.keys[key], message)

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
