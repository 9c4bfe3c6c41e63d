"""Pictures of gradients: of a cell for its record, of a user's own model for the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.pictures.content import Curve, Heat, Picture, picture_of_record
from suite.pictures.figure import draw, png_bytes
from suite.pictures.page import html_text
from suite.protocol.records import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cell_picture(record: Record) -> Figure:
    """The picture of a cell."""
    return draw(picture_of_record(record))


def cell_files(record: Record) -> tuple[bytes, str]:
    """The picture of a cell as PNG and as a page of its own, drawn once."""
    picture = picture_of_record(record)
    png = png_bytes(draw(picture))
    return png, html_text(picture, png)


__all__ = [
    "Curve", "Heat", "Picture", "cell_files", "cell_picture", "draw", "html_text", "picture_of_record", "png_bytes",
]  # fmt: skip
