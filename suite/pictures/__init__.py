"""Pictures: of a cell for its record and its page, of a user's own model for the monitor. One scale, one drawing."""

from __future__ import annotations

from suite.pictures.page import Picture, html_text, picture_of_record
from suite.pictures.paper import draw, png_bytes, write
from suite.protocol.records import Record


def cell_files(record: Record) -> tuple[str, str]:
    """The picture of a cell as SVG and as a page of its own."""
    picture = picture_of_record(record)
    return picture.drawing.svg(), html_text(picture)


__all__ = ["Picture", "cell_files", "draw", "html_text", "picture_of_record", "png_bytes", "write"]
