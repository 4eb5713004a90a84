"""Keeps the part of a photo around a reference's face, small enough to lie in the gallery.

What is lost when a template is made from the kept picture instead of the photo: the cosine distance between the two
under `sface`, whose threshold is 0.591, and how far the distances to other people's faces move by it.

| faces, longer side of the box | kB, median (largest) | distance, median | 99 % | worst | others, 99 % |
|---|---|---|---|---|---|
| 120 of LFW, 98 to 186 px | 16 (26) | 0.0002 | 0.0007 | 0.0009 | 0.006 |
| 120 of group and press photos, 27 to 1048 px | 19 (68) | 0.0004 | 0.0021 | 0.0023 | 0.010 |
| the 28 of these from 201 px | 41 (68) | 0.0011 | 0.0021 | 0.0021 | 0.012 |
| LFW's at 40 %, 38 to 73 px | 8 (11) | 0.0016 | 0.0032 | 0.0043 | 0.014 |
| LFW's at 20 %, 19 to 34 px | 3 (4) | 0.0040 | 0.0086 | 0.0094 | 0.022 |

Printed, with the choices that were not taken, by
`python tests/benchmarks/measure_crops.py sface lfw-deepfunneled groups`.

* Small faces need the higher quality, and cost little by it: at 92, the last row's worst is 0.103.
* Large ones do not: at 98 they take 73 kB for a worst of 0.0021. Made smaller, to 160 pixels, it is 0.0075.
* Beginning on the blocks of the photo's own JPEG halves the loss, and saves a quarter of the bytes.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from gallery.adapters.crops import ARCFACE_SIDE, ARCFACE_TEMPLATE, similarity
from gallery.adapters.photos.guard import pillow_guarded
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.people import FaceCrop

MARGIN = 0.3
"""Share of the box, and of the aligned square, that is kept on every side: the widest of the built-in models'. A model
with a wider one would see the kept part's border repeated instead of the photo."""
FACE_SIDE = 256
"""Pixels of the longer side of a face's box up to which it is kept as it is; larger faces are made smaller."""
LONGEST_SIDE = 1024
"""Pixels that no picture exceeds in either direction, whatever a detector says."""
QUALITY = 92
"""Of the JPEG, in libjpeg's numbers."""
SMALL_FACE = 128
"""Pixels of the longer side of a box up to which the models enlarge what JPEG leaves, so that it has to leave more."""
SMALL_QUALITY = 98
"""Likewise for those."""

_FULL_CHROMA = 0  # 4:4:4, in Pillow's numbers
_GRID = 8  # pixels of a JPEG's blocks: where the photo's and the crop's coincide, little is lost a second time
_TOLERANCE = 1  # pixels by which rounding may move a box's edge out of the picture
_SURROUNDINGS = 0.15  # of the box on every side in a thumbnail: hair and chin, by which people know one another
_REMEDY = "Enrol the photo again, or remove the reference."


@dataclass(frozen=True, slots=True)
class ReferenceCrops:
    """Implements the port `CropMaker`.

    Attributes:
        quality: Of the JPEG.
        small_quality: Likewise for faces of up to `SMALL_FACE` pixels.
        face_side: Pixels of the longer side of a face's box above which the picture is made smaller.
    """

    quality: int = QUALITY
    small_quality: int = SMALL_QUALITY
    face_side: int = FACE_SIDE

    def make(self, image: RGB, detection: Detection) -> FaceCrop:
        """The part of a photo that any of the croppers can look at, and no more of it.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the whole photo.
            detection: The face.

        Returns:
            A JPEG of full colour resolution (4:4:4) without metadata, at most `LONGEST_SIDE` pixels a side.

        Raises:
            ValueError: If the face's box lies outside the photo.
        """
        require_rgb(image)
        region = _region(image, detection)
        face = max(detection.box.width, detection.box.height)
        scale = min(1.0, self.face_side / face, LONGEST_SIDE / max(region.width, region.height))
        part = Image.fromarray(np.ascontiguousarray(image[region.y : region.bottom, region.x : region.right]))
        if scale < 1:
            part = _reduced(part, scale)
        quality = self.small_quality if face <= SMALL_FACE else self.quality
        file = io.BytesIO()
        part.save(file, "JPEG", quality=quality, subsampling=_FULL_CHROMA, optimize=True)
        return FaceCrop(file.getvalue(), region.x, region.y, scale)

    def open(self, crop: FaceCrop, detection: Detection) -> tuple[RGB, Detection]:
        """The picture of a crop, and where the face is in it.

        Args:
            crop: As `make` gave it.
            detection: Where the face was in the photo.

        Returns:
            `(height, width, 3) uint8` RGB, and the detection in it, its box inside and at least one pixel large.

        Raises:
            BadPhoto: If the picture is damaged, larger than any that is kept, or does not reach where the face was.
        """
        pixels = _decoded(crop.picture)
        height, width = pixels.shape[:2]
        box, landmarks = _mapped_box(crop, detection.box, width, height), detection.landmarks
        return pixels, Detection(
            box, detection.score, landmarks and landmarks.resampled(crop.x, crop.y, crop.scale, crop.scale)
        )

    def thumbnail(self, crop: FaceCrop, detection: Detection, side: int) -> RGB:
        """A small square picture around the face, to be looked at.

        Args:
            crop: As `make` gave it.
            detection: Where the face was in the photo.
            side: Width and height of the result in pixels, at least 1.

        Returns:
            `(side, side, 3) uint8` RGB; what lies outside the photo repeats its border.

        Raises:
            BadPhoto: As `open`.
        """
        pixels, mapped = self.open(crop, detection)
        around = mapped.box.square().grow(_SURROUNDINGS)
        rows = np.arange(around.y, around.bottom).clip(0, pixels.shape[0] - 1)
        columns = np.arange(around.x, around.right).clip(0, pixels.shape[1] - 1)
        square = Image.fromarray(pixels[rows[:, None], columns])
        return np.asarray(square.resize((side, side), Image.Resampling.BOX))


def _region(image: RGB, detection: Detection) -> Box:
    """Whatever of a photo the croppers can look at, begun on a block of the photo's own JPEG, if it is one."""
    height, width = image.shape[:2]
    parts = [detection.box.square().grow(MARGIN)]
    if detection.landmarks is not None:
        parts.append(_around_aligned(detection.landmarks, width, height))
    x, y = (max(0, min(edges)) // _GRID * _GRID for edges in ([part.x for part in parts], [part.y for part in parts]))
    right, bottom = max(part.right for part in parts), max(part.bottom for part in parts)
    inside = Box(x, y, right - x, bottom - y).clip(width, height)
    if inside is None:
        raise ValueError(f"{detection.box} lies outside an image of {width}×{height} pixels")
    return inside


def _around_aligned(landmarks: Landmarks, width: int, height: int) -> Box:
    """The upright box around an aligned chip, which may be turned, as far as it is in the photo."""
    matrix = similarity(np.array(landmarks.as_tuple(), np.float64), ARCFACE_TEMPLATE)
    half = ARCFACE_SIDE / 2 * (1 + 2 * MARGIN)
    corners = ARCFACE_SIDE / 2 + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    turn, shift = matrix[:, :2], matrix[:, 2]
    # The inverse of a turn and a scale is its transpose over the square of the scale. Points that lie as no face's do
    # can have a scale near 0, and then stand for the whole photo.
    points = (corners - shift) @ turn / max(float(np.linalg.det(turn)), 1e-12)
    points = points.clip(-1, (width, height))
    left, top = np.floor(points.min(axis=0)).astype(int) - 1
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + 2
    return Box(int(left), int(top), int(right - left), int(bottom - top))


def _reduced(part: Image.Image, scale: float) -> Image.Image:
    """Smaller by exactly that scale; the fraction of a pixel left over at the right and bottom edge is dropped."""
    width, height = (max(1, math.floor(side * scale + 1e-9)) for side in part.size)
    taken = (0, 0, min(part.width, width / scale), min(part.height, height / scale))
    return part.resize((width, height), Image.Resampling.LANCZOS, box=taken)


def _decoded(picture: bytes) -> RGB:
    try:
        with pillow_guarded(LONGEST_SIDE**2), Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
            if max(image.size) > LONGEST_SIDE:
                raise Image.DecompressionBombError
            image.load()
            return np.asarray(image.convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadPhoto(
            f"The picture kept of a reference has more than {LONGEST_SIDE} pixels a side, which none can have.", _REMEDY
        ) from error
    except Exception as error:
        # Pillow's parsers raise whatever they stumble over (OSError, SyntaxError, struct.error, IndexError, ...).
        raise BadPhoto("The picture kept of a reference is damaged.", _REMEDY) from error


def _mapped_box(crop: FaceCrop, box: Box, width: int, height: int) -> Box:
    left, right = ((edge - crop.x) * crop.scale for edge in (box.x, box.right))
    top, bottom = ((edge - crop.y) * crop.scale for edge in (box.y, box.bottom))
    if min(left, top) < -_TOLERANCE or right > width + _TOLERANCE or bottom > height + _TOLERANCE:
        raise BadPhoto("The picture kept of a reference does not show the face it is said to show.", _REMEDY)
    x, columns = _whole(left, right, width)
    y, rows = _whole(top, bottom, height)
    return Box(x, y, columns, rows)


def _whole(start: float, stop: float, length: int) -> tuple[int, int]:
    """The first pixel and how many, at least one, all of them in the picture."""
    first = min(max(0, round(start)), length - 1)
    return first, min(max(first + 1, round(stop)), length) - first
