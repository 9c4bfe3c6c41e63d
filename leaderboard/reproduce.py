"""The part of a spec that runs a single cell, cut out of its original text.

The YAML is cut as a tree of nodes and not as values, so that every scalar is written as it was: PyYAML would read
`1e-3` as a text and `off` as false, and would write back something that means another thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from suite.protocol.columns import factor_column


def documents(spec: str) -> dict[str, yaml.MappingNode]:
    """The file's documents by the benchmark's name."""
    try:
        nodes = list(yaml.compose_all(spec, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return {}
    mappings = [node for node in nodes if isinstance(node, yaml.MappingNode)]
    return {name.value: node for node in mappings if isinstance(name := _get(node, "name"), yaml.ScalarNode)}


def cut(document: yaml.MappingNode, factors: Mapping[str, Sequence[str]], labels: Sequence[str]) -> str | None:
    """The document reduced to one level of every factor; None if its grid differs from that of the results.

    Args:
        document: YAML node of the benchmark.
        factors: All labels by factor column, in the order of the spec. A level is found by its position, since the text may
            use an alias.
        labels: The chosen label of every factor.
    """
    grid = _get(document, "grid")
    if not isinstance(grid, yaml.MappingNode) or [factor_column(key.value) for key, _ in grid.value] != list(factors):
        return None
    levels = []
    for (key, options), known, label in zip(grid.value, factors.values(), labels, strict=True):
        alike = isinstance(options, yaml.SequenceNode) and len(options.value) == len(known)
        if not alike or list(known).count(label) != 1:
            return None
        level = options.value[list(known).index(label)]
        levels.append((key, yaml.SequenceNode(options.tag, [level], flow_style=True)))
    parts = [
        (key, yaml.MappingNode(value.tag, levels, flow_style=False) if key.value == "grid" else value)
        for key, value in document.value
        if key.value not in ("exclude", "description", "claims")
    ]
    return yaml.serialize(yaml.MappingNode(document.tag, parts, flow_style=False), Dumper=yaml.SafeDumper, width=76)


def grid_levels(document: yaml.MappingNode | None, factors: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
    """All levels of every factor as the spec has them; empty if the document's grid differs from that of the results."""
    grid = _get(document, "grid") if document else None
    if not isinstance(grid, yaml.MappingNode):
        return {}
    levels = yaml.SafeLoader("").construct_mapping(grid, deep=True)
    found = {factor_column(str(name)): options for name, options in levels.items() if isinstance(options, list)}
    alike = {factor: len(options) for factor, options in found.items()}
    return found if alike == {factor: len(labels) for factor, labels in factors.items()} else {}


def _get(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)
