"""Turning a picture upright, as its EXIF orientation asks."""

from __future__ import annotations

from PIL import ExifTags, Image

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


def upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """The picture, loaded and turned upright, and whether rows and columns have changed places.

    EXIF data that cannot be read is taken as none, as picture viewers do. What XMP says of it counts for nothing:
    browsers pay no heed to it either, and in a photo turned by it a detector could miss the faces that they show.

    Args:
        image: As opened, not yet loaded: Pillow turns a TIFF when it is loaded, and takes its tag away.
    """
    for xmp in _XMP:
        image.info.pop(xmp, None)
    turned_by_pillow = image.format == "TIFF" and _orientation(image) in _ON_ITS_SIDE
    image.load()
    orientation = _orientation(image)
    if orientation not in _TURNS:
        return image, turned_by_pillow
    return image.transpose(_TURNS[orientation]), orientation in _ON_ITS_SIDE


def _orientation(image: Image.Image) -> object:
    try:
        exif = image.getexif()
        if image.format in ("JPEG", "MPO"):  # what Pillow found on opening has XMP's word in it
            exif = Image.Exif()
            exif.load(image.info.get("exif", b""))
        orientation = exif.get(ExifTags.Base.Orientation)
        hash(orientation)
    except Exception:  # Pillow raises whatever its parser stumbles over: struct.error, SyntaxError, KeyError, ...
        return None
    return orientation
