"""Reads the claims of a YAML file and checks them against the grids of their benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suite.claims.claim import Claim, Form, digest_of
from suite.claims.claim_document import ClaimDocument, ClaimsDocument
from suite.claims.contexts import rows_within
from suite.claims.evidence import Evidence, Levels
from suite.claims.expressions import BETTER, SCORES, Expression
from suite.claims.forms import FORMS
from suite.claims.given import Given
from suite.claims.grids import Grids
from suite.protocol.columns import factor_column
from suite.protocol.labels import held_label, label_text
from suite.spec.benchmark import Benchmark, combinations
from suite.spec.benchmark_reader import is_claims
from suite.spec.document import check_model
from suite.spec.findings import Findings
from suite.spec.problems import SpecError, one_of, quote
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
"""Default of the smallest difference that counts, by measure; for an accuracy it is `ACCURACY`."""

ACCURACY = 0.02

_UNHASHED = ("topic", "source", "dissent", "note")
"""Keys that do not change the hash of a claim."""


def read_claims(path: Path) -> list[Claim]:
    """Reads all claims of a YAML file, within benchmarks or in documents of claims.

    Raises:
        SpecError: With all problems of the claims; `read_benchmarks` reports those of benchmarks.
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
    """The keys that apply to all claims of a document; `benchmark` is not one of them."""
    keys = {key: node for key, node in document.value.items() if key != "benchmark"}
    if len(keys) < len(document.value):
        message = "is not allowed for a whole file, expected it in each claim, such as benchmark: deep_mlp"
        findings.add(document.keys["benchmark"], message)
    return check_model(replace(document, value=keys), ClaimsDocument, findings)


@dataclass
class _Reading:
    """Reads one claim; each method reads a part and adds its problems."""

    node: Node
    own: str | None
    whole: ClaimsDocument | None
    grids: Grids
    findings: Findings

    def claim(self) -> Claim | None:
        """The claim; None after adding problems."""
        if not isinstance(self.node.value, dict):
            self.findings.add(self.node, mismatch(self.node, "a claim, a mapping with id, says, benchmark, ..."))
            return None
        noted = len(self.findings.problems)
        shape: Any = check_model(self.node, ClaimDocument, self.findings)
        if shape is None:
            return None
        told = {key: value for key, value in self.node.plain().items() if key not in _UNHASHED}
        about: dict[str, Any] = {
            key: getattr(shape, key) for key in ("id", "says", "dissent", "note", "needs", "untestable")
        }
        about |= {"source": self._source(shape), "topic": shape.topic or (self.whole.topic if self.whole else "")}
        if shape.needs or shape.untestable:
            self._only_words(shape)
            about["test"] = shape.test
            return Claim(**about, digest=digest_of(told)) if len(self.findings.problems) == noted else None
        kind = self._kind(shape)
        if kind is None:
            return None
        given = Given(self.node, shape, self._benchmarks(), self.findings)
        expression = given.expression("measure", self.node)
        form = kind.read(given)
        if not given.benchmarks:  # whatever needs no grid has been checked
            return None
        where = self._where(given)
        if form is not None:
            self._check_where(form, where)
        if expression is None:
            return None
        for key, why in kind.excludes.items():
            if key in self.node.value:
                given.note(self.node.keys[key], f"cannot be combined with {kind.key}, which {why}")
        sign = self._sign(given, kind, expression)
        by = self._by(given, kind, expression)
        baseline = self._baseline(given, kind)
        if len(self.findings.problems) > noted or form is None:
            return None
        columns = {factor_column(factor): labels for factor, labels in where.items()}
        for benchmark in given.benchmarks:
            if not form.has_cells(_grid(benchmark), columns):
                alike = (
                    f"two recipes that differ only in {' and '.join(form.factors)}"
                    if form.factors
                    else "recipe within where"
                )
                given.note(self.node.keys[kind.key], f"cannot be judged: {benchmark.name} has no {alike}")
                return None
        benchmark = given.benchmarks[0]
        recipes = len(rows_within(_grid(benchmark), columns))
        if why := form.impossible(recipes, benchmark.budget.replicates):
            given.note(self.node.keys[kind.key], why)
            return None
        names = tuple(benchmark.name for benchmark in given.benchmarks)
        told |= {"benchmark": list(names), "measure": expression.text, "by": by}
        return Claim(
            **about, benchmarks=names, form=form, measure=expression.text, by=by, sign=sign, where=columns,
            baseline=baseline, digest=digest_of(told),
        )  # fmt: skip

    def _source(self, shape: Any) -> str:
        """The source, with the document's short names replaced by full ones, separated by semicolons."""
        known = self.whole.sources if self.whole else {}
        written = shape.source or (self.whole.source if self.whole else "")
        names = [name.strip() for name in written.split(",")]
        return "; ".join(known[name] for name in names) if all(name in known for name in names) else written

    def _only_words(self, shape: Any) -> None:
        """Checks that a claim that cannot be judged has no form and a single reason."""
        reason = "needs" if shape.needs else "untestable"
        for key in (*FORMS, *(("untestable",) if shape.needs else ())):
            if key in self.node.value:
                message = f"cannot be combined with {reason}: expected either a form or a reason why it is not tested"
                self.findings.add(self.node.keys[key], message)

    def _kind(self, shape: Any) -> type[Form] | None:
        """The form of the claim; None after adding the problem that it has none, or several."""
        given = [key for key in FORMS if key in self.node.value]
        for key in given:
            if self.node.value[key].value is None:
                expected = mismatch(self.node.value[key], "a value, or the key left out")
                self.findings.add(self.node.value[key], expected)
                return None
        if not given:
            message = f"is missing, expected {one_of(list(FORMS))} (or needs, for a claim that cannot be judged yet)"
            self.findings.add(self.node, message, f"{self.node.path}.{shape.id}")
            return None
        for key in given:
            if set(given) - {key} <= set(FORMS[key].beside):
                return FORMS[key]
        written = [key for key in self.node.value if key in FORMS]
        message = f"got {' and '.join(written)}, expected one of them"
        self.findings.add(self.node.keys[written[1]], message)
        return None

    def _benchmarks(self) -> list[Benchmark]:
        """The benchmarks that it names, by default the one that contains it; empty after adding a problem."""
        node = self.node.value.get("benchmark")
        if node is None and self.own is not None:
            node = Node(self.own, *self.node.place, self.node.path)
        if node is None:
            self.findings.add(self.node, "is missing, expected the name of a benchmark", f"{self.node.path}.benchmark")
            return []
        nodes = node.value if isinstance(node.value, tuple) else (node,)
        expected = "the name of a benchmark"
        found = []
        for one in nodes:
            benchmark = self.grids.find(one.value) if isinstance(one.value, str) else mismatch(one, expected)
            if isinstance(benchmark, str):
                self.findings.add(one, benchmark)
            else:
                found.append(benchmark)
        if not nodes:
            self.findings.add(node, mismatch(node, expected))
        return found if len(found) == len(nodes) else []

    def _where(self, given: Given) -> Levels:
        """The valid labels of each factor that `where` names."""
        nodes = self.node.section("where").items()
        found = {factor: given.labels(factor, node, self.node.value["where"], held=True) for factor, node in nodes}
        return {factor: labels for factor, labels in found.items() if labels}

    def _check_where(self, form: Form, where: Levels) -> None:
        """Checks that `where` excludes no side completely."""
        for factor, labels in where.items():
            for side in form.sides:
                told = side.get(factor_column(factor), labels)
                if not set(told) & set(labels):
                    message = f"excludes {one_of(told)}, which the claim compares"
                    self.findings.add(self.node.section("where")[factor], message)

    def _sign(self, given: Given, kind: type[Form], expression: Expression) -> int | None:
        """1 or -1 for a first side that should be higher or lower; None if the measure defines what is better."""
        first = given.shape.first
        if not kind.has_sides:
            if first is not None and "first" not in kind.excludes:
                given.note(self.node.keys["first"], "can only be used with compare")
            return None
        if first is not None:
            return 1 if first == "higher" else -1
        if expression.text not in (*BETTER, *SCORES):
            what = f"since {quote(expression.text)} has no better direction"
            given.note(self.node, f"is missing, expected first: higher or first: lower, {what}", "first")
        return None

    def _baseline(self, given: Given, kind: type[Form]) -> str:
        """The condition on the second side; empty if there is none."""
        if given.shape.baseline is None:
            return ""
        node = self.node.value["baseline"]
        if not kind.has_baseline:
            given.note(self.node.keys["baseline"], "can only be used with compare")
        expression = given.expression("baseline", self.node)
        if expression is not None and not expression.is_condition:
            given.note(node, f"got {quote(expression.text)}, expected a condition, such as {expression.text} > 0.5")
        return expression.text if expression is not None else ""

    def _by(self, given: Given, kind: type[Form], expression: Expression) -> float:
        """delta: as written, or the default of the measure."""
        if not kind.has_delta:
            return 0.0
        if given.shape.by is not None:
            return float(given.shape.by)
        if expression.text in DELTAS:
            return DELTAS[expression.text]
        shares = all(form_of(benchmark.task).targets == "classes" for benchmark in given.benchmarks)
        if expression.names <= {*SCORES} and shares:
            return ACCURACY
        given.note(
            self.node, f"is missing, expected the smallest difference of {quote(expression.text)} that counts", "by"
        )
        return 0.0


def _grid(benchmark: Benchmark) -> Evidence:
    """The cells of a benchmark as evidence without results."""
    levels: Sequence[tuple[str, ...]] = [
        tuple(label_text(level.label) for level in chosen.values())
        for chosen in combinations(benchmark.grid, benchmark.exclude)
    ]
    return Evidence(
        benchmark.name,
        {factor_column(factor): tuple(label_text(v.label) for v in axis) for factor, axis in benchmark.grid.items()},
        {factor_column(factor): held_label(value) for factor, value in {**benchmark.task, **benchmark.fixed}.items()},
        tuple(levels),
        ("",) * len(levels),
        {},
    )
