"""How large a photo is, before it is decoded."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gallery.adapters.photos.formats import BY_PILLOW, name_of
from gallery.adapters.photos.guard import pillow_guarded
from gallery.adapters.photos.isobmff import container
from gallery.adapters.plain_file import open_plain

# Bytes for each pixel at the peak of reading, writing and verifying, above those of the program itself, of photos of
# six megapixels (`python tests/benchmarks/measure_decoding.py 3000 2000`): JPEG 16.2, PNG 17.5, with opacity 21.1,
# turned and with a profile 26.2, of 16 bits with opacity 21.5, TIFF 19.9, WebP 27.0, HEIC 33.7, AVIF 36.1.
_USUAL_BYTES = 16
_BYTES = {"JPEG": 16, "MPO": 16, "WEBP": 28, "HEIF": 34, "AVIF": 38}
_OTHER_BYTES, _CLEAR_BYTES = 20, 28

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
