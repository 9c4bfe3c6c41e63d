"""Pages of the documentation that are made of the program: commands, keys of a spec, names, benchmarks, notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


def pages() -> Iterator[tuple[str, str | bytes]]:
    """Path below docs/ and content of every generated page and picture."""
    yield "reference/commands.md", commands()
    yield "reference/spec.md", spec_keys()
    yield "reference/names.md", names()
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        yield name.lower(), re.sub(r"\]\((?!#|\w+:)", "](../", text).replace("](../docs/", "](")
    for file in sorted(BENCHMARKS.rglob("*.yaml")):
        name = file.relative_to(BENCHMARKS).with_suffix("").as_posix()
        yield f"specs/{name}.md", f"# `{name}.yaml`\n\n```yaml\n{file.read_text(encoding='utf-8')}```\n"
    for file in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        yield from notebook(file)


def commands() -> str:
    """All commands with their options, from the command line itself."""
    import typer
    from typer.cli import get_docs_for_click

    from suite.cli.commands import COMMANDS, app

    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="suite", title="Commands")
    table = ["| command | does |", "|---|---|"]
    for group, functions in COMMANDS.items():
        table.append(f"| **{group}** | |")
        for function in functions:
            name, does = function.__name__.rstrip("_"), (function.__doc__ or "").splitlines()[0]
            table.append(f"| [`suite {name}`](#suite-{name}) | {does} |")
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+", lambda _: "\n".join(table) + "\n", text)
    return re.sub(r"Examples:\n\n((?:suite .*\n\n)+)", _examples, f"{text}\n")


def _examples(found: re.Match[str]) -> str:
    calls = "\n".join(f"$ {line}" for line in found[1].split("\n") if line)
    return f"**Examples**:\n\n```console\n{calls}\n```\n\n"


def spec_keys() -> str:
    """The keys of a spec, from the schema that editors use."""
    from suite.claims.claim_document import schema_text

    schema = json.loads(schema_text())
    documents = schema["$defs"]
    tables = {
        "A benchmark": schema["else"],
        "`budget`": documents["BudgetDocument"],
        "`budget.learning_rate`": documents["RangeDocument"],
        "A claim": documents["ClaimDocument"],
        "`predict`": documents["PredictDocument"],
        "`value`": documents["ValueDocument"],
        "A file of claims alone": schema["then"],
    }
    lines = ["# Keys of a spec", "", "From the schema that `suite schema` prints for editors.", ""]
    for title, document in tables.items():
        lines += [f"## {title}", "", "| key | default | what it is |", "|---|---|---|"]
        required = document.get("required", ())
        for key, about in document["properties"].items():
            default = (
                "required" if key in required else f"`{json.dumps(about['default'])}`" if "default" in about else ""
            )
            lines.append(f"| `{key}` | {default} | {_cell(about.get('description', ''))} |")
        lines.append("")
    return "\n".join(lines)


def names() -> str:
    """What a spec can name, as `suite list` shows it."""
    from suite.cli.listing import kinds
    from suite.protocol.labels import label_text

    lines = ["# Names", "", "What a spec can name; `suite list KIND` prints the same, with plug-ins.", ""]
    for kind, entries in kinds().items():
        lines += [f"## {kind.capitalize()}", "", "| name | what it is |", "|---|---|"]
        for entry in entries.values():
            lines.append(f"| `{entry.name}` | {_cell(entry.summary)} |")
            for parameter in entry.parameters:
                default = "required" if parameter.required else f"default {label_text(parameter.default)}"
                about = f"{parameter.summary}: {parameter.expects()}; {default}"
                lines.append(f"| &emsp;`{parameter.name}` | {_cell(about)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text of a cell of a table; braces at its end would be attributes."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;").replace("\n", " ")


def notebook(file: Path) -> Iterator[tuple[str, str | bytes]]:
    """The page of a notebook with its stored outputs, and its pictures."""
    import nbformat
    from nbconvert import MarkdownExporter

    text, resources = MarkdownExporter().from_notebook_node(nbformat.read(file, as_version=4))
    text = text.replace("<th></th>", "<td></td>")  # of pandas: no heading
    text = re.sub(r"(?m)^    (?=<)", "", text)  # HTML is indented as text is, which would make it code
    text = re.sub(r"\n(?:[ ]*\n){2,}(?=    \S)", "\n\n", text)
    note = f"[Download this notebook]({file.name})\n\n"
    yield f"notebooks/{file.stem}.md", re.sub(r"\A(\s*# .*\n+)", lambda title: title[1] + note, text)
    outputs: Mapping[str, bytes] = resources["outputs"]
    for name, data in outputs.items():
        yield f"notebooks/{name}", data
