"""Where a site, its repository and its documentation are on the web; without an address, a site stays offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from suite.results.errors import ResultsError

ADDRESSES = {
    "base": "address of the site: adds canonical links, a sitemap, a feed and previews",
    "repository": "address of the source repository, linked from every page",
    "docs": "address of the documentation, linked from every page",
}
"""The options of a build, with their help."""


@dataclass(frozen=True)
class Addresses:
    """Addresses outside the site; empty where there is none.

    Attributes:
        base: Of the site itself, with a slash at its end: makes canonical links, a sitemap, a feed and previews possible.
        repository: Of the source repository.
        docs: Of the documentation.
    """

    base: str = ""
    repository: str = ""
    docs: str = ""

    def __post_init__(self) -> None:
        """Refuses what is not an address.

        Raises:
            ResultsError: An address is not one of http or https.
        """
        for name, value in asdict(self).items():
            if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
                raise ResultsError([f"{name} address: got {value}, expected one such as https://example.org/site/"])
        if self.base:
            object.__setattr__(self, "base", self.base.rstrip("/") + "/")

    @classmethod
    def stored(cls, index: Mapping[str, Any]) -> Addresses:
        """The addresses that a site was built with, from its `site.json`."""
        found = index.get("addresses", {})
        return cls(**{field.name: str(found.get(field.name, "")) for field in fields(cls)})
