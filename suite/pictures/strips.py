"""Gradients as small indexed PNGs, one pixel a value, the same bytes anywhere.

The pixels are stored, not deflated: these images are some hundred bytes, and what a deflater makes of them would
differ between versions of zlib, so that a site could not be checked against its results on another machine.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.pictures.scale import PALETTE, codes, thinned

STRIP_SIZE = 20
"""Most steps and places of a heat strip."""


def image(gradients: ArrayLike) -> str:
    """A (rows, columns) array, its first row on top, as a `data:` URI of one pixel per value."""
    return "data:image/png;base64," + base64.b64encode(png(gradients)).decode()


def png(gradients: ArrayLike) -> bytes:
    """A (rows, columns) array as an indexed PNG, two pixels a byte where 16 colours will do."""
    pixels = codes(gradients)
    height, width = pixels.shape
    palette, depth = list(PALETTE), 8
    used = sorted({0, *np.unique(pixels).tolist()})  # the first colour is the transparent one
    if len(used) <= 16:
        palette, depth = [PALETTE[code] for code in used], 4
        halves = np.pad(np.searchsorted(used, pixels).astype(np.uint8), ((0, 0), (0, width % 2)))
        pixels = np.asarray(halves[:, ::2] << 4 | halves[:, 1::2], dtype=np.uint8)
    raw = np.pad(pixels, ((0, 0), (1, 0))).tobytes()  # each row starts with its filter: none
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 3, 0, 0, 0)),
        (b"PLTE", b"".join(bytes.fromhex(color[1:]) for color in palette)),
        (b"tRNS", b"\x00"),
        (b"IDAT", _stored(raw)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def strip(gradients: NDArray[np.float64], looks: int, nonfinite: bool = False) -> NDArray[np.float64]:
    """(steps, places) as the rows and columns of a heat strip: training runs to the right, the last place is on top.

    The width stands for a whole run of so many looks: where one ended early, the rest stays empty, or is painted as not
    finite if that is why it ended.
    """
    width = min(max(looks, len(gradients)), STRIP_SIZE)
    steps = thinned(len(gradients), max(1, round(width * len(gradients) / max(looks, len(gradients)))))
    shown = gradients[np.ix_(steps, thinned(gradients.shape[1], STRIP_SIZE))]
    return np.pad(shown, ((0, width - len(shown)), (0, 0)), constant_values=np.inf if nonfinite else np.nan).T[::-1]


def strip_image(gradients: NDArray[np.float64], looks: int, nonfinite: bool = False) -> str:
    """The heat strip as a `data:` URI; empty if there is nothing to show."""
    return image(strip(gradients, looks, nonfinite)) if gradients.size else ""


def _stored(raw: bytes) -> bytes:
    """A zlib stream of stored blocks."""
    blocks = [raw[start : start + 65535] for start in range(0, len(raw), 65535)] or [b""]
    body = b"".join(
        struct.pack("<BHH", index == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for index, block in enumerate(blocks)
    )
    return b"\x78\x01" + body + struct.pack(">I", zlib.adler32(raw))
