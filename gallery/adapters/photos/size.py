"""How large a photo is, before it is decoded."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gallery.adapters.photos.formats import BY_PILLOW, name_of
from gallery.adapters.photos.guard import pillow_guarded
from gallery.adapters.photos.isobmff import container
from gallery.adapters.plain_file import open_plain

# Bytes for each pixel at the peak of reading, writing and verifying, above those of the program itself, of photos of 24
# megapixels (`python tests/benchmarks/measure_decoding.py`): JPEG 16; TIFF 19; PNG of 16 bits with opacity 20; PNG of
# 8 bits with opacity, turned, and with a profile 25; HEIC 34. WebP and AVIF were not measured, and count as HEIC.
_USUAL_BYTES = 16
_BYTES = {"JPEG": 16, "MPO": 16, "HEIF": 34, "AVIF": 34, "WEBP": 34}
_OTHER_BYTES, _CLEAR_BYTES = 20, 26

_HEAD = 16
_MOST_BOXES = 2**16


def size_of(path: Path, max_pixels: int) -> int:
    """The room that a photo takes while it is worked on, as so many pixels of an ordinary JPEG.

    It follows from the file's first bytes; it is 0 where they do not tell, or there is no such file. It is only for
    planning: a photo that is too large, or lies about its size, is refused when it is read.

    Args:
        path: The file.
        max_pixels: As for reading.
    """
    try:
        if not path.is_file():
            return 0
        with open_plain(path) as file:
            if name_of(file.read(_HEAD)) == "HEIF":
                file.seek(0)
                return _of_heif(file.read(_MOST_BOXES))
            file.seek(0)
            with pillow_guarded(max_pixels), Image.open(file, formats=BY_PILLOW) as image:
                size = image.width * image.height
                return _room(size, image) if size <= max_pixels else 0
    except Exception:  # whatever is wrong with the file, reading it will say so
        return 0


def _of_heif(head: bytes) -> int:
    extents = container(head).properties.get(b"ispe", b"")
    size = int.from_bytes(extents[4:8]) * int.from_bytes(extents[8:12])
    return size * _BYTES["HEIF"] // _USUAL_BYTES


def _room(size: int, image: Image.Image) -> int:
    usual = _CLEAR_BYTES if image.has_transparency_data else _OTHER_BYTES
    return size * _BYTES.get(image.format or "", usual) // _USUAL_BYTES
