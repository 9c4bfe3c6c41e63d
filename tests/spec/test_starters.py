"""What `suite new` writes is right as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.claims.claim_reader import read_claims
from suite.claims.claim_starter import new_claim
from suite.models import MODELS
from suite.spec import SpecError, read_benchmarks, shipped_specs
from suite.spec.starters import new_spec
from suite.tasks import TASKS

TOGETHER = [(task, "mlp") for task in ("digits", "mnist", "xor")] + [
    ("saturated_neuron", "mlp"), ("digits", "cnn"), ("cifar10", "cnn"), ("adding", "recurrent"), ("parity", "recurrent"),
    ("temporal_order", "recurrent"), ("copy_memory", "recurrent"), ("mnist", "recurrent"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "model"), TOGETHER)
def test_a_new_spec_is_right_and_has_a_claim(task: str, model: str, tmp_path: Path) -> None:
    file = tmp_path / "My question.yaml"
    file.write_text(new_spec(file, task, model))
    (benchmark,) = read_benchmarks(file)
    assert (benchmark.name, benchmark.task["name"], benchmark.model) == ("my_question", task, model)
    (claim,) = read_claims(file)
    assert claim.benchmarks == ("my_question",)


@pytest.mark.parametrize(
    ("task", "model"), [(task, model) for task in TASKS for model in MODELS if (task, model) not in TOGETHER]
)
def test_what_does_not_go_together_is_told(task: str, model: str, tmp_path: Path) -> None:
    file = tmp_path / "q.yaml"
    complaint = ""
    try:
        file.write_text(new_spec(file, task, model))
    except SpecError as error:
        complaint = str(error)
    assert complaint.startswith(f"{file}: ") or read_benchmarks(file)


@pytest.mark.parametrize("name", ["deep_mlp", "cnn_digits", "rnn_adding", "regularization"])
def test_a_new_claim_is_right(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(new_claim(file, name))
    (claim,) = read_claims(file)
    assert (claim.id, claim.benchmarks) == ("mine", (name,))


def test_names_that_are_not_there_are_told_with_the_nearest(tmp_path: Path) -> None:
    for make, hint in (
        (lambda: new_spec(tmp_path / "q.yaml", "digts", "mlp"), "did you mean digits?"),
        (lambda: new_spec(tmp_path / "q.yaml", "digits", "mpl"), "got mpl, expected one of mlp"),
        (lambda: new_spec(tmp_path / "q.yaml", "arrays", "mlp"), "arrays needs your own path"),
        (lambda: new_claim(tmp_path / "q.yaml", "deep_mpl"), "did you mean deep_mlp?"),
    ):
        with pytest.raises(SpecError, match=r"q\.yaml: ") as caught:
            make()
        assert hint in str(caught.value)
    assert "deep_mlp" in shipped_specs()
