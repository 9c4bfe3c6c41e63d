"""The part of a spec that runs one cell alone, cut out of the text its authors wrote.

The YAML is cut as a tree of nodes and not as values, so that every scalar is written as it was: PyYAML would read
`1e-3` as a text and `off` as false, and would write back something that means another thing.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from leaderboard.tables import text


def fragment(spec: str, benchmark: str, labels: Mapping[str, str]) -> str | None:
    """A spec with the one level of every factor; None if the text does not hold such a benchmark.

    Args:
        spec: The whole file, which may hold several documents.
        benchmark: Name of the document.
        labels: The label of every factor of the grid.
    """
    found = documents(spec).get(benchmark)
    return None if found is None else cut(found, labels)


def documents(spec: str) -> dict[str, yaml.MappingNode]:
    """The file's documents by the benchmark's name."""
    try:
        nodes = list(yaml.compose_all(spec, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return {}
    mappings = [node for node in nodes if isinstance(node, yaml.MappingNode)]
    return {name.value: node for node in mappings if isinstance(name := _get(node, "name"), yaml.ScalarNode)}


def cut(document: yaml.MappingNode, labels: Mapping[str, str]) -> str | None:
    """The document with the one level of every factor; None if a label is not in it."""
    grid = _get(document, "grid")
    if not isinstance(grid, yaml.MappingNode):
        return None
    levels = []
    for key, options in grid.value:
        wanted = labels.get(key.value)
        found = [level for level in getattr(options, "value", []) if _label(level) == wanted]
        if not isinstance(options, yaml.SequenceNode) or len(found) != 1:
            return None
        levels.append((key, yaml.SequenceNode(options.tag, found, flow_style=True)))
    parts = [
        (key, yaml.MappingNode(value.tag, levels, flow_style=False) if key.value == "grid" else value)
        for key, value in document.value
        if key.value not in ("exclude", "description")
    ]
    return yaml.serialize(yaml.MappingNode(document.tag, parts, flow_style=False), Dumper=yaml.SafeDumper, width=76)


def _get(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _label(level: yaml.Node) -> str:
    """What a level is called in the tables: its label, else its name with its arguments as written, else itself."""
    if isinstance(level, yaml.MappingNode):
        if (label := _get(level, "label")) is not None:
            return _label(label)
        arguments = [f"{key.value}={value.value}" for key, value in level.value if key.value != "name"]
        return " ".join([getattr(_get(level, "name"), "value", ""), *arguments]).replace(",", ";")
    loader = yaml.SafeLoader("")
    value = loader.construct_object(level)
    if isinstance(value, str):
        try:
            value = float(value)  # 1e-3, which PyYAML takes for a text
        except ValueError:
            return str(level.value)
    return text(value)
