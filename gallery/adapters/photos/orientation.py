"""Turning a picture upright, as browsers do, and how else other viewers would show it."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags, Image

from gallery.adapters.photos.carriers import ways_of

# CIPA DC-008 (EXIF 2.32), tag 0x0112: where the first row and the first column of the stored picture lie.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_XMP = ("xmp", "XML:com.adobe.xmp")  # where Pillow keeps it
_ON_ITS_SIDE = frozenset((5, 6, 7, 8))
# The same as quarter turns counter-clockwise, after which left and right change places where the number is mirrored.
_QUARTERS = {1: 0, 2: 0, 3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}
_MIRRORED = frozenset((2, 4, 5, 7))
_TURNED_BY_LIBRARY = frozenset(("AVIF", "TIFF"))

DOUBTFUL = "Viewers may disagree about which way up it is. It is written as browsers show it; faces were looked for"
DOUBTFUL += " the other ways, too."


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A picture as browsers show it.

    Attributes:
        image: Loaded.
        on_its_side: Whether rows and columns have changed places.
        turns: Quarter turns counter-clockwise, from 1 to 3, by which other viewers may show it, mirrored or not.
        doubtful: Whether another viewer may show it in another way at all.
    """

    image: Image.Image
    on_its_side: bool
    turns: tuple[int, ...] = ()
    doubtful: bool = False


def upright(image: Image.Image, data: bytes, kind: str | None) -> Upright:
    """The picture, loaded and turned upright.

    What says how it lies and cannot be read counts as nothing, as in browsers.

    Args:
        image: As opened, not yet loaded: Pillow turns a TIFF when it is loaded, and takes its tag away; libheif has
            turned a HEIF.
        data: The file's bytes.
        kind: Its format, by Pillow's name.
    """
    for xmp in _XMP:  # Pillow would turn by it
        image.info.pop(xmp, None)
    ways = ways_of(data, kind)
    chosen = _by_pillow(image) if kind in _TURNED_BY_LIBRARY else ways.browsers
    image.load()
    left = _by_pillow(image) if kind == "TIFF" else 1 if kind == "HEIF" else chosen
    turned = image.transpose(_TURNS[left]) if left in _TURNS else image
    others = ways.others - {chosen}
    turns = {_from(chosen, other) for other in others} - {0}
    return Upright(turned, chosen in _ON_ITS_SIDE, tuple(sorted(turns)), bool(others))


def upright_in_memory(image: Image.Image) -> Upright:
    """A picture of Pillow's, turned as its EXIF data says; it may have been turned already, so both ways are told.

    Args:
        image: May be changed.
    """
    for xmp in _XMP:
        image.info.pop(xmp, None)
    chosen = _by_pillow(image)
    image.load()
    turned = image.transpose(_TURNS[chosen]) if chosen in _TURNS else image
    back = _from(chosen, 1)
    return Upright(turned, chosen in _ON_ITS_SIDE, (back,) if back else (), chosen != 1)


def _from(chosen: int, other: int) -> int:
    """By how many quarters a picture that was turned one way has to be turned to lie the other way."""
    quarters = _QUARTERS[other] - _QUARTERS[chosen]
    return (-quarters if chosen in _MIRRORED else quarters) % 4


def _by_pillow(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        return int(orientation) if orientation in _TURNS else 1
    except Exception:  # Pillow raises whatever its parser stumbles over: struct.error, SyntaxError, KeyError, ...
        return 1
