"""How values are written on pages: the filters of the templates."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from suite.protocol.labels import label_text
from suite.results.manifest import Manifest, TaskFacts


def task_text(task: TaskFacts) -> str:
    """The task as written in a spec, without facts derived from it."""
    facts = ("classes", "train_size", "validation_size", "test_size")
    given = {
        key: value for key, value in (task.model_extra or {}).items() if key not in facts and value not in (None, False)
    }
    return as_text({"name": task.name, **given})


def commits(manifest: Manifest) -> str:
    """The commit of the results; if there are several, each with its number of cells."""
    found = manifest.cells_by_commit or {manifest.git_commit or "unknown": 0}
    short = {f"{commit[:12]}{'-dirty' if commit.endswith('-dirty') else ''}": cells for commit, cells in found.items()}
    return next(iter(short)) if len(short) == 1 else ", ".join(f"{c} ({cells} cells)" for c, cells in short.items())


def tick_sign(value: float) -> str:
    return "0" if value == 0 else f"{value:+g}".replace("-", "−")


def code(text: str) -> Markup:
    """Marks text between backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def as_text(value: Any) -> str:
    """A canonical level or setting in one line: `random_normal(stddev=0.01)`."""
    if isinstance(value, dict) and "name" in value:
        arguments = ", ".join(f"{key}={as_text(item)}" for key, item in value.items() if key not in ("name", "label"))
        return f"{value['name']}({arguments})" if arguments else str(value["name"])
    if isinstance(value, dict):
        return ", ".join(f"{key} {as_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return "–" if value is None else label_text(value)
