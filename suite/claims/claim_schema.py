"""The JSON Schema of a file for editors: of a document with a benchmark, or of one with claims alone."""

from __future__ import annotations

import json
from typing import Any

from suite.claims.claim_document import ClaimDocument, ClaimsDocument
from suite.spec.benchmark_reader import BENCHMARK_KEYS
from suite.spec.json_schema import benchmark_schema, untitled

_CLAIM = {"$ref": "#/$defs/ClaimDocument"}


def json_schema() -> dict[str, Any]:
    """The schema of one document; draft 2020-12."""
    benchmark, claim = benchmark_schema(), untitled(ClaimDocument.model_json_schema())
    benchmark["properties"]["claims"] |= {"items": _CLAIM}
    claims = untitled(ClaimsDocument.model_json_schema())
    claims["properties"]["claims"] |= {"items": _CLAIM}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": benchmark.pop("$defs") | claim.pop("$defs") | {"ClaimDocument": claim},
        "if": {"required": ["claims"], "not": {"anyOf": [{"required": [key]} for key in BENCHMARK_KEYS]}},
        "then": claims,
        "else": benchmark,
    }


def schema_text() -> str:
    """The schema as `suite schema` writes it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
