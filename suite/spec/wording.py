"""Messages about unexpected values: the value as written and as YAML reads it."""

from __future__ import annotations

import re
from typing import Literal

from suite.spec.problems import quote
from suite.spec.yaml_reader import Node, resolve

Wanted = Literal["number", "text", "boolean", "collection"]

_LEADING_ZERO = re.compile(r"[-+]?0+[0-9]+")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}([_,][0-9]{3})+")


def got(node: Node) -> str:
    """ "got off, which YAML reads as false" """
    if node.value is None and node.text:
        return f"got {node.text}, which YAML reads as nothing"
    if isinstance(node.value, bool) and node.text.lower() not in ("true", "false"):
        return f"got {node.text}, which YAML reads as {'true' if node.value else 'false'}"
    return f"got {node.shown()}"


def mismatch(node: Node, expected: str, wanted: Wanted | None = None) -> str:
    """The complete message: received value, expected value and a hint how to write it.

    Args:
        node: The received value.
        expected: The expected value in words.
        wanted: Kind of the expected value, for the hint.
    """
    return f"{got(node)}, expected {expected}{_advice(node, wanted, expected)}"


def _advice(node: Node, wanted: Wanted | None, expected: str) -> str:
    if wanted == "text" and not isinstance(node.value, (str, dict, tuple)) and node.text:
        return f"; write '{quote(node.text)}' in quotes if you mean this text"
    if wanted == "boolean" and node.quoted and isinstance(resolve(node.text), bool):
        return "; remove the quotes"
    if wanted != "number":
        return ""
    if isinstance(node.value, float) and node.value.is_integer() and "whole" in expected and abs(node.value) < 1e15:
        return f"; write {int(node.value)}"
    if not isinstance(node.value, str):
        return ""
    if node.quoted and type(resolve(node.text)) in (int, float):
        return "; remove the quotes"
    if _LEADING_ZERO.fullmatch(node.text):
        return f"; write {int(node.text)} (some YAML readers take a leading zero as octal)"
    if _GROUPED.fullmatch(node.text):
        return f"; write {node.text.replace('_', '').replace(',', '')}"
    return ""
