"""What of a photo's metadata may go with it if the user asks for that. Nothing does by default.

The whole list:

* the resolution (dots per inch), turned with the picture;
* the copyright notice (EXIF tag 0x8298), which is written to be read by everybody;
* the colour space, which is always sRGB, since the pixels are (Pillow leaves that out of a TIFF).

Nothing else: captions and keywords name people; the artist, the camera's owner, serial numbers, unique ids and maker
notes name the photographer or the camera; dates, places, exposure and software help to find out both; a thumbnail or
preview shows the faces. The picture is upright, so no orientation is needed. Only EXIF is read for this: a notice that
stands in XMP or IPTC alone is not kept.
"""

from __future__ import annotations

import math
from typing import Any

from PIL import ExifTags, Image

_LONGEST_NOTICE = 500
_LARGEST_RESOLUTION = 20_000
_INCH = 2
_CENTIMETRE = 3
_JFIF_UNITS = frozenset((1, 2))  # dots per inch and per centimetre; 0 means the shape of a pixel only (JFIF 1.02)
_SRGB = 1


def metadata_of(image: Image.Image, on_its_side: bool) -> dict[str, Any]:
    """What may be kept: `dpi`, a pair of numbers, and `copyright`, a text, where the photo has them.

    Args:
        image: As opened and loaded.
        on_its_side: Whether rows and columns changed places when the picture was turned upright.
    """
    try:
        exif: Any = dict(image.getexif())
    except Exception:  # Pillow raises whatever its parser stumbles over
        exif = {}
    found: dict[str, Any] = {}
    resolution = _resolution(image, exif)
    if resolution is not None:
        found["dpi"] = resolution[::-1] if on_its_side else resolution
    notice = _line(exif.get(ExifTags.Base.Copyright))
    if notice:
        found["copyright"] = notice
    return found


def exif_of(kept: dict[str, Any]) -> Image.Exif:
    """EXIF data of what is kept, and of nothing else."""
    exif = Image.Exif()
    if "dpi" in kept:
        exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = kept["dpi"]
        exif[ExifTags.Base.ResolutionUnit] = _INCH
    if "copyright" in kept:
        exif[ExifTags.Base.Copyright] = kept["copyright"]
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = _SRGB
    return exif


def _resolution(image: Image.Image, exif: dict[int, Any]) -> tuple[float, float] | None:
    """The resolution that stands in the file. Of a TIFF, or a JPEG with EXIF data, Pillow makes one up if none does."""
    stated = image.format in ("PNG", "BMP") or image.info.get("jfif_unit") in _JFIF_UNITS
    return (_pair(image.info.get("dpi")) if stated else None) or _exif_resolution(exif)


def _exif_resolution(exif: dict[int, Any]) -> tuple[float, float] | None:
    unit = exif.get(ExifTags.Base.ResolutionUnit, _INCH)
    pair = _pair((exif.get(ExifTags.Base.XResolution), exif.get(ExifTags.Base.YResolution)))
    if pair is None or unit not in (_INCH, _CENTIMETRE):
        return None
    factor = 2.54 if unit == _CENTIMETRE else 1.0
    return round(pair[0] * factor, 2), round(pair[1] * factor, 2)


def _pair(value: Any) -> tuple[float, float] | None:
    try:
        x, y = (round(float(number), 2) for number in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    sensible = all(math.isfinite(number) and 1 <= number <= _LARGEST_RESOLUTION for number in (x, y))
    return (x, y) if sensible else None


def _line(value: Any) -> str:
    """A text as one printable line; a notice is one, and nothing can be hidden behind its end."""
    text = value.split("\0")[0] if isinstance(value, str) else ""
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST_NOTICE]
