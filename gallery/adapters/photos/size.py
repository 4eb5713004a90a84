"""How large a photo is, before it is decoded."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gallery.adapters.photos.formats import BY_PILLOW, name_of
from gallery.adapters.photos.guard import pillow_guarded
from gallery.adapters.photos.isobmff import container
from gallery.adapters.plain_file import open_plain

_HEAD = 16
_MOST_BOXES = 2**16


def size_of(path: Path, max_pixels: int) -> int:
    """Width times height, from the file's first bytes; 0 where they do not tell, or there is no such file.

    It is only for planning: a photo that is too large, or lies about its size, is refused when it is read.

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
                return size if size <= max_pixels else 0
    except Exception:  # whatever is wrong with the file, reading it will say so
        return 0


def _of_heif(head: bytes) -> int:
    extents = container(head).properties.get(b"ispe", b"")
    return int.from_bytes(extents[4:8]) * int.from_bytes(extents[8:12])
