"""A spec to start from: commented, and right as it is."""

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
{schema}# `suite check {file}` says what it makes of this, `suite list` what may stand here, `suite run {file}` trains it and
# `suite claims {file}` judges the claim at the end.

name: {name}
title: What is the question?

task: {task}   # suite list tasks
model: {model}   # suite list models
target: {target}   # {metric} at which a run counts as trained

# The same in every cell; what is not named takes its default.
fixed: {fixed}

# What varies: the cells are all combinations. A level of your own is my_module:my_function, in my_module.py beside this.
grid:
  {factor}: [{levels}]
  initializer: [glorot_uniform, he_normal]

# The same for every cell. The rate with the best validation score is trained again under fresh seeds.
budget:
  steps: 300
  trials: 6
  replicates: 5

# What you expect, written before you look: by how much, where. The first level is said to be better.
claims:
  - id: {id}
    says: {says}
    compare: {{{factor}: [{levels}]}}
    by: {by}   # the least difference in test {metric} that counts
"""


def new_spec(file: Path, task: str, model: str) -> str:
    """The text of a benchmark with a claim.

    Args:
        file: What it will be called.
        task: Name of a task.
        model: Name of a model family.

    Raises:
        SpecError: There is no such task or model, or they do not go together.
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
        message = f"{task} needs {needed} of your own; begin with another task and change it"
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
    """Reads the text as a spec, so that a task and a model that do not go together are reported."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, file.name)
        written.write_text(text, encoding="utf-8")
        try:
            return read_benchmarks(written)[0]
        except SpecError as error:
            problems = [Problem(str(file), None, None, p.key, p.message) for p in error.problems]
            raise SpecError(problems) from None


def name_of(file: Path) -> str:
    """A name made of the file's."""
    return re.sub("[^a-z0-9_-]+", "_", file.stem.lower()).strip("_-")[:40] or "mine"


def modeline(file: Path) -> str:
    """The line by which an editor finds the schema, where it lies beside the file."""
    beside = (file.resolve().parent / "schema.json").is_file()
    return "# yaml-language-server: $schema=./schema.json\n#\n" if beside else ""
