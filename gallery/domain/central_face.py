"""Which face of a portrait is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gallery.domain.faces import Detection


def central(detections: Sequence[Detection], width: int, height: int) -> Detection:
    """The detection whose box's middle is nearest to the middle of the image; of two equally near, the larger.

    Args:
        detections: At least one.
        width: Of the image, in pixels.
        height: Likewise.
    """
    return min(detections, key=lambda d: (math.dist(d.box.centre, (width / 2, height / 2)), -d.box.area))
