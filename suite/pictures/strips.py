"""Heat strips of log10 gradients as small indexed PNGs: sixteen colours, four bits a pixel, the same bytes anywhere.

The pixels are stored, not deflated: these images are some hundred bytes, and what a deflater makes of them would
differ between versions of zlib, so that a site could not be checked against its results on another machine.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from suite.pictures.scale import GRADIENT_DECADES

VIRIDIS = (
    "#440154", "#481c6e", "#453581", "#3d4d8a", "#34618d", "#2b748e", "#24878e",
    "#1f998a", "#25ac82", "#40bd72", "#67cc5c", "#97d83f", "#c8e020", "#fde725",
)  # fmt: skip
"""One colour a decade from 1e-12 to 1e2 (viridis, by van der Walt and Smith): even to any eye, colour-blind or not."""

NONFINITE = "#ff5a36"
"""Infinite or not a number: nowhere near the ramp."""

STRIP_SIZE = 20
"""Most steps and places of a heat strip."""

_NONE, _FIRST, _NONFINITE = 0, 1, 15
_PALETTE = b"".join(bytes.fromhex(color[1:]) for color in ("#000000", *VIRIDIS, NONFINITE))


def median_over_replicates(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """(replicates, steps, positions) to (steps, positions): the median of those that were probed, NaN if none was."""
    ordered = np.sort(block, axis=0)  # NaN sorts last
    counts = (~np.isnan(block)).sum(axis=0)
    if not len(block):
        return np.zeros(block.shape[1:])
    low = np.take_along_axis(ordered, np.maximum((counts - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, np.maximum(counts // 2, 0).clip(max=len(block) - 1)[None], axis=0)[0]
    return np.where(counts == 0, np.nan, np.where(low == high, low, (low + high) / 2))


def thinned(length: int, most: int) -> NDArray[np.int64]:
    """Indices of at most `most` of `length` places, evenly spread, the first and last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(np.int64)) if length else np.arange(0)


def codes(gradients: ArrayLike) -> NDArray[np.uint8]:
    """The palette's index of each gradient; a zero is below the scale, NaN is transparent."""
    values = np.asarray(gradients, dtype=float)
    low, high = GRADIENT_DECADES
    with np.errstate(divide="ignore", invalid="ignore"):
        decade = np.floor(np.log10(np.abs(values)) - low + 1e-9)
    result = _FIRST + np.nan_to_num(decade, nan=0, neginf=0, posinf=0).clip(0, high - low - 1)
    result = np.where(np.isinf(values), _NONFINITE, np.where(np.isnan(values), _NONE, result))
    return np.asarray(result, dtype=np.uint8)


def image(gradients: ArrayLike) -> str:
    """A (rows, columns) array, its first row on top, as a `data:` URI of one pixel per value."""
    pixels = codes(gradients)
    height, width = pixels.shape
    padded = np.pad(pixels, ((0, 0), (0, width % 2)))
    packed = (padded[:, ::2] << 4) | padded[:, 1::2]
    raw = np.pad(packed, ((0, 0), (1, 0))).tobytes()  # each row starts with its filter: none
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)),
        (b"PLTE", _PALETTE),
        (b"tRNS", b"\x00"),
        (b"IDAT", _stored(raw)),
        (b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def strip_image(gradients: NDArray[np.float64], looks: int) -> str:
    """(steps, places) as a heat strip: training runs to the right, the last place is on top.

    The width stands for a whole run of so many looks: where one ended early, the rest stays empty.
    """
    if not gradients.size:
        return ""
    width = min(max(looks, len(gradients)), STRIP_SIZE)
    steps = thinned(len(gradients), max(1, round(width * len(gradients) / max(looks, len(gradients)))))
    shown = gradients[np.ix_(steps, thinned(gradients.shape[1], STRIP_SIZE))]
    return image(np.pad(shown, ((0, width - len(shown)), (0, 0)), constant_values=np.nan).T[::-1])


def _stored(raw: bytes) -> bytes:
    """A zlib stream of stored blocks."""
    blocks = [raw[start : start + 65535] for start in range(0, len(raw), 65535)] or [b""]
    body = b"".join(
        struct.pack("<BHH", index == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for index, block in enumerate(blocks)
    )
    return b"\x78\x01" + body + struct.pack(">I", zlib.adler32(raw))
