"""Writes a commented, valid spec to start from."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from suite.models import MODELS
from suite.spec.benchmark import Benchmark
from suite.spec.benchmark_reader import read_benchmarks
from suite.spec.problems import Problem, SpecError, not_found
from suite.tasks import TASKS, form_of

_SPEC = """\
{schema}# Validate this file with `suite check {file}`, run it with `suite run {file}` and judge its claim with
# `suite claims {file}`. `suite list` shows all names that you can use here.

name: {name}
title: What is the question?

task: {task}   # suite list tasks
model: {model}   # suite list models
target: {target}   # {metric} at which a run counts as trained

# Constant factors; all others have their defaults.
fixed: {fixed}

# Factors that vary: all combinations are run. Custom levels are written as my_module:my_function (my_module.py next to this file).
grid:
  {factor}: [{levels}]
  initializer: [glorot_uniform, he_normal]

# Budget of every recipe. The learning rate with the best validation score is run again with other seeds.
budget:
  steps: 300
  trials: 6
  replicates: 6

# Your expectation, written before you see results. The first level should be better.
claims:
  - id: {id}
    says: {says}
    compare: {{{factor}: [{levels}]}}
    by: {by}   # smallest difference in test {metric} that counts
"""


def new_spec(file: Path, task: str, model: str) -> str:
    """The text of a benchmark with a claim.

    Args:
        file: Path of the file to create.
        task: Name of a task.
        model: Name of a model family.

    Raises:
        SpecError: The task or model is unknown, or they cannot be combined.
    """
    for what, table in ((task, TASKS), (model, MODELS)):
        if what not in table:
            raise SpecError(
                [Problem(str(file), None, None, "task" if table is TASKS else "model", not_found(what, list(table)))]
            )
    arguments = {"name": task}
    if MODELS[model].reads == "sequence" and TASKS[task].parameter("layout"):
        arguments["layout"] = "rows"
    if any(parameter.required for parameter in TASKS[task].parameters):
        needed = ", ".join(p.name for p in TASKS[task].parameters if p.required)
        message = f"{task} needs your own {needed}; start with another task and edit the file"
        raise SpecError([Problem(str(file), None, None, "task", message)])
    form = form_of(arguments)
    accuracy, chance = form.targets == "classes", form.chance or 0.5
    start = MODELS[model].start
    fixed, (first, second) = start.fixed, start.levels
    if form.train is None or form.train < 64:
        fixed = fixed.replace("}", f", batch_size: {form.train or 1}}}")
    text = _SPEC.format(
        file=file.name, name=name_of(file), id=f"{first}-over-{second}".replace("_", "-"), schema=modeline(file),
        task=task if len(arguments) == 1 else f"{{name: {task}, layout: rows}}", model=model,
        target=f"{(1 + chance) / 2 + 0.35 * (1 - chance):.2f}" if accuracy else f"{chance / 10:.2g}",
        metric="validation accuracy" if accuracy else "validation error", fixed=fixed, factor=start.factor, levels=f"{first}, {second}",
        says=f"{first} trains better than {second}.", by=0.02 if accuracy else f"{chance / 10:.2g}",
    ).replace("test validation ", "test ")  # fmt: skip
    _read(text, file)
    return text


def _read(text: str, file: Path) -> Benchmark:
    """Reads the text as a spec, to report a task and a model that cannot be combined."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, file.name)
        written.write_text(text, encoding="utf-8")
        try:
            return read_benchmarks(written)[0]
        except SpecError as error:
            problems = [Problem(str(file), None, None, p.key, p.message) for p in error.problems]
            raise SpecError(problems) from None


def name_of(file: Path) -> str:
    """A valid name made from the file name."""
    return re.sub("[^a-z0-9_-]+", "_", file.stem.lower()).strip("_-")[:40] or "mine"


def modeline(file: Path) -> str:
    """The line that points editors to schema.json, if it is next to the file."""
    beside = (file.resolve().parent / "schema.json").is_file()
    return "# yaml-language-server: $schema=./schema.json\n#\n" if beside else ""
