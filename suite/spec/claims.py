"""Claims as YAML files: those of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from suite.protocol.claims import Claim
from suite.spec.claim_document import ClaimsDocument
from suite.spec.claim_reader import ClaimReader
from suite.spec.document import check_model
from suite.spec.findings import Findings
from suite.spec.grids import Grids
from suite.spec.problems import SpecError
from suite.spec.reader import is_claims
from suite.spec.yaml_reader import Node, read


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
            claim = ClaimReader(node, own, whole, grids, findings).claim()
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
