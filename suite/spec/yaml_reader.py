"""A strict YAML reader: plain values with their line and column, and a list of all problems.

Numbers follow YAML 1.2 (`1e-3` is a number, `1:30` and `1_000` are text); booleans and nulls follow PyYAML. Scalars keep
their original text for messages. Keys are text as written. Tags, merge keys and duplicate keys are errors; the expansion
of aliases is limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from suite.spec.problems import Problem, quote
from suite.spec.yaml_text import read_text

MAX_DEPTH = 20
"""Largest depth of nested values."""
MAX_NODES = 10_000
"""Largest number of values in a document, with aliases expanded."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 100

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Node:
    """A value or a key with its position.

    Attributes:
        value: A string, number, boolean or None; a tuple of nodes; or a dict of nodes.
        line: Line of its start, from 1.
        column: Column of its start, from 1.
        path: Dotted path of its key; items of a list have the path of the list.
        text: Text of a scalar as written, without quotes.
        quoted: Whether a scalar was written in quotes or as a block.
        keys: Keys of a mapping with their positions.
        size: Number of nodes, including itself.
        height: Number of nested levels.
    """

    value: Any
    line: int
    column: int
    path: str = ""
    text: str = ""
    quoted: bool = False
    keys: Mapping[str, Node] = field(default_factory=dict)
    size: int = 1
    height: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column

    def section(self, key: str) -> dict[str, Node]:
        """The mapping under a key; empty if it is missing or no mapping."""
        node = self.value.get(key)
        return node.value if node is not None and isinstance(node.value, dict) else {}

    def plain(self) -> Any:
        """The value without positions: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def shown(self) -> str:
        """The value in words, for messages."""
        if isinstance(self.value, dict):
            return f"a mapping with {quote(', '.join(self.value))}" if self.value else "an empty mapping"
        if isinstance(self.value, tuple):
            return f"a list of {len(self.value)}" if self.value else "an empty list"
        if self.quoted:
            return f"'{quote(self.text)}'"
        return quote(self.text) or "nothing"


@dataclass(frozen=True)
class Source:
    """A parsed file.

    Attributes:
        text: Complete text.
        documents: Documents that are not empty.
        problems: All problems; the documents are read as far as possible.
    """

    text: str
    documents: tuple[Node, ...]
    problems: tuple[Problem, ...]


def read(path: Path) -> Source:
    """Reads a YAML file; returns problems instead of raising them."""
    text, problem = read_text(path)
    if problem is not None:
        return Source("", (), (problem,))
    documents, problems = _Builder(str(path)).build(text)
    if not documents and not problems:
        problems = [Problem(str(path), None, None, "", "is empty, expected a benchmark")]
    return Source(text, tuple(documents), tuple(problems))


class _Fatal(Exception):
    """Reading the file cannot continue."""

    def __init__(self, mark: yaml.Mark, key: str, message: str) -> None:
        super().__init__(mark, key, message)


class _Builder:
    """Builds nodes from PyYAML's events, with limits on depth and size."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._anchors: dict[str, Node | None] = {}
        self._events: Iterator[Any] = iter(())

    def build(self, text: str) -> tuple[list[Node], list[Problem]]:
        documents = []
        try:
            self._events = yaml.parse(text, Loader=yaml.SafeLoader)
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    self._anchors = {}
                elif isinstance(event, yaml.NodeEvent):
                    node = self._node(event, "", 0)
                    if node.value is not None or node.quoted:
                        documents.append(node)
        except _Fatal as fatal:
            self._report(*fatal.args)
        except yaml.MarkedYAMLError as error:
            self._report(error.problem_mark or error.context_mark, "", _syntax(error))
        except yaml.YAMLError as error:
            self._problems.append(Problem(self._file, None, None, "", f"is not YAML: {quote(str(error))}"))
        return documents, self._problems

    def _report(self, mark: yaml.Mark | None, path: str, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        self._problems.append(Problem(self._file, line, column, path, message))

    def _node(self, event: Any, path: str, depth: int) -> Node:
        mark = event.start_mark
        if depth > MAX_DEPTH:
            raise _Fatal(mark, "", f"is nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, depth)
        if event.tag is not None and event.tag != "!":
            self._report(mark, path, f"got the tag {_tag(event.tag)}, expected a plain value: tags are not supported")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = Node(None, mark.line + 1, mark.column + 1, path)
        if isinstance(event, yaml.ScalarEvent):
            text, quoted = self._text(event, path), event.style is not None
            node = replace(node, value=text if quoted or event.tag else resolve(text), text=text, quoted=quoted)
        elif isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._items(path, depth))
            node = _filled(node, items, items, mark)
        else:
            values, keys = self._mapping(path, depth)
            node = _filled(replace(node, keys=keys), values, values.values(), mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _text(self, event: Any, path: str) -> str:
        """The text of a scalar; half of a surrogate pair, which cannot be encoded, is a problem."""
        if found := _SURROGATE.search(event.value):
            self._report(
                event.start_mark,
                path,
                f"contains {quote(found[0])}, half of a surrogate pair, expected complete characters",
            )
        return _SURROGATE.sub("\ufffd", event.value)

    def _items(self, path: str, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, path, depth + 1)

    def _mapping(self, path: str, depth: int) -> tuple[dict[str, Node], dict[str, Node]]:
        values: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark, name = event.start_mark, None
            if isinstance(event, yaml.ScalarEvent):
                name = self._text(event, path)
            else:
                self._node(event, path, depth + 1)
            within = ".".join(filter(None, (path, quote(name or "?"))))
            value = self._node(next(self._events), within, depth + 1)
            if not name:
                self._report(mark, path, "got an invalid key, expected text before the colon")
            elif name == "<<" and event.style is None:
                self._report(mark, within, "got a merge key, expected the keys themselves: merging is not supported")
            elif name in values:
                self._report(mark, within, f"duplicate key; the first is on line {keys[name].line}")
            else:
                values[name], keys[name] = value, Node(name, mark.line + 1, mark.column + 1, within, name)
        return values, keys

    def _alias(self, event: Any, path: str, depth: int) -> Node:
        mark, name = event.start_mark, event.anchor
        if name not in self._anchors:
            raise _Fatal(mark, path, f"got the alias *{quote(name)}, but no value before it has this anchor")
        node = self._anchors[name]
        if node is None:
            raise _Fatal(mark, path, f"got the alias *{quote(name)} within its own anchor")
        if depth + node.height > MAX_DEPTH:
            raise _Fatal(mark, path, f"is nested more than {MAX_DEPTH} deep, aliases expanded")
        return replace(node, line=mark.line + 1, column=mark.column + 1, path=path)


def _filled(node: Node, value: Any, members: Iterable[Node], mark: yaml.Mark) -> Node:
    """A collection with its members, size and height."""
    sizes, heights = zip((1, -1), *((member.size, member.height) for member in members), strict=True)
    if sum(sizes) > MAX_NODES:
        raise _Fatal(mark, node.path, f"contains over {MAX_NODES:,} values with aliases expanded, too many for a spec")
    return replace(node, value=value, size=sum(sizes), height=1 + max(heights))


def resolve(text: str) -> Any:
    """The value of a plain scalar."""
    if text in _NULLS:
        return None
    if text in (text.lower(), text.capitalize(), text.upper()) and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _NOT_FINITE.fullmatch(text):
        return float("nan") if match[3] else float(f"{match[1]}inf")
    return text


def _tag(tag: str) -> str:
    return quote(tag.replace("tag:yaml.org,2002:", "!!"))


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's message, with hints for common errors."""
    problem = error.problem or error.context or "unreadable"
    if r"'\t'" in problem:
        return "got a tab, expected spaces: YAML does not allow tabs for indentation"
    if problem == "mapping values are not allowed here":
        problem += "; put text that contains ': ' in quotes"
    if error.context and error.context_mark:
        problem += f" ({error.context} begun on line {error.context_mark.line + 1})"
    return f"is not YAML: {problem}"
