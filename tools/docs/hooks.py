"""Hooks of mkdocs: add the generated pages, and lead links out of docs/ to them."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from tools.docs.pages import pages

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Adds the generated pages."""
    from mkdocs.structure.files import File

    for path, content in pages():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links to benchmarks, notebooks and CONTRIBUTING.md lead to their pages; links to other files become plain text."""
    folder = posixpath.dirname(page.file.src_uri)

    def led(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join("docs", folder, link["target"]))
        there = _page_of(path)
        if there is None:
            return link[0] if path.startswith("docs/") else link["text"]
        return f"[{link['text']}]({posixpath.relpath(there, folder or '.')}{link['anchor'] or ''})"

    return markdown if folder == "notebooks" else _LINK.sub(led, markdown)


def _page_of(path: str) -> str | None:
    """The page below docs/ of a file of the repository, if it has one."""
    if path.startswith("benchmarks/") and path.endswith(".yaml"):
        return f"specs/{path.removeprefix('benchmarks/').removesuffix('.yaml')}.md"
    if path.startswith("docs/notebooks/"):
        return path.removeprefix("docs/").replace(".ipynb", ".md")
    return {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}.get(path)
