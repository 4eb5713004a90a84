"""What a file's encoding was, and a new file in the same one, or in one that the user asked for.

What is promised of the pixels that are handed over:

* PNG, BMP, TIFF and lossless WebP hold exactly them, opacity included.
* GIF holds exactly those that are as they were read; changed ones get the nearest of its 256 colours.
* JPEG uses the input's own quantisation tables and chroma subsampling, so it is as good as the input was. The tables
  are turned with the picture where the input lay on its side. With a quality asked for, the tables are libjpeg's.
* Other WebP is written at quality 95, AVIF and HEIC at 90 with the input's own chroma subsampling, unless a quality is
  asked for: a file does not tell its own. So pixels outside the blurred regions change a little there.

A new file is made from the bare pixels, so it carries no EXIF, XMP, IPTC, colour profile, comment or thumbnail. It
needs no profile: without one, a picture is taken to be in sRGB, which it is. What may be kept is listed in
`gallery.adapters.photos.kept_metadata`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from gallery.adapters.photos import heif
from gallery.adapters.photos.bmp import bmp_with_opacity
from gallery.adapters.photos.gif import gif
from gallery.adapters.photos.isobmff import container
from gallery.adapters.photos.kept_metadata import exif_of
from gallery.domain.faces import RGB, Photo

_LOSSY_WEBP_QUALITY = 95
_AVIF_QUALITY = 90
_HEIC_QUALITY = 90
_NEW_JPEG_QUALITY = 92
_HALVED_CHROMA = "4:2:0"
_FULL_CHROMA = 0  # 4:4:4, in Pillow's numbers
_COARSEST = 255  # of a baseline JPEG (ITU-T T.81, B.2.4.1); rarer, coarser tables are cut to it, which loses nothing
_LOSSLESS_TIFF = frozenset(("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"))
_GREY_MODES = frozenset(("1", "L", "LA", "I;16", "I;16B", "I;16L", "I;16N"))


class CannotEncode(ValueError):
    """A format that is read, but not written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How outputs are to be written, where not like the input.

    Attributes:
        format: Pillow's name of a format; None for the input's own.
        quality: From 1 to 100, of lossy formats; None for the input's own, or what comes near it.
        keep_metadata: Whether what `gallery.adapters.photos.kept_metadata` lists goes along.
    """

    format: str | None = None
    quality: int | None = None
    keep_metadata: bool = False


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
    elif image.format == "AVIF":
        encoding["chroma"] = _avif_chroma(container(data).properties.get(b"av1C", b""))
    elif image.info.get("chroma") in (420, 422, 444):  # HEIF
        encoding["chroma"] = ":".join(str(image.info["chroma"]))
    return encoding


def _jpeg_encoding(image: JpegImagePlugin.JpegImageFile, on_its_side: bool) -> dict[str, Any]:
    tables = [np.minimum(table, _COARSEST).reshape(8, 8) for table in _tables(image)]
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


def _tables(image: JpegImagePlugin.JpegImageFile) -> list[list[int]]:
    """The tables of luminance and chrominance, in the order in which Pillow gives them to the components it writes."""
    used = [image.quantization[number] for _, _, _, number in image.layer[:3]]
    while len(used) > 1 and used[-1] == used[-2]:
        used.pop()
    return used


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the picture lies in a `VP8L` chunk (RFC 9649, section 2.6), rather than in a `VP8 ` one."""
    place = 12
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        place += 8 + size + size % 2
    return False


def _avif_chroma(configuration: bytes) -> str:
    """From the bits `chroma_subsampling_x` and `_y` (AV1 in ISOBMFF, section 2.3.3); what is 4:2:2 gets full chroma."""
    halved = configuration[2] >> 2 & 3 if len(configuration) > 2 else 3
    return _HALVED_CHROMA if halved == 3 else "4:4:4"


def encode(pixels: RGB, like: Photo, wanted: Wanted | None = None) -> bytes:
    """A file of the picture in the format of `like`, or the one wanted, with its opacity and nothing else.

    A grey photo that is still grey is written as such.

    Args:
        pixels: `(height, width, 3) uint8` RGB of the same size as `like`.
        like: The photo as it was read.
        wanted: What the user asked for.

    Raises:
        CannotEncode: If this program does not write that format.
        heif.NoHeif: If HEIC cannot be written here.
    """
    wanted = wanted or Wanted()
    kind = wanted.format or like.format
    own = like.encoding if kind == like.format else {}
    kept = like.encoding.get("kept", {}) if wanted.keep_metadata else None
    if kind == "GIF":
        return gif(pixels, like.pixels, like.alpha)
    if kind not in _ENCODERS:
        raise CannotEncode(kind)
    return _ENCODERS[kind](_picture(pixels, like, kind), own, wanted.quality, kept)


def _picture(pixels: RGB, like: Photo, kind: str) -> Image.Image:
    if like.alpha is not None:
        if kind != "JPEG":
            return Image.fromarray(np.dstack((pixels, like.alpha)))
        pixels = replace(like, pixels=pixels).opaque().pixels  # JPEG knows no opacity
    if like.encoding.get("grey") and (pixels == pixels[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    return Image.fromarray(np.ascontiguousarray(pixels))


Own = dict[str, Any]
Kept = dict[str, Any] | None


def _saved(picture: Image.Image, kind: str, kept: Kept, **options: Any) -> bytes:
    if kept is not None:
        options["exif"] = exif_of(kept)
        if "dpi" in kept:
            options["dpi"] = kept["dpi"]
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _jpeg(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    options: dict[str, Any] = {name: own[name] for name in ("qtables", "subsampling", "progressive") if name in own}
    if quality is not None or "qtables" not in own:
        options.pop("qtables", None)
        options["quality"] = quality or _NEW_JPEG_QUALITY
    return _saved(picture, "JPEG", kept, **options)


def _png(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    del own, quality
    return _saved(picture, "PNG", kept)


def _webp(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    if own.get("lossless"):
        return _saved(picture, "WEBP", kept, lossless=True, exact=True)
    return _saved(picture, "WEBP", kept, quality=quality or _LOSSY_WEBP_QUALITY, exact=True)


def _tiff(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    del quality
    compression = own.get("compression")
    return _saved(picture, "TIFF", kept, compression=compression if compression in _LOSSLESS_TIFF else "tiff_lzw")


def _bmp(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    del own, quality
    if picture.mode == "RGBA":
        return bmp_with_opacity(np.asarray(picture))
    return _saved(picture, "BMP", None, **({"dpi": kept["dpi"]} if kept and "dpi" in kept else {}))


def _avif(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    chroma = "4:0:0" if picture.mode == "L" else own.get("chroma", _HALVED_CHROMA)
    return _saved(picture, "AVIF", kept, quality=quality or _AVIF_QUALITY, subsampling=chroma)


def _heic(picture: Image.Image, own: Own, quality: int | None, kept: Kept) -> bytes:
    exif = b"" if kept is None else exif_of(kept).tobytes()
    return heif.saved(picture, quality or _HEIC_QUALITY, own.get("chroma", _HALVED_CHROMA), exif)


_ENCODERS: dict[str, Callable[[Image.Image, Own, int | None, Kept], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "TIFF": _tiff,
    "BMP": _bmp,
    "AVIF": _avif,
    "HEIF": _heic,
}
