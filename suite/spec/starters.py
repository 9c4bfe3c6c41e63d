"""A spec or a claim to start from: commented, and right as it is."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from suite.models import MODELS
from suite.protocol.labels import label_text
from suite.spec.benchmark import Benchmark
from suite.spec.grids import Grids
from suite.spec.problems import Problem, SpecError, not_found
from suite.spec.reader import read_benchmarks
from suite.tasks import TASKS, form_of

_SIZES = {
    "mlp": ("{depth: 10, width: 64}", "activation", "relu, tanh"),
    "cnn": ("{depth: 8, channels: 8}", "activation", "relu, tanh"),
    "recurrent": ("{units: 32}", "cell_type", "gru, simple_rnn"),
}
"""Of each family: a size that trains in seconds, and a factor to begin with, whose first level the claim calls better."""

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

_CLAIM = """\
{schema}# `suite check {file}` says what it makes of this, `suite claims {file}` runs what is missing and judges it.

claims:
  - id: {id}
    says: {says}
    source: who says it
    benchmark: {benchmark}   # its factors: {factors}
    compare: {{{factor}: [{first}, {second}]}}   # the first is said to be better
    by: {by}   # the least difference in test {metric} that counts
    # where: {{{other}}}   # only there
    # holds: on average   # in place of everywhere
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
    if MODELS[model].name == "recurrent" and TASKS[task].parameter("layout"):
        arguments["layout"] = "rows"
    if any(parameter.required for parameter in TASKS[task].parameters):
        needed = ", ".join(p.name for p in TASKS[task].parameters if p.required)
        message = f"{task} needs {needed} of your own; begin with another task and change it"
        raise SpecError([Problem(str(file), None, None, "task", message)])
    form = form_of(arguments)
    accuracy, chance = form.targets == "classes", form.chance or 0.5
    fixed, factor, levels = _SIZES[model]
    if form.train is None or form.train < 64:
        fixed = fixed.replace("}", f", batch_size: {form.train or 1}}}")
    first, second = levels.split(", ")
    text = _SPEC.format(
        file=file.name, name=_name(file), id=f"{first}-over-{second}".replace("_", "-"), schema=_schema(file),
        task=task if len(arguments) == 1 else f"{{name: {task}, layout: rows}}", model=model,
        target=f"{(1 + chance) / 2 + 0.35 * (1 - chance):.2f}" if accuracy else f"{chance / 10:.2g}",
        metric="validation accuracy" if accuracy else "validation error", fixed=fixed, factor=factor, levels=levels,
        says=f"{first} trains better than {second}.", by=0.02 if accuracy else f"{chance / 10:.2g}",
    ).replace("test validation ", "test ")  # fmt: skip
    _read(text, file)
    return text


def new_claim(file: Path, benchmark: str) -> str:
    """The text of a claim on a benchmark.

    Raises:
        SpecError: There is no such benchmark, or it varies nothing.
    """
    found = Grids(file).find(benchmark)
    if isinstance(found, str):
        raise SpecError([Problem(str(file), None, None, "benchmark", found)])
    varied = {
        factor: [label_text(level.label) for level in levels]
        for factor, levels in found.grid.items()
        if len(levels) > 1
    }
    if not varied:
        message = f"{benchmark} varies nothing that could be compared"
        raise SpecError([Problem(str(file), None, None, "benchmark", message)])
    factor, (first, second, *_) = next(iter(varied.items()))
    other = next(((name, labels[0]) for name, labels in varied.items() if name != factor), (factor, first))
    accuracy = form_of(found.task).targets == "classes"
    return _CLAIM.format(
        file=file.name, id=_name(file).replace("_", "-"), says=_quoted(f"{first} beats {second}."), benchmark=benchmark,
        factors=", ".join(found.grid), factor=factor, first=_quoted(first), second=_quoted(second),
        by=0.02 if accuracy else 0.01, metric="accuracy" if accuracy else "error", other=f"{other[0]}: {other[1]}",
        schema=_schema(file),
    )  # fmt: skip


def _read(text: str, file: Path) -> Benchmark:
    """Makes sure that the text is right; a conflict is told as what it is."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, file.name)
        written.write_text(text, encoding="utf-8")
        try:
            return read_benchmarks(written)[0]
        except SpecError as error:
            problems = [Problem(str(file), None, None, p.key, p.message) for p in error.problems]
            raise SpecError(problems) from None


def _name(file: Path) -> str:
    """A name made of the file's."""
    return re.sub("[^a-z0-9_-]+", "_", file.stem.lower()).strip("_-")[:40] or "mine"


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w .-]+", text) and not text.startswith("-") else f'"{text}"'


def _schema(file: Path) -> str:
    """The line by which an editor finds the schema, where it lies beside the file."""
    beside = (file.resolve().parent / "schema.json").is_file()
    return "# yaml-language-server: $schema=./schema.json\n#\n" if beside else ""
