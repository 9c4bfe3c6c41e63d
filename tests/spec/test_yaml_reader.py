"""The YAML loader: places, YAML's traps, and every kind of file that is no spec."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from suite.spec import find_spec
from suite.spec.yaml_reader import Node, read, resolve
from suite.spec.yaml_text import MAX_BYTES
from tests.spec.specs import alike, unmark, write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E3", 1000.0), ("+1.5e+2", 150.0), (".5", 0.5), ("5.", 5.0), ("-3", -3), ("0", 0),
        ("0x1F", 31), ("0o14", 12), (".inf", float("inf")), ("-.INF", float("-inf")),
        ("1:30", "1:30"), ("1_000", "1_000"), ("014", "014"), ("2024-01-01", "2024-01-01"), ("1,5", "1,5"),
        ("true", True), ("off", False), ("No", False), ("YES", True), ("oFF", "oFF"), ("y", "y"),
        ("~", None), ("", None), ("null", None), ("none", "none"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_they_say(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_quotes_make_text(tmp_path: Path) -> None:
    source = read(write(tmp_path, "a: '1e-3'\nb: \"off\"\nc: |\n  12\n"))
    assert source.documents[0].plain() == {"a": "1e-3", "b": "off", "c": "12\n"}


def test_every_value_and_key_knows_its_place(tmp_path: Path) -> None:
    (document,) = read(write(tmp_path, "a:\n  - x\n  - {b: 1, c: off}\n")).documents
    assert document.keys["a"].place == (1, 1)
    inner: Node = document.value["a"].value[1]
    assert inner.place == (3, 5)
    assert inner.keys["c"].place == (3, 12)
    assert inner.value["c"].place == (3, 15)
    assert (inner.value["c"].value, inner.value["c"].text) == (False, "off")


def test_keys_are_text_as_written(tmp_path: Path) -> None:
    (document,) = read(write(tmp_path, "off: 1\n1e3: 2\n")).documents
    assert list(document.value) == ["off", "1e3"]


def test_documents_come_apart(tmp_path: Path) -> None:
    source = read(write(tmp_path, "---\na: 1\n---\n---\nb: 2\n...\n"))
    assert [document.plain() for document in source.documents] == [{"a": 1}, {"b": 2}]
    assert not source.problems


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    source = read(write(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: off\r\n"))
    assert source.documents[0].plain() == {"a": 1, "b": False}
    assert source.documents[0].value["b"].place == (2, 4)


def test_aliases_stand_for_their_anchor(tmp_path: Path) -> None:
    (document,) = read(write(tmp_path, "a: &x [relu]\nb: *x\n")).documents
    assert document.plain() == {"a": ["relu"], "b": ["relu"]}
    assert document.value["b"].place == (2, 4)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("a: 1\nb: 2\n§a: 3\n", "a", "duplicate key; the first is on line 1"),
        ("a:\n  b: {c: 1, §c: 2}\n", "a.b.c", "duplicate key; the first is on line 2"),
        ("a: §!!python/object/apply:os.system ['true']\n", "a", "got the tag !!python/object/apply:os.system, …"),
        ("a: [§!mine 3]\n", "a", "got the tag !mine, expected a plain value: tags are not supported"),
        ("a: {§<<: {b: 1}}\n", "a.<<", "got a merge key, expected the keys themselves: merging is not supported"),
        ("? §[a, b]\n: 3\n", "", "got an invalid key, expected text before the colon"),
        ("{§'': 3}\n", "", "got an invalid key, expected text before the colon"),
        ("a: §*b\n", "a", "got the alias *b, but no value before it has this anchor"),
        ("a: &x [1, §*x]\n", "a", "got the alias *x within its own anchor"),
        ("a:\n§\tb: 1\n", "", "got a tab, expected spaces: YAML does not allow tabs for indentation"),
        ("title: one§: two\n", "", "is not YAML: mapping values are not allowed here; put text that contains ': ' …"),
        ("a: [1, 2\nb§: 3\n", "", "is not YAML: expected ',' or ']', but got ':' (while … begun on line 1)"),
        ("a: 'x\n§", "", "is not YAML: found unexpected end of stream (while … begun on line 1)"),
        ("a: §@x\n", "", "is not YAML: found character '@' that cannot start any token"),
        ("a: §\x1b[31m\n", "", "contains the control character \\x1b"),
        ("a: " + "[" * 20 + "§[ ", "", "is nested more than 20 deep"),
        ('a: {b: §"x\\ud800"}\n', "a.b", "contains \\ud800, half of a surrogate pair, expected complete characters"),
        ('a: {§"\\udfff": 1}\n', "a", "contains \\udfff, half of a surrogate pair, expected complete characters"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, text: str, key: str, message: str) -> None:
    text, place = unmark(text)
    (problem,) = read(write(tmp_path, text)).problems
    assert alike(problem.message, message), problem
    assert (problem.line, problem.column) == place
    assert problem.key == key


def test_a_fault_does_not_hide_the_next(tmp_path: Path) -> None:
    source = read(write(tmp_path, "a: !x 1\na: 2\nb: {<<: {}}\n"))
    assert [(p.line, p.column) for p in source.problems] == [(1, 4), (2, 1), (3, 5)]


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"", (None, None), "is empty, expected a benchmark"),
        (b"# only a comment\n", (None, None), "is empty, expected a benchmark"),
        (b"\x89PNG\r\n\x1a\n\0\0", (None, None), "is binary, expected YAML text in UTF-8"),
        ("name: tiny".encode("utf-16"), (None, None), "is binary, expected YAML text in UTF-8"),
        ("a: 1\nb: caf\xe9\n".encode("latin-1"), (2, 7), "is not UTF-8 text: byte 0xe9"),
        (b"name: " + b"x" * 1_000_000, (None, None), "is over 256 KiB, too long for a spec"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, data: bytes, place: tuple[int, int], message: str) -> None:
    (problem,) = read(write(tmp_path, data)).problems
    assert (problem.message, (problem.line, problem.column)) == (message, place)


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    locked = write(tmp_path, "a: 1\n")
    messages = [read(path).problems[0].message for path in (tmp_path, tmp_path / "none.yaml", tmp_path / "a\0b")]
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        assert read(path).problems[0].message == "is a pipe, a socket or a device, expected a YAML file"
    assert messages == ["is a folder, expected a YAML file", "no such file", "cannot be read: embedded null byte"]
    assert not read(locked).problems


def test_nested_aliases_cannot_blow_up(tmp_path: Path) -> None:
    """The billion laughs: nine levels of nine aliases each."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    started = time.process_time()
    (problem,) = read(write(tmp_path, "\n".join(lines))).problems
    assert problem.message == "contains over 10,000 values with aliases expanded, too many for a spec"
    assert (problem.line, problem.key) == (5, "a4")
    assert time.process_time() - started < 1


def test_aliases_in_aliases_are_as_deep_as_what_they_stand_for(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 1_001))]
    (problem,) = read(write(tmp_path, "\n".join(lines))).problems
    assert problem.message == "is nested more than 20 deep, aliases expanded"
    assert (problem.line, problem.key) == (20, "a19")


@pytest.mark.parametrize("text", ["[", "{", "- ", "? ", "&a ", '"a\\n', "a: 'x\n", "%", "*a: "])
def test_whatever_is_written_ends_in_one_short_line(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    (problem,) = read(write(tmp_path, text * 50_000)).problems
    assert len(str(problem)) < 300 + len(str(tmp_path))
    assert "\n" not in str(problem)
    assert time.process_time() - started < 3


def test_a_long_line_within_the_limit_is_quoted_short(tmp_path: Path) -> None:
    (document,) = read(write(tmp_path, f"a: {'x' * (MAX_BYTES - 10)}\n")).documents
    assert document.value["a"].shown() == "x" * 57 + "..."


@pytest.mark.parametrize("cut", range(0, 240, 7))
def test_a_file_cut_anywhere_never_raises(tmp_path: Path, cut: int) -> None:
    text = find_spec("deep_mlp").read_bytes()
    read(write(tmp_path, text[: cut * 10]))
    read(write(tmp_path, text[cut * 10 :]))
