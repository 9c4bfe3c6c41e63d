"""The JSON Schema: valid itself, and of one mind with `suite check` where it can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from suite.claims.claim_document import json_schema
from suite.spec import shipped_specs
from suite.spec.shipped import shipped_claims
from suite.spec.yaml_reader import read
from tests.spec.specs import problems, tiny, unmark, write
from tests.spec.test_mistakes import MISTAKES

"""Where editors look for it, once `suite schema` has written it there."""

KNOWN_TO_CHECK_ALONE = (
    "twice", "is in the grid and fixed", "excludes all combinations", "a number below", "at most the", "is fixed, not varied",
    "of the grid", "expected one of relu, tanh", "finite", "accuracy", "; write 3", "; write 100", "commas", "half of", "are the same",
    "optimizer steps of one run",
)  # fmt: skip
"""What a schema cannot say: relations between values, and that 1e2 is no whole number."""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def plain(folder: Path, text: str) -> Any:
    return read(write(folder, text)).documents[0].plain()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("file", [*shipped_specs().values(), *shipped_claims().values()], ids=lambda file: file.stem)
def test_shipped_files_meet_the_schema_that_they_point_at(file: Path, validator: Draft202012Validator) -> None:
    for document in read(file).documents:
        assert not list(validator.iter_errors(document.plain()))
    first = file.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (file.parent / first.split("=")[1]).resolve() == shipped_specs()["deep_mlp"].resolve().parent / "schema.json"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"task": "task: {name: digits, train_size: 100}"},
        {"task": "task: {name: digits, train_size: null}"},
        {"fixed": "fixed: {depth: 4, residual: {name: skip, every: 3}, train_size: 100, normalization: batch_norm}"},
        {"grid": "grid: {activation: [silu, {name: elu, alpha: 2, label: E}, 'json:loads'], dropout: [0, 0.5]}"},
        {"grid": "grid: {optimizer: [{name: 'json:loads', beta: 2, label: 3}, {name: rmsprop, centered: yes}]}"},
        {"exclude": "exclude: [{activation: [relu, tanh], optimizer: sgd}]"},
    ],
)
def test_what_is_right_meets_the_schema(
    tmp_path: Path, validator: Draft202012Validator, changes: dict[str, str]
) -> None:
    assert not problems(tmp_path, tiny(**changes))
    assert not list(validator.iter_errors(plain(tmp_path, tiny(**changes))))


@pytest.mark.parametrize(
    ("section", "text"),
    [(s, text) for s, text, _, message in MISTAKES if not any(words in message for words in KNOWN_TO_CHECK_ALONE)],
)
def test_what_check_refuses_an_editor_underlines(
    tmp_path: Path, validator: Draft202012Validator, section: str, text: str
) -> None:
    assert list(validator.iter_errors(plain(tmp_path, unmark(tiny(**{section: text}))[0])))


def test_names_come_with_a_line_each() -> None:
    for definition in json_schema()["$defs"].values():
        for form in definition.get("anyOf", []):
            if "enum" in form:
                assert len(form["enum"]) == len(form["enumDescriptions"])


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("claims: [{id: a, says: A., benchmark: tiny, compare: {activation: [relu, [tanh, sigmoid]]}}]", True),
        ("topic: Units\nclaims: [{id: a, says: A., untestable: never}]", True),
        ("claims: [{id: a, says: A., predict: {then: outcome == slow, at_least: 0.9}}]", True),
        (
            "claims: [{id: a, says: A., predict: {when: dead_fraction > 0.5, then: outcome == slow, more_by: 0.2}}]",
            True,
        ),
        ("claims: [{id: a, says: A., compare: {activation: [relu, tanh]}, baseline: outcome == slow}]", True),
        ("claims: [{id: a, says: A., predict: {then: outcome == slow, at_least: 90}}]", False),
        ("claims: [{id: a, says: A., predict: {when: dead_fraction > 0.5, then: outcome == slow, more_by: 0}}]", False),
        ("claims: [{id: a, says: A., predict: {at_least: 0.9}}]", False),
        ("claims: [{id: a, says: A., compare: {activation: [relu, tanh]}, holds: everywhere}]", False),
        ("claims: [{id: a, says: A., compare: {activation: [relu]}}]", False),
        ("claims: [{id: a, says: A., trend: {depth: sideways}}]", False),
        ("claims: [{id: a, says: A., colour: red}]", False),
        ("claims: [{id: A B, says: A.}]", False),
        ("claims: []", False),
        (tiny() + "claims: [{id: a, says: A., compare: {activation: [relu, tanh]}}]", True),
        (tiny() + "claims: [{id: a, says: A., compare: relu}]", False),
    ],
)
def test_claims_are_in_it(text: str, right: bool, tmp_path: Path, validator: Draft202012Validator) -> None:
    assert bool(list(validator.iter_errors(plain(tmp_path, text)))) != right
