"""What a run would do, before and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suite.models import MODELS
from suite.protocol.records import Failure
from suite.records import Records, Writer
from suite.run.plan import START_SECONDS, make_plan, wall_seconds
from suite.run.reasons import reason_lines
from suite.spec import Benchmark, SpecError, expand, read_benchmarks
from suite.tasks import form_of
from tests.conftest import TINY, Suite
from tests.made import PROVENANCE, make_record
from tests.probes.cases import recipe
from tests.spec.specs import TINY as TINY_SPEC
from tests.spec.specs import one


@pytest.fixture
def tiny(make_suite: Callable[..., Suite]) -> Benchmark:
    return read_benchmarks(make_suite().spec)[0]


def test_before_anything_is_recorded(tiny: Benchmark, records: Records) -> None:
    plan = make_plan(tiny, records)
    assert (len(plan.cells), len(plan.recorded), len(plan.to_run), len(plan.failed)) == (4, 0, 4, 0)
    assert plan.programs == 2, "initializers share a program"
    assert not plan.measured
    assert plan.seconds > 0


def test_cells_of_a_program_follow_one_another(tiny: Benchmark, records: Records) -> None:
    programs = [cell.program for cell in make_plan(tiny, records).to_run]
    assert programs in ([programs[0]] * 2 + [programs[2]] * 2,)
    assert programs[0] != programs[2]


def test_long_programs_come_first_though_they_have_fewer_cells(tmp_path: Path, records: Records) -> None:
    benchmark = one(
        tmp_path,
        fixed="fixed: {width: 16}",
        grid="grid: {depth: [2, 3, 40], initializer: [he_normal, glorot_uniform]}",
    )
    order = make_plan(benchmark, records, only=[{"depth": ["2", "3"]}, {"depth": ["40"], "initializer": ["he_normal"]}])
    assert [cell.recipe["depth"] for cell in order.to_run] == [40, 3, 3, 2, 2]


def test_estimate_rests_on_what_recorded_cells_took(tiny: Benchmark, records: Records) -> None:
    cells = expand(tiny)
    with Writer(records) as writer:
        writer.add(make_record(cells[0], seconds=30.0, compile_seconds=10.0), PROVENANCE)
        writer.add(make_record(cells[1], seconds=24.0, compile_seconds=0.0), PROVENANCE)
        writer.add(Failure(cells[2], "died", 3), PROVENANCE)
    plan = make_plan(tiny, records)
    assert (len(plan.recorded), len(plan.to_run), len(plan.failed), plan.programs) == (2, 2, 1, 1)
    assert plan.measured
    assert plan.seconds == pytest.approx(2 * 22 + 10)
    assert wall_seconds([plan], 2) == pytest.approx(START_SECONDS + 27)
    assert wall_seconds([plan], 64) == wall_seconds([plan], 2), "a cell is not divided"


def test_estimate_counts_the_steps_that_are_left(tmp_path: Path, records: Records) -> None:
    benchmark = one(tmp_path, grid="grid: {steps: [10, 1000]}")
    short = expand(benchmark)[0]
    alone = [make_plan(benchmark, records, only=[{"steps": [steps]}]).seconds for steps in ("10", "1000")]
    assert make_plan(benchmark, records).seconds == pytest.approx(sum(alone))
    with Writer(records) as writer:
        writer.add(make_record(short, seconds=2.0, compile_seconds=0.0), PROVENANCE)
    assert make_plan(benchmark, records).seconds == pytest.approx(200.0)


def test_the_rule_of_thumb_of_a_step_grows_with_what_the_step_computes() -> None:
    """How near it is to a machine's own figures is told by `python -m tools.speed families`."""

    def seconds(model: str, task: dict[str, Any], **factors: Any) -> float:
        return MODELS[model].step_seconds(form_of(task), recipe(model, **factors))

    digits, adding = {"name": "digits"}, {"name": "adding", "length": 50}
    shallow, deep = (seconds("cnn", digits, depth=depth) for depth in (4, 16))
    assert shallow < deep < seconds("cnn", digits, depth=16, normalization="batch")
    assert seconds("cnn", digits, depth=4, channels=32) > 2 * seconds("cnn", digits, depth=4, channels=16)
    assert seconds("cnn", {"name": "mnist"}, depth=4) > 4 * shallow
    simple, gated = (seconds("recurrent", adding, cell_type=cell) for cell in ("simple_rnn", "lstm"))
    assert simple < gated
    assert seconds("recurrent", {"name": "adding", "length": 100}, cell_type="lstm") == pytest.approx(2 * gated)
    assert seconds("mlp", digits, depth=8) == pytest.approx(2 * seconds("mlp", digits, depth=4))


def test_the_rule_of_thumb_counts_what_is_looked_at(tmp_path: Path, records: Records) -> None:
    few, many = (
        make_plan(one(tmp_path, budget=TINY_SPEC["budget"].replace("evaluations: 5", f"evaluations: {count}")), records)
        for count in (5, 20)
    )
    assert many.seconds > few.seconds


def test_quick_slice_informs_the_full_grid(tiny: Benchmark, records: Records) -> None:
    with Writer(records) as writer:
        for cell in expand(tiny, quick=True):
            writer.add(make_record(cell, seconds=6.0, compile_seconds=0.0), PROVENANCE)
    plan = make_plan(tiny, records)
    assert plan.measured
    assert not plan.recorded
    full, quick = (trials * tunings + replicates for trials, tunings, replicates in ((4, 2, 2), (4, 1, 2)))
    assert plan.seconds == pytest.approx(4 * 6 * full / quick)


def test_nothing_to_run(tiny: Benchmark, records: Records) -> None:
    with Writer(records) as writer:
        for cell in expand(tiny):
            writer.add(make_record(cell), PROVENANCE)
    plan = make_plan(tiny, records)
    assert (len(plan.recorded), len(plan.to_run), plan.programs) == (4, 0, 0)
    assert wall_seconds([plan], 2) == 0


def test_why_cells_are_to_be_run(tmp_path: Path, records: Records) -> None:
    """In a line for each reason; a neighbour on the grid is no reason, and of several records the most alike counts."""
    own = tmp_path / "mine.py"
    own.write_text("def bend(z):\n    return z\n")
    text = TINY.replace("[relu, tanh]", "[relu, 'mine:bend']")
    with Writer(records) as writer:
        for cell in expand(one(tmp_path, text.replace("steps: 30", "steps: 31"))):
            writer.add(make_record(cell), PROVENANCE)
        for cell in expand(one(tmp_path, text))[:3]:
            writer.add(make_record(cell), PROVENANCE)

    def why(*changes: tuple[str, str]) -> list[str]:
        changed = text
        for was, becomes in changes:
            assert was in changed
            changed = changed.replace(was, becomes)
        return reason_lines(make_plan(one(tmp_path, changed), records).reasons)

    assert why() == ["1: steps changed from 31 to 30"]
    assert why(("target: 0.5", "target: 0.6")) == why(), "a target only judges"
    assert why(("replicates: 2", "replicates: 5"))[0] == "3: 2 of 5 replicates are there"
    assert why(("replicates: 2", "replicates: 1")) == ["1: steps changed from 31 to 30"]
    assert why(("high: 1.0", "high: 2.0"))[0] == "3: the range of learning rates changed from 0.001 to 1 to 0.001 to 2"
    assert why(("width: 16", "width: 64"))[0] == "3: width changed from 16 to 64"
    assert why(("width: 16", "width: 16, clipping: norm"))[0] == "3: clipping changed from none to norm"
    assert why(("task: digits", "task: {name: digits, scaling: unit}"))[0] == "3: scaling changed from standard to unit"
    assert why(("[relu,", "[selu,")) == ["2 never run", "1: steps changed from 31 to 30"]
    own.write_text("def bend(z):\n    return 2 * z\n")
    assert why() == ["1: mine.py changed", "1: mine.py changed, steps changed from 31 to 30"]
    assert reason_lines(make_plan(one(tmp_path, text), records).reasons, again=True) == why()
    own.write_text("def bend(z):\n    return z  # a comment\n")
    assert why() == ["1: steps changed from 31 to 30"]
    with Writer(records) as writer:
        writer.add(Failure(expand(one(tmp_path, text))[3], "died", 3), PROVENANCE)
    assert why() == ["1 failed before"]
    assert reason_lines(make_plan(one(tmp_path, text), records).reasons, again=True) == []


def test_part_of_a_grid(tiny: Benchmark, records: Records) -> None:
    plan = make_plan(tiny, records, only=[{"activation": ["relu"]}])
    assert [cell.factors["activation"] for cell in plan.cells] == ["relu", "relu"]
    with pytest.raises(SpecError, match="activation"):
        make_plan(tiny, records, only=[{"activation": ["rely"]}])
