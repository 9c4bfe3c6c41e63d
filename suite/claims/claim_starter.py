"""Writes a commented, valid claim to start from."""

from __future__ import annotations

import re
from pathlib import Path

from suite.claims.grids import Grids
from suite.protocol.labels import label_text
from suite.spec.problems import Problem, SpecError
from suite.spec.starters import modeline, name_of
from suite.tasks import form_of

_CLAIM = """\
{schema}# `suite check {file}` validates this file; `suite claims {file}` runs the missing experiments and judges the claim.

claims:
  - id: {id}
    says: {says}
    source: source of the claim
    benchmark: {benchmark}   # its factors: {factors}
    compare: {{{factor}: [{first}, {second}]}}   # the first should be better
    by: {by}   # smallest difference in test {metric} that counts
    # where: {{{other}}}   # only this part of the grid
"""


def new_claim(file: Path, benchmark: str) -> str:
    """The text of a claim on a benchmark.

    Raises:
        SpecError: There is no such benchmark, or it has no factor with two levels.
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
        message = f"{benchmark} has no factor with two levels to compare"
        raise SpecError([Problem(str(file), None, None, "benchmark", message)])
    factor, (first, second, *_) = next(iter(varied.items()))
    other = next(((name, labels[0]) for name, labels in varied.items() if name != factor), (factor, first))
    accuracy = form_of(found.task).targets == "classes"
    return _CLAIM.format(
        file=file.name, id=name_of(file).replace("_", "-"), says=_quoted(f"{first} beats {second}."), benchmark=benchmark,
        factors=", ".join(found.grid), factor=factor, first=_quoted(first), second=_quoted(second),
        by=0.02 if accuracy else 0.01, metric="accuracy" if accuracy else "error", other=f"{other[0]}: {other[1]}",
        schema=modeline(file),
    )  # fmt: skip


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w .-]+", text) and not text.startswith("-") else f'"{text}"'
