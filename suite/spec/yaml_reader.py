"""Strict YAML that knows no domain: plain values, each with its line and column, and every fault it finds.

Numbers are resolved as YAML 1.2 has them (`1e-3` is a number, `1:30` and `1_000` are text), booleans and nulls as
PyYAML has them, and every scalar remembers what was written, so that a reader of it can explain. Keys are text as
written. Tags, merge keys and duplicate keys are faults; aliases are expanded within a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from suite.spec.problems import Problem, quote

MAX_BYTES = 256 * 1024
"""Of a file."""
MAX_DEPTH = 20
"""Of values in values."""
MAX_NODES = 10_000
"""Values of one document, every alias counted as often as it stands for its values."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 100

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Node:
    """A value with its place.

    Attributes:
        value: A string, number, boolean or None; a tuple of nodes; or a dict of nodes.
        line: Where it begins, from 1.
        column: Where it begins, from 1.
        text: A scalar as it was written, without its quotes.
        quoted: Whether a scalar was written in quotes (or as a block).
        keys: Line and column of every key of a mapping.
        size: Values in it, itself included.
    """

    value: Any
    line: int
    column: int
    text: str = ""
    quoted: bool = False
    keys: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.line, self.column

    def plain(self) -> Any:
        """The value without places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def shown(self) -> str:
        """What was got, in words that fit into a message."""
        if isinstance(self.value, dict):
            return f"a mapping with {quote(', '.join(self.value))}" if self.value else "an empty mapping"
        if isinstance(self.value, tuple):
            return f"a list of {len(self.value)}" if self.value else "an empty list"
        if self.quoted:
            return f"'{quote(self.text)}'"
        return quote(self.text) or "nothing"


@dataclass(frozen=True)
class Source:
    """A file that was read.

    Attributes:
        text: All of it.
        documents: Its documents, those without a value left out.
        problems: The faults found on the way; what they concern was read as well as could be.
    """

    text: str
    documents: tuple[Node, ...]
    problems: tuple[Problem, ...]


def read(path: Path) -> Source:
    """Reads a YAML file. Whatever is wrong is among its problems; nothing is raised."""
    text, problem = _read_text(path)
    if problem is not None:
        return Source("", (), (problem,))
    documents, problems = _Builder(str(path)).build(text)
    if not documents and not problems:
        problems = [Problem(str(path), None, None, "", "is empty, expected a benchmark")]
    return Source(text, tuple(documents), tuple(problems))


def _read_text(path: Path) -> tuple[str, Problem | None]:
    def bad(message: str, line: int | None = None, column: int | None = None) -> tuple[str, Problem]:
        return "", Problem(str(path), line, column, "", message)

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return bad("no such file")
    except IsADirectoryError:
        return bad("is a folder, expected a YAML file")
    except (OSError, ValueError) as error:
        return bad(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(data) > MAX_BYTES:
        return bad(f"is over {MAX_BYTES // 1024} KiB, too long for a spec")
    if b"\0" in data:
        return bad("is binary, expected YAML text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return bad(f"is not UTF-8 text: byte 0x{data[error.start]:02x}", *_place(before, len(before)))
    found = _UNPRINTABLE.search(text)
    if found:
        return bad(f"holds the control character {quote(found[0])}", *_place(text, found.start()))
    return text, None


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


class _Fatal(Exception):
    """Nothing more can be read from this file."""

    def __init__(self, mark: yaml.Mark, key: str, message: str) -> None:
        super().__init__(message)
        self.mark, self.key, self.message = mark, key, message


class _Builder:
    """Turns PyYAML's events into nodes. Composing them here bounds depth and size before anything grows."""

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
                    node = self._node(event, (), 0)
                    if node.value is not None or node.quoted:
                        documents.append(node)
        except _Fatal as fatal:
            self._report(fatal.mark, fatal.key, fatal.message)
        except yaml.MarkedYAMLError as error:
            self._report(error.problem_mark or error.context_mark, "", _syntax(error))
        except yaml.YAMLError as error:
            self._problems.append(Problem(self._file, None, None, "", f"is not YAML: {quote(str(error))}"))
        return documents, self._problems

    def _report(self, mark: yaml.Mark | None, key: str, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        self._problems.append(Problem(self._file, line, column, key, message))

    def _node(self, event: Any, path: tuple[str, ...], depth: int) -> Node:
        mark, key = event.start_mark, ".".join(path)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, key)
        if depth > MAX_DEPTH:
            raise _Fatal(mark, "", f"is nested more than {MAX_DEPTH} deep")
        if event.tag is not None and event.tag != "!":
            self._report(mark, key, f"got the tag {_tag(event.tag)}, expected a plain value: tags are not read")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        place = (mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            quoted = event.style is not None
            value = event.value if quoted or event.tag is not None else resolve(event.value)
            node = Node(value, *place, text=event.value, quoted=quoted)
        elif isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._items(path, depth))
            node = Node(items, *place, size=self._bounded(items, mark, key))
        else:
            node = self._mapping(event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _items(self, path: tuple[str, ...], depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, path, depth + 1)

    def _mapping(self, start: Any, path: tuple[str, ...], depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark = event.start_mark
            name = event.value if isinstance(event, yaml.ScalarEvent) else None
            if name is None:
                self._node(event, path, depth + 1)
            within = (*path, quote(name or "?"))
            value = self._node(next(self._events), within, depth + 1)
            key = ".".join(within)
            if not name:
                self._report(mark, ".".join(path), "got a key that is no name, expected text before the colon")
            elif name == "<<" and event.style is None:
                self._report(mark, key, "got a merge key, expected the keys themselves: merging is not read")
            elif name in values:
                self._report(mark, key, f"duplicate key; the first is on line {keys[name][0]}")
            else:
                values[name], keys[name] = value, (mark.line + 1, mark.column + 1)
        size = self._bounded(values.values(), start.start_mark, ".".join(path))
        return Node(values, start.start_mark.line + 1, start.start_mark.column + 1, keys=keys, size=size)

    def _alias(self, event: Any, key: str) -> Node:
        name = event.anchor
        if name not in self._anchors:
            raise _Fatal(event.start_mark, key, f"got the alias *{quote(name)}, but nothing before it has that anchor")
        node = self._anchors[name]
        if node is None:
            raise _Fatal(event.start_mark, key, f"got the alias *{quote(name)} within its own anchor: it never ends")
        return replace(node, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _bounded(self, nodes: Iterable[Node], mark: yaml.Mark, key: str) -> int:
        size = 1 + sum(node.size for node in nodes)
        if size > MAX_NODES:
            raise _Fatal(mark, key, f"holds over {MAX_NODES:,} values, aliases expanded: too many for a spec")
        return size


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
    """PyYAML's complaint, with a word of help where its own is dark."""
    problem = error.problem or error.context or "unreadable"
    if r"'\t'" in problem:
        return "got a tab, expected spaces: YAML is not indented with tabs"
    if problem == "mapping values are not allowed here":
        problem += "; put a text that holds ': ' into quotes"
    if error.context and error.context_mark:
        problem += f" ({error.context} begun on line {error.context_mark.line + 1})"
    return f"is not YAML: {problem}"
