"""Checks every link of a built site: `python -m tools.docs.links site/docs`. Addresses elsewhere are checked for their form."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LINKS = {
    "a": "href",
    "link": "href",
    "img": "src",
    "script": "src",
    "source": "src",
    "iframe": "src",
    "object": "data",
}
_LOADED = {"link", "img", "script", "source", "iframe", "object"}
"""Elements whose target the browser fetches to show the page."""


@dataclass
class _Page(HTMLParser):
    links: list[tuple[str, str]] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {name for name in (given.get("id"), given.get("name")) if name}
        target = given.get(_LINKS.get(tag, ""))
        if target:
            self.links.append((tag, target))


def problems(site: Path) -> tuple[list[str], int, int]:
    """What is wrong with the links of a site, and the numbers of links within it and to elsewhere.

    Args:
        site: Folder of the built pages; links to pages beside it are checked if these are there.
    """
    pages = {file.resolve(): _page(file) for file in sorted(site.rglob("*.html"))}
    wrong, within, elsewhere = [], 0, 0
    for file, page in pages.items():
        if file.name == "404.html":  # its addresses are those of a server's root
            continue
        for tag, target in page.links:
            if urlsplit(target).scheme or target.startswith("//"):
                elsewhere += 1
            else:
                within += 1
            wrong += [
                f"{file.relative_to(site.resolve())}: {why}: {target}" for why in _wrong(tag, target, file, site, pages)
            ]
    return sorted(set(wrong)), within, elsewhere


def _page(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _wrong(tag: str, target: str, file: Path, site: Path, pages: Mapping[Path, _Page]) -> Iterator[str]:
    address = urlsplit(target)
    if target.startswith("//") or address.scheme in ("http", "https"):
        if tag in _LOADED:
            yield "loaded from another host"
        elif "." not in address.netloc or " " in target:
            yield "no address"
        return
    if address.scheme in ("data", "mailto"):
        return
    if address.scheme:
        yield "no address"
        return
    there = (file.parent / unquote(address.path)).resolve() if address.path else file
    if not there.is_relative_to(site.resolve()) and not (site.resolve().parent / "index.html").is_file():
        return  # the leaderboard, which is not built
    if not there.is_file():
        yield "no such file"
    elif address.fragment and there.suffix == ".html":
        page = pages.get(there) or _page(there)
        if unquote(address.fragment) not in page.anchors and not address.fragment.startswith("__"):
            yield "no such place"


def main() -> int:
    """Status to exit with."""
    wrong, within, elsewhere = problems(Path(sys.argv[1]))
    print("\n".join([*wrong, f"{within:,} links within the site, {elsewhere:,} to elsewhere, {len(wrong)} wrong"]))
    return 1 if wrong or not within else 0


if __name__ == "__main__":
    sys.exit(main())
