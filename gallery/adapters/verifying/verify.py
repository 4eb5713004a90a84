"""Checking a written photo, independently of what wrote it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gallery.adapters.photos import heif
from gallery.adapters.photos.encoding import Wanted
from gallery.adapters.photos.guard import pillow_guarded
from gallery.adapters.verifying.allowed_errors import Allowed, allowed
from gallery.adapters.verifying.residue import residue_of
from gallery.adapters.verifying.tile_errors import bands
from gallery.adapters.verifying.written_pixels import Alpha, Laid, near, rows_near, same, same_where_kept, uncovered
from gallery.domain.errors import NotWritten
from gallery.domain.faces import RGB, Photo
from gallery.domain.geometry import Box
from gallery.domain.paths import shown

_HINT = "Run the command again; if it happens again, choose another --format, such as png, and report it as a fault."
_OPAQUE = 255
_HALF = 128


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    pixels: RGB
    alpha: Alpha | None
    tables: dict[int, list[int]]


def verify(  # noqa: PLR0913, PLR0917 - one writing has this many sides
    path: Path, sha256: str, pixels: RGB, like: Photo, covered: Sequence[Box], wanted: Wanted
) -> RGB:
    """Reads a written file and checks that it is what it was to be: one picture, covered, and nothing else.

    * Its bytes are those that were written.
    * It decodes in full, once, by the format it was written in, whatever its name, and has the photo's size.
    * It holds no other picture and no metadata but what was asked for (`gallery.adapters.verifying.residue`).
    * In every covered region it is nearer to what was to be written than to the photo as read, unless the two are the
      same there within what can be told. Of a photo that was covered before, a region may be the same.
    * Everywhere it is what was to be written: to the bit in lossless formats, opacity included; in GIF likewise
      wherever nothing was changed; in lossy formats within `gallery.adapters.verifying.allowed_errors`, by the input's
      own quantisation tables where those are promised.

    It needs the file, the decoded picture and a stripe of some rows in memory, on top of its arguments.

    Args:
        path: The written file.
        sha256: Of its bytes, in hexadecimal, as the writer says.
        pixels: `(height, width, 3) uint8` RGB, the picture that was handed to the encoder.
        like: The photo as read.
        covered: Regions that were covered, inside the picture.
        wanted: How it was to be written.

    Returns:
        The picture as decoded, `(height, width, 3) uint8` RGB. Where the photo has opacity, it lies beside it, as in
        `like`; a JPEG file of such a photo is on white.

    Raises:
        NotWritten: If any of this does not hold.
    """
    kind = wanted.format or like.format
    data = _bytes_of(path, sha256)
    found = _decoded(path, data, kind, pixels.shape[1], pixels.shape[0])
    kept = like.encoding.get("kept", {}) if wanted.keep_metadata else None
    residue = residue_of(data, kind, kept)
    _require(residue is None, path, f"holds more than its picture: {residue}")
    may = allowed(like, wanted)
    flat = like.alpha if kind == "JPEG" else None
    promised, before = Laid(pixels, flat), Laid(like.pixels, flat)
    open_box = uncovered(_as_seen(found, pixels, kind), promised, before, covered, may.levels)
    _require(open_box is None, path, f"still shows what was to be covered at {_place(open_box)}")
    _require(_as_promised(found.pixels, promised, like, kind, may), path, "does not hold the picture that was written")
    _require(_opacity_as_promised(found, like, kind, may), path, "does not hold the opacity that was written")
    _require(_tables_as_promised(found, may), path, "is coded more coarsely or finely than the photo was")
    return found.pixels


def _require(holds: bool, path: Path, what: str) -> None:
    if not holds:
        raise NotWritten(f"{shown(path)} {what}.", _HINT)


def _place(box: Box | None) -> str:
    return "" if box is None else ",".join(map(str, box.as_list()))


def _bytes_of(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotWritten(
            f"{shown(path)} cannot be read again: {error.strerror or error}.", "Check the disk."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise NotWritten(f"{shown(path)} does not hold the bytes that were written.", "Check the disk.")
    return data


def _decoded(path: Path, data: bytes, kind: str, width: int, height: int) -> _Decoded:
    try:
        with pillow_guarded(max(1, width * height)), _opened(data, kind, width * height) as image:
            _require(image.size == (width, height), path, f"is {image.size[0]}×{image.size[1]}, not {width}×{height}")
            image.load()
            return _taken_from(image)
    except (NotWritten, heif.NoHeif):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotWritten(f"{shown(path)} is larger than {width}×{height}.", _HINT) from error
    except Exception as error:  # Pillow's parsers raise whatever they stumble over
        raise NotWritten(f"{shown(path)} cannot be decoded again in full.", _HINT) from error


def _opened(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    if kind == "HEIF":
        return heif.opened(data, max_pixels)[0]
    return Image.open(io.BytesIO(data), formats=(kind,))


def _taken_from(image: Image.Image) -> _Decoded:
    tables: Any = getattr(image, "quantization", {})
    if not image.has_transparency_data:
        plain = image if image.mode == "RGB" else image.convert("RGB")
        return _Decoded(np.asarray(plain), None, tables)
    clear = image if image.mode == "RGBA" else image.convert("RGBA")
    return _Decoded(np.asarray(clear.convert("RGB")), np.asarray(clear.getchannel("A")), tables)


def _as_seen(found: _Decoded, promised: RGB, kind: str) -> RGB:
    """The decoded picture; in GIF, what is transparent has no colour of its own, so that promised stands for it."""
    if kind != "GIF" or found.alpha is None:
        return found.pixels
    return np.where(found.alpha[..., None] < _HALF, promised, found.pixels)


def _as_promised(written: RGB, promised: Laid, like: Photo, kind: str, may: Allowed) -> bool:
    if kind == "GIF":
        return same_where_kept(written, promised.pixels, like.pixels, like.alpha)
    return near(written, promised, may.levels) if may.levels else same(written, promised)


def _opacity_as_promised(found: _Decoded, like: Photo, kind: str, may: Allowed) -> bool:
    promised = None if kind == "JPEG" else like.alpha
    if found.alpha is None or promised is None:  # a file need not say that all is opaque
        present = promised if found.alpha is None else found.alpha
        least = _HALF if kind == "GIF" else _OPAQUE
        return present is None or int(present.min()) >= least
    for top, bottom in bands(len(promised)):
        there, meant = found.alpha[top:bottom, :, None], promised[top:bottom, :, None]
        if kind == "GIF":
            meant = np.where(meant >= _HALF, np.uint8(_OPAQUE), np.uint8(0))
        if not (np.array_equal(there, meant) if may.exact_opacity else rows_near(there, meant, may.levels)):
            return False
    return True


def _tables_as_promised(found: _Decoded, may: Allowed) -> bool:
    """A file may have fewer tables than the photo: a grey one needs no table for chroma."""
    if may.tables is None:
        return True
    # A colour picture of a grey photo uses the photo's one table for everything.
    meant = dict(enumerate(may.tables))
    return all(tuple(table) == meant.get(number, may.tables[-1]) for number, table in found.tables.items())
