"""HEIF and HEIC pictures, by pillow-heif, without making its reader known to the whole process."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from typing import Any

from PIL import Image


def remedy() -> str:
    """How to read HEIC after all."""
    from gallery.installed import adding

    return f"Convert the photo to JPEG first, or install the reader: {adding('heic')}"


Importer = Callable[[str], Any]
"""Hands out a library by its name, or raises `ImportError`."""


class NoHeif(RuntimeError):
    """pillow-heif is not installed."""


def opened(data: bytes, max_pixels: int, importer: Importer = importlib.import_module) -> tuple[Image.Image, int]:
    """The main picture of a file, upright as the container asks, and how many pictures there are.

    The container says how a picture is turned (ISO/IEC 23008-12, sections 6.5.10 and 6.5.12), and an orientation in
    EXIF data or XMP beside it is to be ignored; see `gallery.adapters.photos.orientation` for viewers that do not.

    Args:
        data: The file's bytes.
        max_pixels: Width times height of the largest picture that is decoded.
        importer: Where pillow-heif comes from.

    Raises:
        NoHeif: If pillow-heif is not installed.
        Image.DecompressionBombError: If the picture is larger.
    """
    file = _library(importer).open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    width, height = file.size
    if width * height > max_pixels:
        raise Image.DecompressionBombError
    image: Image.Image = file[file.primary_index].to_pillow()
    return image, len(file)


def saved(
    picture: Image.Image, quality: int, subsampling: str, exif: bytes, importer: Importer = importlib.import_module
) -> bytes:
    """A HEIC file of one picture.

    Args:
        picture: In mode `L`, `RGB` or `RGBA`.
        quality: From 0 to 100.
        subsampling: `4:2:0`, `4:2:2` or `4:4:4`.
        exif: What goes into it as EXIF data; may be empty.
        importer: Where pillow-heif comes from.

    Raises:
        NoHeif: If pillow-heif is not installed.
    """
    buffer = io.BytesIO()
    options: dict[str, Any] = {"exif": exif} if exif else {}
    file = _library(importer).from_pillow(picture)
    file.save(buffer, format="HEIF", quality=quality, subsampling=subsampling, **options)
    return buffer.getvalue()


def _library(importer: Importer) -> Any:
    try:
        return importer("pillow_heif")
    except ImportError as error:
        raise NoHeif from error
