"""Recorded files made smaller, if they still are what was recorded."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.adapters.plain_file import read_plain
from gallery.domain.errors import BadPhoto
from gallery.domain.paths import on_disk
from gallery.domain.picture_budget import Fit
from gallery.domain.reporting import Fault, Glance

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITIES = (75, 60, 45, 30)
"""Of JPEG, tried one after the other until the picture fits."""
SMALLER = 0.7
"""What its sides are multiplied with when it does not fit at any of them."""
TINY = 32
"""Pixels of the longer side below which nothing is recognised; such a picture is taken whatever its size."""


class FileGlancer:
    """The port `Glancer` by Pillow.

    Args:
        max_pixels: Width times height of the largest picture that is read.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    def glance(self, path: Path, sha256: str, fit: Fit | None) -> Glance:
        """See `gallery.domain.report_ports.Glancer`. Nothing of a file is decoded that is not the one on record."""
        try:
            path = on_disk(path)
            data = read_plain(path) if path.is_file() else None
        except (FileNotFoundError, NotADirectoryError):
            data = None
        except (OSError, ValueError) as error:
            return Glance(fault=Fault.UNREADABLE, detail=f"{getattr(error, 'strerror', None) or error}.")
        return Glance(fault=Fault.MISSING) if data is None else self._compared(path, data, sha256, fit)

    def _compared(self, path: Path, data: bytes, sha256: str, fit: Fit | None) -> Glance:
        if hashlib.sha256(data).hexdigest() != sha256:
            return Glance(fault=Fault.CHANGED)
        if fit is None:
            return Glance()
        try:
            return Glance(smaller(self._picture(path, data, fit), fit))
        except BadPhoto as error:
            return Glance(fault=Fault.UNREADABLE, detail=error.message)

    def _picture(self, path: Path, data: bytes, fit: Fit) -> Image:
        """The picture, upright and in sRGB. A JPEG file is decoded no larger than is needed."""
        from PIL import Image

        from gallery.adapters.photos.formats import name_of
        from gallery.adapters.photos.read import read

        if name_of(data) == "JPEG":
            quick = self._quick(data, fit)
            if quick is not None:
                return quick
        photo = read(path, self._max_pixels).opaque()
        return Image.fromarray(photo.pixels)

    def _quick(self, data: bytes, fit: Fit) -> Image | None:
        """None where the file is not so simple; the ordinary way then says why, or reads it all the same."""
        from PIL import Image

        from gallery.adapters.photos.colour import to_srgb
        from gallery.adapters.photos.guard import pillow_guarded, require_within
        from gallery.adapters.photos.orientation import upright

        try:
            with pillow_guarded(self._max_pixels), Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
                require_within(image, self._max_pixels)
                scale = fit.side / max(image.size)
                image.draft(None, (math.ceil(image.width * scale), math.ceil(image.height * scale)))
                turned = upright(image, data, "JPEG").image
                pixels, _ = to_srgb(turned)
        except Exception:  # Pillow raises whatever its parsers stumble over
            return None
        return Image.fromarray(pixels)


def smaller(image: Image, fit: Fit) -> bytes:
    """A picture as a JPEG file that fits; without any metadata.

    Args:
        image: In RGB.
        fit: How large it may be.
    """
    from PIL import Image as Pictures

    side = min(fit.side, max(image.size))
    while True:
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small = image if size == image.size else image.resize(size, Pictures.Resampling.LANCZOS, reducing_gap=3.0)
        data = b""
        for data in _encodings(small):
            if len(data) <= fit.size:
                return data
        if side <= TINY:
            return data
        side = max(TINY, round(side * SMALLER))


def _encodings(image: Image) -> Iterator[bytes]:
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True)
        yield stream.getvalue()
