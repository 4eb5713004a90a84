"""Faces where a photo is so dark, pale or flat that a detector does not see them, and a viewer who stretches it would.

Where contrast is low, its parts are looked at once more with each channel's histogram equalised in small squares
(Zuiderveld 1994, "Contrast limited adaptive histogram equalization"), so that neither a lamp nor a bright half of the
photo keeps a dark one from being stretched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.merging import merge
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector

LOOKED_AT = 768
"""Longer side of the copy in which contrast is measured, in pixels."""
WINDOW = 16
"""Contrast is measured in squares of this part of the copy's longer side."""
LEAST_CONTRAST, FLAT = 0.4, 8.0
"""Standard deviations about the local mean, in grey levels, between which a place can hide a face. Faces that are found
in group photos have 20 and more; at a fifth of the brightness they have 4 to 15, and one in seven is missed; at a
thirtieth they have 0.7 to 2.3. Below the least there is nothing in eight bits that could be stretched."""
CELLS = 16
"""Parts are made of cells, so many along the photo's longer side."""
SHARE = 0.7
"""Share of a cell that must be flat for the cell to be looked at once more."""
WHOLE = 0.7
"""Share of the photo from which it is looked at as a whole instead of part by part."""
LARGEST = 3000
"""Longer side of a photo in pixels from which its stretched copies are reduced to this scale: in larger ones YuNet sees
faces in the noise of walls and skies."""
CLIP, SQUARES = 20.0, 8
"""Of the equalisation: by how much contrast is raised at most, and how many squares there are in each direction."""


class Stretched:
    """Looks at a picture, and once more at a stretched copy of those parts that are nearly without contrast.

    Args:
        detector: Looks at the picture.
        again: Looks at the copies; the same if None. Most photos have a sky or a wall that is looked at in vain, so a
            faster one saves time.
    """

    def __init__(self, detector: Detector, again: Detector | None = None) -> None:
        self._detector, self._again = detector, again or detector

    @property
    def card(self) -> ModelCard:
        """The detector's entry in the registry."""
        return self._detector.card

    @property
    def settings(self) -> dict[str, Any]:
        """What was set of it, for the record."""
        return self._detector.settings

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If the detector fails.
        """
        require_rgb(image)
        found = self._detector.detect(image)
        more = [one for part in flat_parts(image) for one in self._seen_again(image, part)]
        return merge(found, more) if more else found

    def _seen_again(self, image: RGB, part: Box) -> Iterator[Detection]:
        """What is seen in a stretched copy of a part, in the coordinates of the picture."""
        import cv2

        piece = image[part.y : part.bottom, part.x : part.right]
        factor = min(1.0, LARGEST / max(image.shape[:2]))
        size = (max(1, round(part.width * factor)), max(1, round(part.height * factor)))
        small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA) if factor < 1 else piece
        across, down = part.width / size[0], part.height / size[1]
        for one in self._again.detect(stretched(np.asarray(small, np.uint8))):
            box = one.scaled(across, down).box.clip(part.width, part.height)
            if box is not None:
                yield replace(one.scaled(across, down), box=box).shifted(part.x, part.y)


def stretched(image: RGB) -> RGB:
    """A copy with each channel's contrast raised, place by place; a channel without any shows what the others do."""
    import cv2

    equaliser = cv2.createCLAHE(CLIP, (SQUARES, SQUARES))
    channels = [np.ascontiguousarray(image[..., channel]) for channel in range(3)]
    telling = [int(np.ptp(channel)) > 1 for channel in channels]
    done = [equaliser.apply(channel) for channel, tells in zip(channels, telling, strict=True) if tells]
    if not done:
        return image
    others = np.mean(done, axis=0).astype(np.uint8) if len(done) < len(channels) else done[0]
    given = iter(done)
    return np.stack([next(given) if tells else others for tells in telling], axis=-1)


def flat_parts(image: RGB) -> list[Box]:
    """The parts of a picture that are nearly without contrast, but not quite: all of it, or boxes around them."""
    import cv2

    height, width = image.shape[:2]
    flat = _flat(image)
    rows, columns = (max(1, round(CELLS * side / max(height, width))) for side in (height, width))
    cells = (cv2.resize(flat, (columns, rows), interpolation=cv2.INTER_AREA) >= SHARE).astype(np.uint8)
    around = cv2.dilate(cells, np.ones((3, 3), np.uint8)) if cells.any() else cells
    _, _, stats, _ = cv2.connectedComponentsWithStats(around, connectivity=4)
    found = [_box(cell, width / columns, height / rows).clip(width, height) for cell in stats[1:]]
    parts = [part for part in found if part is not None]
    return [Box(0, 0, width, height)] if sum(part.area for part in parts) >= WHOLE * width * height else parts


def _flat(image: RGB) -> NDArray[np.float32]:
    """Where a reduced copy has little contrast, and still some: 1, and elsewhere 0."""
    import cv2

    factor = min(1.0, LOOKED_AT / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    side = max(3, max(size) // WINDOW)
    detail = small - cv2.blur(small, (side, side))
    # The mean of squares may come out below zero by rounding.
    contrast = np.sqrt(np.maximum(cv2.blur(detail * detail, (side, side)), 0)).max(axis=2)
    return np.asarray((contrast >= LEAST_CONTRAST) & (contrast < FLAT), np.float32)


def _box(cell: NDArray[np.int32], across: float, down: float) -> Box:
    x, y, width, height = (int(value) for value in cell[:4])
    left, top = round(x * across), round(y * down)
    return Box(left, top, max(1, round((x + width) * across) - left), max(1, round((y + height) * down) - top))
