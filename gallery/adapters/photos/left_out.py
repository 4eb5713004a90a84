"""Pictures that a file carries besides the one that is shown, and what becomes of them.

Several pictures that stand for themselves (an animation, pages, a burst, a stereo pair) are refused: one of them would
be anonymised and the others lost. What only helps to show the one picture (a gain map for HDR screens, a depth map, a
preview) is left out of the output, which holds one picture; the photo says so in its remarks.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, JpegImagePlugin, TiffImagePlugin

from gallery.adapters.photos.isobmff import container

GAIN_MAP = "Its HDR gain map was left out: the output holds the ordinary picture alone."
PREVIEW = "A preview beside its picture was left out."
HELPERS = "Its gain map, depth map or previews were left out: the output holds the ordinary picture alone."

# What the gain map's own header, or the main picture's, tells it by: Google's Ultra HDR, Adobe's and Apple's, and
# ISO 21496-1.
_GAIN_MAP_MARKS = (b"hdrgm:", b"hdrgainmap", b"HDRGainMap", b"urn:iso:std:iso:ts:21496:-1")
_PREVIEW = "Large Thumbnail"
_NUMBER_OF_PICTURES = 0xB001  # CIPA DC-007, section 5.2.3.2
_ENTRIES = 0xB002  # section 5.2.3.3: what is known of each picture
_KIND_OF_PICTURE = 0x00FE  # TIFF 6.0, section 8: NewSubfileType
_REDUCED = 1
_PICTURES_BELOW = 0x014A  # TIFF technical note 1: SubIFDs
_DNG_VERSION = 0xC612  # Adobe DNG 1.7


class OnlyPreview(ValueError):
    """A file whose picture is a preview of one that cannot be read here."""


class SeveralPictures(ValueError):
    """A file of more than one picture.

    Args:
        count: How many; None where that is not known.
    """

    def __init__(self, count: int | None) -> None:
        super().__init__("several pictures" if count is None else f"{count} pictures")
        self.count = count


def remarks_on(image: Image.Image, data: bytes) -> tuple[str, ...]:
    """What of a file is left out, once it is known to hold one picture only.

    Args:
        image: As opened; its current picture may be changed by this.
        data: The file's bytes.

    Raises:
        SeveralPictures: If it holds several.
        OnlyPreview: If it is a camera's raw file.
    """
    if image.format == "MPO":
        return _of_jpegs(image)
    count = getattr(image, "n_frames", 1)
    if count != 1:
        raise SeveralPictures(count)
    if image.format == "AVIF":
        return boxed(data, animated_format=data[8:12] == b"avis")
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return _of_one_jpeg(image)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _of_tiff(image)
    return ()


def boxed(data: bytes, animated_format: bool = False, count: int = 1) -> tuple[str, ...]:
    """The same for AVIF and HEIF.

    Args:
        data: The file's bytes.
        animated_format: Whether its one picture is the only one of a sequence.
        count: How many pictures the decoder counts.

    Raises:
        SeveralPictures: If it holds several.
    """
    found = container(data)
    if found.sequence and not animated_format:
        raise SeveralPictures(None)
    if max(found.pictures, count) > 1:
        raise SeveralPictures(max(found.pictures, count))
    if found.gain_map:
        return (GAIN_MAP,)
    return (HELPERS,) if found.helpers else ()


def _of_one_jpeg(image: JpegImagePlugin.JpegImageFile) -> tuple[str, ...]:
    """Where Pillow sees a gain map's mark, or cannot make out the list of pictures, it passes the others over."""
    try:
        listed: Any = image._getmp()  # the list is read nowhere else
    except (SyntaxError, TypeError, IndexError):
        return (HELPERS,)
    return (GAIN_MAP,) if listed is not None and listed[_NUMBER_OF_PICTURES] > 1 else ()


def _of_tiff(image: TiffImagePlugin.TiffImageFile) -> tuple[str, ...]:
    """A camera's raw file is a TIFF file whose first picture is a preview, and whose photo hangs below it."""
    tags = image.tag_v2
    if _DNG_VERSION in tags or tags.get(_KIND_OF_PICTURE, 0) == _REDUCED:
        raise OnlyPreview
    return (PREVIEW,) if _PICTURES_BELOW in tags else ()


def _of_jpegs(image: Image.Image) -> tuple[str, ...]:
    """Of JPEG pictures one after the other (CIPA DC-007, "Multi-Picture Format")."""
    entries = image.mpinfo[_ENTRIES]  # type: ignore[attr-defined]
    remarks = []
    for number, entry in enumerate(entries[1:], 1):
        if _PREVIEW in str(entry["Attribute"]["MPType"]):
            remarks.append(PREVIEW)
        elif _is_gain_map(image, number):
            remarks.append(GAIN_MAP)
        else:
            raise SeveralPictures(len(entries))
    return tuple(dict.fromkeys(remarks))


def _is_gain_map(image: Image.Image, number: int) -> bool:
    image.seek(number)
    segments: list[tuple[str, bytes]] = image.applist  # type: ignore[attr-defined]
    return any(mark in content for _, content in segments for mark in _GAIN_MAP_MARKS)


def first_of(data: bytes, formats: tuple[str, ...]) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture of a file, not yet decoded, and the remarks on it.

    Args:
        data: The file's bytes.
        formats: Those it may have, by Pillow's names.

    Raises:
        SeveralPictures: If it holds several.
    """
    with Image.open(io.BytesIO(data), formats=formats) as looked_at:
        remarks = remarks_on(looked_at, data)
    return Image.open(io.BytesIO(data), formats=formats), remarks
