"""The commands as a user gives them: real processes, real training of a tiny benchmark, real records."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import typer

from suite.cli.commands import EXAMPLES, app
from tests.conftest import TINY, Suite
from tests.made import CLOCKED

TABLES = ("cells", "replicates", "trials", "gradients", "curves")


def exported(suite: Suite, *specs: str) -> dict[str, pd.DataFrame]:
    """The tables, without times."""
    with tempfile.TemporaryDirectory() as out:
        suite("export", *specs, "--out", out)
        return {
            name: pd.read_parquet(Path(out, "tiny", f"{name}.parquet")).drop(columns=list(CLOCKED), errors="ignore")
            for name in TABLES
        }


def assert_same(first: dict[str, pd.DataFrame], second: dict[str, pd.DataFrame]) -> None:
    for name in TABLES:
        pd.testing.assert_frame_equal(first[name], second[name], check_exact=True, obj=name)


def recorded(suite: Suite) -> int:
    """Cells recorded so far."""
    return len(list(suite.folder.glob("records/tiny/*.npz")))


def wait_for_the_first(suite: Suite, process: subprocess.Popen[str]) -> None:
    """Until a cell is recorded. The one worker that it is must then compile another program before it is done."""
    while not recorded(suite):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.05)


def test_run_ends_with_the_ranked_table(finished: Suite) -> None:
    shown = finished("run", "tiny.yaml").stdout
    assert "Does a net of three layers train?" in shown
    assert "test accuracy" in shown
    assert shown.count("he_normal") >= 2
    assert "4 recipes" in shown
    assert shown.startswith(finished("show", "tiny.yaml").stdout)


def test_rows_for_other_programs_are_those_of_the_exported_table(finished: Suite) -> None:
    cells = exported(finished)["cells"]
    rows = json.loads(finished("show", "tiny.yaml", "--json").stdout)
    table = pd.read_csv(io.StringIO(finished("show", "tiny.yaml", "--csv").stdout))
    assert [row["cell"] for row in rows] == table["cell"].tolist()
    assert set(table) - set(CLOCKED) == set(cells)
    assert table.set_index("cell")["test_score"].to_dict() == pytest.approx(
        cells.set_index("cell").test_score.to_dict()
    )
    assert [row["tier"] for row in rows] == sorted(cells.tier)
    assert "either --json or --csv" in finished("show", "tiny.yaml", "--json", "--csv", status=2).stderr


def test_recorded_run_trains_nothing_and_needs_no_tensorflow(finished: Suite) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "suite", "run", "tiny.yaml"]
    done = subprocess.run(
        command, cwd=finished.folder, env=finished.environment, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "filelock" not in imported, "nothing is locked"
    assert "suite.records.folder" in imported
    assert not {"tensorflow", "keras", "optuna", "distributed", "mlflow"} & imported
    assert "recipes" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "suite", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not {"numpy", "pandas", "yaml", "pydantic", "mlflow", "tensorflow"} & imported


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_the_help_are_calls_that_the_command_takes(name: str) -> None:
    commands = typer.main.get_command(app).commands
    assert set(commands) == set(EXAMPLES)
    for example in EXAMPLES[name]:
        program, command, *words = shlex.split(example.partition(" > ")[0])
        assert (program, command) == ("suite", name)
        commands[name].make_context(name, words)  # raises where it does not take them
    assert example in " ".join((commands[name].epilog or "").split())


def test_plan_before_and_after(suite: Suite, finished: Suite) -> None:
    before = suite("plan", "tiny.yaml").stdout
    assert "tiny: 4 recipes, 0 finished, 4 to run (0 failed before), 2 programs to compile" in before
    assert "\n  4 never run\n" in before
    assert "a rough estimate" in before
    assert not (suite.folder / "records").exists()
    after = finished("plan", "tiny.yaml").stdout
    assert after == "tiny: 4 recipes, 4 finished, 0 to run (0 failed before), 0 programs to compile\n"


def test_part_of_a_grid_has_the_same_rows_in_this_process(suite: Suite, finished: Suite) -> None:
    suite("run", "tiny.yaml", "--workers", 0, "--only", "activation=tanh,initializer=small")
    assert recorded(suite) == 1
    suite("export", "--out", "out")
    manifest = json.loads((suite.folder / "out" / "tiny" / "manifest.json").read_text())
    assert [entry["status"] for entry in manifest["missing"]] == ["not run"] * 3
    mine, whole = pd.read_parquet(suite.folder / "out" / "tiny" / "replicates.parquet"), exported(finished)
    mine = mine.drop(columns=list(CLOCKED))
    row = whole["replicates"].merge(mine[["cell", "replicate"]])
    pd.testing.assert_frame_equal(mine, row, check_exact=True)


def test_a_run_has_its_records_alone_and_goes_on_after_an_interrupt_to_the_same_tables(
    suite: Suite, finished: Suite
) -> None:
    """What kills do to records is tested by `tests/faults`."""
    with suite.start("run", "tiny.yaml", "--workers", 1) as process:
        wait_for_the_first(suite, process)
        os.killpg(process.pid, signal.SIGSTOP)  # it must not be done before the other has looked
        done = suite("run", "tiny.yaml", status=2)
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=600)
    assert "another `suite run` is writing to " in done.stderr
    assert process.returncode == 130
    kept = recorded(suite)
    assert 1 <= kept < 4
    assert f"Interrupted: {kept} of 4 finished and saved. Resume with: suite run tiny.yaml --workers 1" in err
    assert err.strip().count("\n") == 0, err
    assert "Traceback" not in out + err
    shown = suite("run", "tiny.yaml", "--workers", 0).stdout
    assert f"[{4 - kept}/{4 - kept}]" in shown
    assert_same(exported(suite), exported(finished))


def test_own_activation_runs_and_only_its_cells_run_again_when_it_changes(make_suite: Callable[..., Suite]) -> None:
    spec = re.sub("initializer: .*", "initializer: [he_normal]", TINY)
    suite = make_suite(spec=spec.replace("[relu, tanh]", "[relu, {name: 'mine:bent', label: bent}]"))
    source = "import keras\n\n\ndef bent(x):\n    return keras.ops.tanh(x) + {} * x\n"
    (suite.folder / "mine.py").write_text(source.format(0.1))
    shown = suite("run", "tiny.yaml", "--workers", 0).stdout
    assert shown.count("bent · ") == 1
    (suite.folder / "mine.py").write_text("# a comment\n" + source.format(0.1))
    assert "2 recipes, 2 finished, 0 to run" in suite("plan", "tiny.yaml").stdout
    (suite.folder / "mine.py").write_text(source.format(0.2))
    planned = suite("plan", "tiny.yaml").stdout
    assert "2 recipes, 1 finished, 1 to run" in planned
    assert "\n  1: mine.py changed\n" in planned
    again = suite("run", "tiny.yaml", "--workers", 0).stdout
    assert "tiny: run again 1: mine.py changed" in again
    assert again.count("bent · ") == 1
    assert "relu · " not in again
    assert set(exported(suite)["cells"]["activation"]) == {"relu", "bent"}


def test_quick_slice_is_recorded_apart(make_suite: Callable[..., Suite]) -> None:
    suite = make_suite(spec=TINY.replace("[relu, tanh]", "[relu]"))  # a single program
    shown = suite("run", "tiny.yaml", "--quick", "--workers", 0).stdout
    assert "test accuracy" in shown
    assert ", 0 finished, 2 to run" in suite("plan", "tiny.yaml").stdout
    for command, do in ((("show",), "show"), (("plot", "--what", "loss", "--out", "loss.svg"), "draw")):
        told = suite(*command, "tiny.yaml", status=2).stderr
        assert told.startswith("only quick results for tiny in records: ")
        assert told.endswith(f": {do} them with --quick, or run `suite run tiny.yaml` first.\n")
    assert "test accuracy" in suite("show", "tiny.yaml", "--quick").stdout
    for asked in ((), ("./tiny.yaml",)):
        told = suite("export", "--out", "out", *asked, status=2).stderr
        assert "only quick results " in told
        assert f"export them with --quick, or run `suite run {asked[0] if asked else 'SPEC'}` first." in told
    suite("export", "--out", "out", "--quick")
    assert json.loads((suite.folder / "out" / "tiny" / "manifest.json").read_text())["quick"] is True


def test_cells_that_a_recorded_benchmark_lacks_are_told_apart(suite: Suite) -> None:
    suite("run", "tiny.yaml", "--only", "activation=relu,initializer=small", "--workers", 0)
    told = suite("show", "tiny.yaml", "--only", "activation=tanh", status=2).stderr
    assert told.startswith("no results for the requested recipes of tiny in records: ")
    assert "run `suite run tiny.yaml --only activation=tanh` first." in told


def test_cells_that_cannot_be_run_end_with_status_1(make_suite: Callable[..., Suite]) -> None:
    suite = make_suite(spec=TINY.replace("[relu, tanh]", "['mine:broken']").replace("[he_normal, {", "[{"))
    source = """\
import sys
def broken(x):
    if "suite.training.experiment" in sys.modules:  # not where it is tried
        raise OSError("no such device")
    return x
"""
    (suite.folder / "mine.py").write_text(source)
    done = suite("run", "tiny.yaml", "--workers", 0, status=1)
    assert "1 failed: your own mine.py, line 4: OSError: no such device" in " ".join(done.stdout.split())
    assert "1 failed before" in suite("plan", "tiny.yaml").stdout


def test_check_names_every_mistake(suite: Suite) -> None:
    assert suite("check", "tiny.yaml").stdout.startswith("tiny: 4 recipes, 2 programs, 2 x 4 trials + 2 replicates")
    bad = suite.folder / "bad.yaml"
    bad.write_text(TINY.replace("relu", "reluu").replace("depth: 3", "depth: -3").replace("trials: 4", "trials: 0"))
    done = suite.process("check", "tiny.yaml", "bad.yaml", "absent.yaml", status=2)
    assert len(re.findall(r"^bad\.yaml:\d+:\d+: ", done.stderr, re.MULTILINE)) == 3
    assert "absent.yaml" in done.stderr
    assert "tiny: 4 recipes" in done.stdout


def test_check_tries_own_components_and_keeps_their_words_off_the_screen(suite: Suite) -> None:
    suite.spec.write_text(TINY.replace("[relu, tanh]", "['mine:bent', 'mine:broken', 'urllib.request:urlopen']"))
    source = (
        "import keras\nprint('hello')\ndef bent(z):\n    return keras.ops.relu(z)\ndef broken(z):\n    return z.sum()\n"
    )
    (suite.folder / "mine.py").write_text(source)
    done = suite("check", "tiny.yaml", "./tiny.yaml", status=2)
    first, second = done.stderr.splitlines()
    assert first.startswith("tiny.yaml:9:29: grid.activation: mine:broken raises AttributeError: ")
    assert "(mine.py, line 6)" in first
    assert "urllib.request:urlopen raises " in second
    assert done.stdout == ""


def test_a_spec_named_twice_is_one(suite: Suite) -> None:
    assert suite("check", "tiny.yaml", "./tiny.yaml", str(suite.spec)).stdout.count("tiny: ") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "absent.yaml"], "absent.yaml"),
        (["run", "."], "is a folder"),
        (["run", "tiny.yaml", "--only", "activation=gelu"], "gelu"),
        (["run", "tiny.yaml", "--only", "relu"], "expected factor=level"),
        (["run", "tiny.yaml", "--workers", "many"], "expected a number of processes"),
        (["run", "absent.yaml", "--workers", "²"], "--workers ²: expected"),
        (["run", "tiny.yaml", "--wurkers", "1"], "--wurkers"),
        (["list", "activation"], "did you mean activations?"),
        (["run", "tiny.yaml", "--quick", "--replicates", "5"], "--replicates 5 cannot be combined with --quick"),
        (["plot", "tiny.yaml", "--what", "gradiens", "--out", "a.svg"], "did you mean gradients?"),
        (["ui"], "no results in records yet"),
        (["ui", "--port", "99999"], "--port 99999: expected a number from 1 to 65535."),
        (["export", "--out", "out"], "no results in records: "),
        (["export", "--out", "out", "tiny.yaml"], "run `suite run tiny.yaml` first."),
        (["show", "tiny.yaml"], "run `suite run tiny.yaml` first."),
        (["run"], "SPEC"),
    ],
)
def test_wrong_call_is_told_with_status_2(suite: Suite, arguments: list[str], message: str) -> None:
    assert message in suite(*arguments, status=2).stderr


def test_cluster_that_is_not_there_ends_with_status_1(suite: Suite) -> None:
    done = suite("run", "tiny.yaml", "--workers", "tcp://127.0.0.1:9", status=1)
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr


def test_only_leaves_out_benchmarks_that_do_not_vary_the_factor(suite: Suite) -> None:
    other = TINY.replace("name: tiny", "name: other")
    other = other.replace("depth: 3, ", "").replace("grid:", "grid:\n  depth: [2, 3]", 1)
    (suite.folder / "two.yaml").write_text(f"{TINY}\n---\n{other}")
    said = suite("plan", "two.yaml", "--only", "depth=2").stdout
    assert "other: 4 recipes" in said
    assert "tiny" not in said
    said = suite("plan", "two.yaml", "--only", "depth=2", "--only", "activation=relu,initializer=small").stdout
    assert "other: 5 recipes" in said
    assert "tiny: 1 recipe," in said
    assert "is fixed, not varied" in suite("plan", "two.yaml", "--only", "width=2", status=2).stderr


def test_list_and_schema(suite: Suite) -> None:
    assert "activations" in suite("list").stdout
    shown = suite("list", "optimizers").stdout
    assert re.search(r"^adam ", shown, re.MULTILINE)
    assert json.loads(suite("schema").stdout)["$defs"]


def test_export_and_leaderboard(finished: Suite, suite: Suite) -> None:
    finished("export", "--out", suite.folder / "results", "tiny.yaml")
    assert "1 benchmark, 4 recipes" in suite("leaderboard", "--results", "results", "--out", "site").stdout
    assert (suite.folder / "site" / "index.html").is_file()
    assert "site matches results" in suite("leaderboard", "--results", "results", "--check", "site").stdout
    (suite.folder / "site" / "index.html").write_text("changed")
    assert "index.html" in suite("leaderboard", "--results", "results", "--check", "site", status=1).stderr


def test_leaderboard_wants_one_folder(suite: Suite) -> None:
    for asked in ((), ("--out", "site", "--check", "site")):
        assert "either --out DIR" in suite("leaderboard", *asked, status=2).stderr
    assert "leaderboard/results" in suite("leaderboard", "--out", "site", status=2).stderr


def test_export_without_the_spec_file(finished: Suite) -> None:
    """Records alone are enough: they keep the spec's text, and the file it was read from is gone."""
    assert_same(exported(finished), exported(finished, "tiny.yaml"))
