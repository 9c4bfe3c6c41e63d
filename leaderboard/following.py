"""What makes a site findable: its search index, its change log, and with a base address a sitemap and an Atom feed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from xml.etree import ElementTree

from leaderboard.advice import Advice
from leaderboard.boards import Board
from leaderboard.glossary import WORDS
from leaderboard.titles import SITE

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class Change:
    """Results that were published.

    Attributes:
        board: The board.
        when: Time of the last run, in ISO 8601.
    """

    board: Board
    when: str

    @property
    def text(self) -> str:
        """What was published, in a sentence."""
        runs = self.board.manifest.budget.replicates
        return f"{len(self.board.recorded)} recipes with {runs} run{'s' if runs != 1 else ''} each."


def changes(boards: Sequence[Board]) -> dict[str, list[Change]]:
    """Published results by day, the latest first."""
    found: dict[str, list[Change]] = {}
    for board in sorted(boards, key=lambda board: board.manifest.created, reverse=True):
        found.setdefault(board.manifest.created[:10], []).append(Change(board, board.manifest.created))
    return found


def search_index(boards: Sequence[Board], advice: Advice) -> str:
    """Kind, title, path and further words of every page, as a script: a page opened from a file cannot fetch."""
    entries = [
        ("Page", "My network does not train", "fix.html", "vanishing exploding gradient nan flat loss"),
        ("Page", "The advice, tested", "advice.html", "claims verdicts books papers"),
        ("Page", "What to use", "choices.html", "decide recommend choose activation initializer optimizer depth"),
        ("Page", "The same choice in several benchmarks", "levels.html", "compare levels factors"),
        ("Page", "Test your own idea", "own.html", "spec yaml claim submit results contribute"),
        ("Page", "Method", "method.html", "protocol probes outcomes intervals tiers"),
        ("Page", "Changes", "changes.html", "news feed log"),
    ]
    for board in boards:
        name, title = board.results.name, board.manifest.title
        entries.append(("Benchmark", title, f"{name}/index.html", f"{name} {' '.join(board.factors)}"))
        entries += [
            ("Recipe", row.name.replace("\u00a0", " "), f"{name}/cell/{row.cell}.html", title) for row in board.rows
        ]
    entries += [("Advice", one.claim.says, f"advice/{one.claim.id}.html", one.verdict) for one in advice.claims]
    entries += [("Term", word.name, f"method.html#{word.more}", word.text) for word in WORDS.values()]
    text = json.dumps(entries, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"searchIndex({text});\n"


def sitemap(base: str, pages: Iterable[str]) -> str:
    """The address of every page."""
    root = ElementTree.Element("urlset", xmlns=_SITEMAP)
    for page in pages:
        ElementTree.SubElement(ElementTree.SubElement(root, "url"), "loc").text = base + quote(page)
    return _xml(root)


def feed(base: str, days: dict[str, list[Change]]) -> str:
    """The change log as an Atom feed."""
    root = ElementTree.Element("feed", xmlns=_ATOM)
    every = [change for found in days.values() for change in found]
    _text(
        root,
        title=f"{SITE}: published results",
        id=f"{base}feed.xml",
        updated=_time(every[0].when) if every else _NEVER,
    )
    _text(ElementTree.SubElement(root, "author"), name=SITE)
    ElementTree.SubElement(root, "link", rel="self", href=f"{base}feed.xml")
    ElementTree.SubElement(root, "link", href=f"{base}changes.html")
    for change in every:
        entry, page = ElementTree.SubElement(root, "entry"), f"{base}{quote(change.board.results.name)}/index.html"
        _text(entry, title=change.board.manifest.title, id=f"{page}#{change.when}", updated=_time(change.when))
        ElementTree.SubElement(entry, "link", href=page)
        _text(entry, summary=change.text)
    return _xml(root)


_NEVER = "1970-01-01T00:00:00Z"


def _time(when: str) -> str:
    """An ISO time as Atom wants it, with its zone."""
    parsed = datetime.fromisoformat(when)
    return f"{parsed.isoformat()}Z" if parsed.tzinfo is None else parsed.isoformat()


def _text(parent: ElementTree.Element, **elements: str) -> None:
    for name, text in elements.items():
        ElementTree.SubElement(parent, name).text = text


def _xml(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
