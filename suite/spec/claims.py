"""Claims as YAML: read as strictly as benchmarks, each held against the grid of the benchmark that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suite.protocol.claims import BETTER, SCORES, Claim, Compare, Form, Holds, Predict, Spread, Trend, Value, digest_of
from suite.protocol.columns import factor_column
from suite.protocol.contexts import number_of
from suite.protocol.expressions import Expression, ExpressionError, parse
from suite.protocol.labels import held_label, label_text
from suite.spec.benchmark import Benchmark, matching
from suite.spec.claim_document import ClaimDocument, ClaimsDocument
from suite.spec.document import check_model
from suite.spec.grids import Grids
from suite.spec.problems import Findings, SpecError, did_you_mean, not_found, one_of, quote
from suite.spec.reader import is_claims
from suite.spec.wording import mismatch
from suite.spec.yaml_reader import Node, read
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

_FORMS = ("compare", "trend", "spread", "predict", "value")
_UNHASHED = ("topic", "source", "dissent")
"""What a claim may change without being another one."""


def read_claims(path: Path) -> list[Claim]:
    """The claims of a file, of its benchmarks or of its own.

    Args:
        path: A YAML file.

    Raises:
        SpecError: With everything that is wrong with its claims; of benchmarks, `read_benchmarks` tells.
    """
    source = read(path)
    findings = Findings(str(path))
    grids, claims = Grids(path), []
    first: dict[str, int] = {}
    for document in source.documents:
        if not isinstance(document.value, dict) or "claims" not in document.value:
            continue
        whole = _whole(document, findings) if is_claims(document) else None
        name = document.value.get("benchmark" if is_claims(document) else "name")
        own = name.value if name is not None and isinstance(name.value, str) else None
        nodes = document.value["claims"].value
        for node in nodes if isinstance(nodes, tuple) else ():
            claim = _Reading(node, own, whole, grids, findings).claim()
            if claim is not None:
                line = node.value["id"].line
                if first.setdefault(claim.id, line) != line:
                    findings.add(node.value["id"], f"got {claim.id} again; the first is on line {first[claim.id]}")
                claims.append(claim)
    problems = [*source.problems, *findings.problems]
    if problems:
        raise SpecError(sorted(problems, key=lambda p: (p.line or 0, p.column or 0)))
    return claims


def _whole(document: Node, findings: Findings) -> ClaimsDocument | None:
    """What a document of claims says of all of them, which is not the benchmark."""
    keys = {key: node for key, node in document.value.items() if key != "benchmark"}
    if len(keys) < len(document.value):
        message = "stands for no whole file, expected each claim to name its own, as benchmark: deep_mlp"
        findings.add(document.keys["benchmark"], message)
    return check_model(replace(document, value=keys), ClaimsDocument, findings)


@dataclass
class _Reading:
    """One claim on its way. Each method reads a part and notes what is wrong with it."""

    node: Node
    own: str | None
    whole: ClaimsDocument | None
    grids: Grids
    findings: Findings

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
            "id": shape.id, "says": shape.says, "dissent": shape.dissent, "needs": shape.needs,
            "source": self._source(shape),
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
                 if (labels := self._labels(factor, node, benchmarks, self.node.value["where"], held=True))}  # fmt: skip
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
        compare = self._compare(benchmarks) if shape.compare is not None else None
        if shape.spread is not None:
            node = self.node.value["spread"]
            known = self._varied(shape.spread, node, benchmarks)
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
            if not self._varied(factor, key, benchmarks):
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

    def _compare(self, benchmarks: Sequence[Benchmark]) -> Compare | None:
        within = self.node.value["compare"]
        first: dict[str, tuple[str, ...]] = {}
        second: dict[str, tuple[str, ...]] = {}
        if not within.value:
            self.findings.add(
                within, "got an empty mapping, expected a factor with two levels, as {activation: [relu, tanh]}"
            )
            return None
        for factor, node in within.value.items():
            if not isinstance(node.value, tuple) or len(node.value) != 2:
                self.findings.add(node, mismatch(node, "two levels, the one said to be better first, as [relu, tanh]"))
                return None
            if not self._varied(factor, within.keys[factor], benchmarks):
                return None
            sides = [self._labels(factor, side, benchmarks, within) for side in node.value]
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

    def _varied(self, factor: str, node: Node, benchmarks: Sequence[Benchmark]) -> bool:
        """Whether all benchmarks vary a factor; notes where one does not."""
        for benchmark in benchmarks:
            if factor not in benchmark.grid:
                reason = "is fixed, not varied" if factor in benchmark.fixed else "unknown factor"
                message = f"{reason} in {benchmark.name}: {not_found(factor, list(benchmark.grid))}"
                self.findings.add(node, message)
                return False
        return True

    def _labels(
        self, factor: str, node: Node, benchmarks: Sequence[Benchmark], within: Node, *, held: bool = False
    ) -> tuple[str, ...]:
        """The labels that a level or a list of levels means; none after noting what is wrong.

        Args:
            factor: Whose levels.
            node: What names them.
            benchmarks: In each of which they must be.
            within: The mapping that they stand in.
            held: Whether the factor may be held constant, at that level.
        """
        wanted = node.value if isinstance(node.value, tuple) else (node,)
        if not wanted:
            self.findings.add(node, mismatch(node, "a level or a list of levels"))
        labels: list[str] = [] if benchmarks else [one.shown() for one in wanted]  # as written, where no grid is known
        for benchmark in benchmarks:
            if held and factor in {**benchmark.fixed, **benchmark.task} and factor not in benchmark.grid:
                labels += self._held(factor, wanted, benchmark)
                continue
            if not self._varied(factor, within.keys[factor], [benchmark]):
                return ()
            levels = benchmark.grid[factor]
            for one in wanted:
                scalar = isinstance(one.value, (str, int, float))
                found = matching(levels, one.value, benchmark.parameter(factor)) if scalar else []
                labels += [label_text(level.label) for level in found]
                if not found:
                    known = [label_text(level.label) for level in levels]
                    told = not_found(one.value, known) if isinstance(one.value, str) else mismatch(one, one_of(known))
                    self.findings.add(one, f"{told} in {benchmark.name}" if len(benchmarks) > 1 else told)
                    return ()
        return tuple(dict.fromkeys(labels))

    def _held(self, factor: str, wanted: Sequence[Node], benchmark: Benchmark) -> list[str]:
        value = {**benchmark.fixed, **benchmark.task}[factor]
        label = held_label(value)
        if label not in [label_text(one.value) for one in wanted]:
            message = f"got {wanted[0].shown()}, but {factor} is {label} in every cell of {benchmark.name}"
            self.findings.add(wanted[0], message)
        return [label]

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
