"""What a file's encoding was, and a new file in the same one.

What is promised of the pixels that are handed over:

* PNG, BMP, TIFF and lossless WebP hold exactly them, opacity included.
* JPEG uses the input's own quantisation tables and chroma subsampling, so it is as good as the input was. The tables
  are turned with the picture where the input lay on its side.
* Other WebP is written at quality 95, since the file does not tell its own.

A new file is made from the bare pixels, so it carries no EXIF, XMP, IPTC, colour profile, comment or thumbnail. It
needs no profile: without one, a picture is taken to be in sRGB, which it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from gallery.adapters.photos.bmp import bmp_with_opacity
from gallery.domain.faces import RGB, Photo

_LOSSY_WEBP_QUALITY = 95
_FULL_CHROMA = 0  # 4:4:4, in Pillow's numbers
_COARSEST = 255  # of a baseline JPEG (ITU-T T.81, B.2.4.1); rarer, coarser tables are cut to it, which loses nothing
_LOSSLESS_TIFF = frozenset(("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"))
_GREY_MODES = frozenset(("1", "L", "I;16", "I;16B", "I;16L", "I;16N"))


class CannotEncode(ValueError):
    """A format that is read, but not written."""


def encoding_of(image: Image.Image, data: bytes, on_its_side: bool) -> dict[str, Any]:
    """What has to be known to write the same format at the same quality.

    Args:
        image: As opened and loaded, before anything is converted.
        data: The file's bytes.
        on_its_side: Whether rows and columns changed places when the picture was turned upright.
    """
    encoding: dict[str, Any] = {"grey": image.mode in _GREY_MODES}
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        encoding |= _jpeg_encoding(image, on_its_side)
    elif image.format == "WEBP":
        encoding["lossless"] = _is_lossless_webp(data)
    elif image.format == "TIFF":
        encoding["compression"] = image.info.get("compression", "raw")
    return encoding


def _jpeg_encoding(image: JpegImagePlugin.JpegImageFile, on_its_side: bool) -> dict[str, Any]:
    tables = [np.minimum(table, _COARSEST).reshape(8, 8) for _, table in sorted(image.quantization.items())]
    subsampling = JpegImagePlugin.get_sampling(image)
    # Pillow writes 4:4:4, 4:2:2 and 4:2:0 only. Where the input has something else, or has 4:2:2 and was turned by a
    # quarter, full chroma resolution loses nothing.
    if subsampling < 0 or (on_its_side and subsampling == 1):
        subsampling = _FULL_CHROMA
    return {
        "qtables": tuple(tuple((table.T if on_its_side else table).ravel().tolist()) for table in tables),
        "subsampling": subsampling,
        "progressive": "progressive" in image.info,
    }


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the picture lies in a `VP8L` chunk (RFC 9649, section 2.6), rather than in a `VP8 ` one."""
    place = 12
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        place += 8 + size + size % 2
    return False


def encode(pixels: RGB, like: Photo) -> bytes:
    """A file of the picture in the format of `like`, with its opacity and nothing else.

    A grey photo that is still grey is written as such.

    Args:
        pixels: `(height, width, 3) uint8` RGB of the same size as `like`.
        like: The photo as it was read.

    Raises:
        CannotEncode: If this program does not write that format.
    """
    encoder = _ENCODERS.get(like.format)
    if encoder is None:
        raise CannotEncode(like.format)
    return encoder(_picture(pixels, like), like.encoding)


def _picture(pixels: RGB, like: Photo) -> Image.Image:
    if like.alpha is not None:
        return Image.fromarray(np.dstack((pixels, like.alpha)))
    if like.encoding.get("grey") and (pixels == pixels[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    return Image.fromarray(np.ascontiguousarray(pixels))


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _jpeg(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    options = {name: encoding[name] for name in ("qtables", "subsampling", "progressive") if name in encoding}
    return _saved(picture, "JPEG", **options)


def _png(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    del encoding
    return _saved(picture, "PNG")


def _webp(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    if encoding.get("lossless"):
        return _saved(picture, "WEBP", lossless=True, exact=True)
    return _saved(picture, "WEBP", quality=_LOSSY_WEBP_QUALITY, exact=True)


def _tiff(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    compression = encoding.get("compression")
    return _saved(picture, "TIFF", compression=compression if compression in _LOSSLESS_TIFF else "tiff_lzw")


def _bmp(picture: Image.Image, encoding: dict[str, Any]) -> bytes:
    del encoding
    return bmp_with_opacity(np.asarray(picture)) if picture.mode == "RGBA" else _saved(picture, "BMP")


_ENCODERS: dict[str, Callable[[Image.Image, dict[str, Any]], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "TIFF": _tiff,
    "BMP": _bmp,
}
