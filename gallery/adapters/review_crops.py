"""Small pictures of faces, for a person who has to decide on them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from gallery.adapters.photos.guard import pillow_guarded
from gallery.adapters.photos.read import read
from gallery.adapters.plain_file import open_plain
from gallery.adapters.reference_crops import ReferenceCrops
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.paths import on_disk
from gallery.domain.people import FaceCrop

LONGEST_SIDE = 256
"""Pixels of a kept picture's longer side: enough to know somebody by, too few to print."""
QUALITY = 85
"""Of its JPEG, in libjpeg's numbers."""
SURROUNDINGS = 0.4
"""Share of the face's square that is shown on every side: hair, ears and shoulders, by which people are known, too."""


class FacePictures:
    """The port `ReviewCrops`, by Pillow. The photo that was read last stays in memory, for its other faces.

    Args:
        max_pixels: Width times height of the largest photo that is read.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._last: tuple[str, str, RGB] | None = None

    def make(self, image: RGB, box: Box) -> bytes:
        """A JPEG without metadata of a face with some surroundings, at most `LONGEST_SIDE` pixels a side.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the whole photo.
            box: The face.

        Raises:
            ValueError: If the face lies outside the photo.
        """
        require_rgb(image)
        picture = Image.fromarray(around(image, box))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=QUALITY, optimize=True)
        return file.getvalue()

    def opened(self, picture: bytes) -> RGB:
        """The pixels of a kept picture, as `(height, width, 3) uint8` RGB.

        Raises:
            BadPhoto: If it is damaged, or larger than any that is kept.
        """
        try:
            with pillow_guarded(LONGEST_SIDE**2), Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
                return np.asarray(image.convert("RGB"))
        except Exception as error:  # Pillow's parsers raise whatever they stumble over
            raise BadPhoto("The picture kept of the face is damaged.") from error

    def part(self, image: RGB, box: Box) -> RGB:
        """A face of a photo with some surroundings, as `(height, width, 3) uint8` RGB.

        Raises:
            ValueError: If the face lies outside the photo.
        """
        return around(image, box)

    def cut(self, source: str, sha256: str, box: Box) -> RGB:
        """A face with some surroundings, cut out of a photo on disk that still is the one on record.

        Args:
            source: The photo's path as recorded.
            sha256: Of its bytes, as recorded. Nothing of another file is decoded.
            box: The face.

        Returns:
            `(height, width, 3) uint8` RGB.

        Raises:
            BadPhoto: If it is not there, is another one by now, or cannot be read.
        """
        if self._last is None or self._last[:2] != (source, sha256):
            self._last = source, sha256, self._read(source, sha256)
        try:
            return around(self._last[2], box)
        except ValueError as error:
            raise BadPhoto(f"The face lies outside {source}.") from error

    def reference(self, crop: FaceCrop, detection: Detection) -> RGB:
        """The picture kept of a reference, square.

        Raises:
            BadPhoto: If it is damaged.
        """
        return ReferenceCrops().thumbnail(crop, detection, LONGEST_SIDE)

    def _read(self, source: str, sha256: str) -> RGB:
        try:
            path = on_disk(Path(source))
            with open_plain(path) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BadPhoto(f"The photo {source} is not there.") from error
        except (OSError, ValueError) as error:
            raise BadPhoto(
                f"The photo {source} cannot be read: {getattr(error, 'strerror', None) or error}."
            ) from error
        if found != sha256:
            raise BadPhoto(f"The photo {source} was changed since the run.")
        return read(path, self._max_pixels).opaque().pixels


def around(image: RGB, box: Box) -> RGB:
    """The part of a picture that shows a face with some surroundings, as far as it reaches.

    Raises:
        ValueError: If the face lies outside it.
    """
    part = box.square().grow(SURROUNDINGS).clip(image.shape[1], image.shape[0])
    if part is None:
        raise ValueError(f"{box} lies outside an image of {image.shape[1]}×{image.shape[0]} pixels")
    return np.ascontiguousarray(image[part.y : part.bottom, part.x : part.right])
