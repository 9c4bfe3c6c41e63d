"""The documentation: generated pages say all that the program has, and a wrong link is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from suite.catalog import KINDS
from suite.cli.commands import EXAMPLES, app
from suite.spec.document import BenchmarkDocument
from tools.docs.hooks import on_page_markdown
from tools.docs.links import problems
from tools.docs.pages import commands, names, spec_keys


def test_every_command_option_and_example_is_on_the_page() -> None:
    page = commands()
    for name, command in typer.main.get_command(app).commands.items():
        section = page[page.index(f"## `suite {name}`") :].partition("\n## ")[0]
        assert all(option in section for parameter in command.params for option in parameter.opts if "-" in option)
        assert all(f"$ {example}\n" in section for example in EXAMPLES[name])
        assert f"[`suite {name}`](#suite-{name})" in page


def test_every_key_and_every_name_is_on_its_page() -> None:
    keys, known = spec_keys(), names()
    assert all(f"\n| `{name}` | " in keys for name in BenchmarkDocument.model_fields)
    assert all(f"\n| `{name}` | " in known for entries in KINDS.values() for name in entries)


class _File:
    src_uri = "reference/here.md"


class _Page:
    file = _File()


@pytest.mark.parametrize(
    ("written", "built"),
    [
        ("[x](../run.md#y)", "[x](../run.md#y)"),
        ("[x](../../benchmarks/mnist/cnn.yaml)", "[x](../specs/mnist/cnn.md)"),
        ("[x](../../CONTRIBUTING.md#set-up)", "[x](../contributing.md#set-up)"),
        ("[x](../notebooks/why.ipynb)", "[x](../notebooks/why.md)"),
        ("[x](../../tox.ini)", "x"),
        ("[x](https://example.org/)", "[x](https://example.org/)"),
    ],
)
def test_links_to_the_repository_lead_to_pages(written: str, built: str) -> None:
    assert on_page_markdown(f"See {written}.", _Page(), None, None) == f"See {built}."


def test_a_wrong_link_is_told(tmp_path: Path) -> None:
    site = tmp_path / "docs"
    site.mkdir()
    good = (
        '<a href="b.html#there">b</a> <a href="https://example.org/x">elsewhere</a> <a href="#own">own</a><p id="own">'
    )
    (site / "a.html").write_text(good)
    (site / "b.html").write_text('<h2 id="there">b</h2><a href="../index.html">not built</a>')
    assert problems(site) == ([], 3, 1)
    bad = '<a href="c.html"></a><a href="b.html#nowhere"></a><script src="https://example.org/x.js"></script><a href="https://x y"></a>'
    (site / "a.html").write_text(good + bad)
    wrong, _, _ = problems(site)
    assert wrong == [
        "a.html: loaded from another host: https://example.org/x.js",
        "a.html: no address: https://x y",
        "a.html: no such file: c.html",
        "a.html: no such place: b.html#nowhere",
    ]
    (tmp_path / "index.html").write_text("")
    assert len(problems(site)[0]) == 4, "pages beside the site are there now"
