"""What is said of remedies: counts of recipes like the model's, the surest first, and nothing where too few were counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suite.monitor import evidence
from suite.monitor.advice import REMEDIES, advice, outlook
from suite.monitor.diagnosis import Diagnosis, Fault
from suite.monitor.evidence import LEAST, Kind, Row
from suite.monitor.traits import Traits
from suite.protocol.records import Cause, Outcome

KIND = Kind("mlp", "tanh", scaled=True)
DEEP = Diagnosis(Cause.VANISHING, "vanishing")
BATCH, RELU, ADAM = ("normalization", "batch"), ("activation", "relu"), ("optimizer", "adam")


def row(change: tuple[str, str], trained: int, recipes: int, cause: str = "vanishing", **kind: Any) -> Row:
    return Row(replace(KIND, **kind), cause, *change, "deep", recipes, trained)


def said(rows: list[Row], diagnosis: Diagnosis = DEEP, **traits: Any) -> list[str]:
    return list(advice(diagnosis, Traits(**{"kind": KIND, **traits}), rows))


def test_changes_are_told_with_their_counts_the_surest_first() -> None:
    rows = [row(RELU, 3, 5), row(BATCH, 9, 10), row(ADAM, 0, 6), row(("residual", "skip"), 4, LEAST - 1)]
    first, *measured, none, rest = said(rows)
    assert first.startswith(
        "What rescued similar networks (share that trained after one change; mlp, tanh, scaled initializer, not "
        "normalized, no skips; deep):"
    )
    assert measured == [
        "  `BatchNormalization()` before every activation: 9 of 10 (60% to 98%)",
        "  `activation='relu'`: 3 of 5 (23% to 88%)",
    ]
    assert none == "  none after `Adam()` (of 6)"
    assert rest.startswith("Also worth trying (fewer than 5 experiments): ")
    assert "skip connections" in rest
    assert "Normalization" not in rest


def test_benchmarks_are_put_together_and_named() -> None:
    rows = [row(BATCH, 2, 3), replace(row(BATCH, 3, 3), benchmark="wide")]
    header, line, *_ = said(rows)
    assert "; deep, wide)" in header
    assert line.endswith(": 5 of 6 (44% to 97%)")


@pytest.mark.parametrize(
    "other", [{"model": "cnn"}, {"scaled": False}, {"normalized": True}, {"skips": True}, {"unit": "sigmoid"}]
)
def test_recipes_that_differ_in_what_can_be_seen_say_nothing(other: dict[str, Any]) -> None:
    assert [line[:12] for line in said([row(BATCH, 9, 10, **other)])] == ["Also worth t"]


def test_too_few_with_the_same_activation_are_asked_together_with_others_but_sigmoid() -> None:
    rows = [row(BATCH, 4, 4), row(BATCH, 0, 2, unit="relu"), row(BATCH, 0, 9, unit="sigmoid")]
    header, line, *_ = said(rows)
    assert "; mlp, not sigmoid, scaled initializer" in header
    assert line.endswith(": 4 of 6 (30% to 90%)")
    assert said(rows, kind=replace(KIND, unit="sigmoid"))[0].startswith(
        "What rescued similar networks (share that trained after one change; mlp, sigmoid"
    )
    assert not any("Batch" in line for line in said(rows, kind=replace(KIND, unit="hard_sigmoid"))[:-1])


@pytest.mark.parametrize("change", [change for change in REMEDIES if change[0] != "inputs"])
def test_what_a_model_has_already_is_not_advised(change: tuple[str, str]) -> None:
    rows = [row(change, 9, 10), row(ADAM if change != ADAM else BATCH, 9, 10)]
    there = {"trained": True}
    assert any(REMEDIES[change] in line for line in said(rows, **there))
    assert not any(REMEDIES[change] in line for line in said(rows, levels=frozenset({change}), **there))


def test_a_smaller_learning_rate_is_advised_once_a_step_was_made() -> None:
    for trained in (False, True):
        (line,) = said([], Diagnosis(Cause.EXPLODING, "exploding"), trained=trained)
        assert ("a smaller learning rate" in line) is trained


def test_time_is_not_judged_by_layers_nor_layers_by_time() -> None:
    lstm = Kind("recurrent", "lstm", scaled=True)
    change = ("forget_bias", "5")
    rows = [replace(row(change, 8, 9), kind=lstm)]
    facts = replace(DEEP, in_time=True)
    has = frozenset({("cell_type", "lstm")})
    assert said(rows, facts, kind=lstm, levels=has)[1].endswith(": 8 of 9 (57% to 98%)")
    assert "an LSTM with a forget bias of 5" in said([], facts, kind=replace(lstm, unit="gru"))[0]
    assert "forget bias" not in "".join(said(rows, DEEP, kind=lstm, levels=has)), "of a stack, layer by layer"


def test_a_first_look_is_told_how_it_ended_and_a_trained_model_nothing() -> None:
    rows = [row(("", ""), 0, 12), row(("", ""), 7, 8, cause="none"), row(("", ""), 3, LEAST - 1, cause="dead")]
    like = "Similar published recipes (mlp, tanh, scaled initializer, not normalized, no skips; deep) that started"
    untrained, dead = Traits(KIND), Diagnosis(Cause.DEAD, "dead")
    assert outlook([DEEP], untrained, rows) == (f"{like} vanishing: 0 of 12 (0% to 24%) trained.",)
    assert outlook([], untrained, rows) == (f"{like} without a fault: 7 of 8 (53% to 98%) trained.",)
    assert outlook([dead], untrained, rows) == ()
    assert outlook([Diagnosis(Fault.STILL, "still")], untrained, rows) == ()
    assert outlook([DEEP], replace(untrained, trained=True), rows) == ()


def test_there_is_something_to_try_for_every_cause_whatever_the_model_is() -> None:
    for cause in (*Cause, Outcome.NONFINITE):
        assert said([], Diagnosis(cause, str(cause)), trained=True)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [row(BATCH, 2, 3), row(("", ""), 0, 4, normalized=True, skips=True, scaled=False)]
    evidence.write(rows, tmp_path / "measured.csv")
    assert evidence.measured(tmp_path / "measured.csv") == rows
