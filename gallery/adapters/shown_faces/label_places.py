"""Where the labels of the faces of a picture go: inside the picture, beside their face, and on no other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.geometry import Box

OWN = 0.12
"""Share of its own face that a label may cover and still count as clear: the edge of a face that fills the picture."""
_ON_OWN, _ON_OTHERS, _ON_LABELS = 1.0, 3.0, 10.0
"""How much worse it is to cover a pixel of one thing than of another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label can go.

    Attributes:
        box: Inside the picture.
        clear: Whether it covers no label, no other face, and hardly any of its own.
    """

    box: Box
    clear: bool


class Places:
    """The room in one picture.

    Args:
        width: The picture's, in pixels.
        height: Likewise.
        faces: With their frames.
    """

    def __init__(self, width: int, height: int, faces: Sequence[Box]) -> None:
        self._width, self._height = width, height
        self._faces = faces
        self._others = _corners(faces)
        self._taken = np.empty((0, 4), np.int64)

    def best(self, face: int, width: int, height: int) -> Place | None:
        """The best place beside a face for a label of that size; None if the picture is smaller than the label."""
        if width > self._width or height > self._height:
            return None
        own = self._faces[face]
        around = [self._inside(x, y, width, height) for x, y in _around(own, width, height)]
        candidates = _corners(around)
        on_faces = _common(candidates, self._others)
        on_own = on_faces[:, face].copy()
        on_faces[:, face] = 0
        on_others, on_labels = on_faces.sum(axis=1), _common(candidates, self._taken).sum(axis=1)
        cost = _ON_OWN * on_own + _ON_OTHERS * on_others + _ON_LABELS * on_labels
        index = int(cost.argmin())
        clear = not on_others[index] and not on_labels[index] and on_own[index] <= OWN * own.area
        return Place(around[index], bool(clear))

    def take(self, box: Box) -> None:
        """Marks a place as a label's."""
        self._taken = np.concatenate([self._taken, _corners([box])])

    def _inside(self, x: int, y: int, width: int, height: int) -> Box:
        return Box(max(0, min(x, self._width - width)), max(0, min(y, self._height - height)), width, height)


def _around(box: Box, width: int, height: int) -> list[tuple[int, int]]:
    """Upper left corners of labels around a box and in its corners, the usual ones first."""
    centre, middle = box.x + (box.width - width) // 2, box.y + (box.height - height) // 2
    along = (box.x, centre, box.right - width)
    beside = (box.y, middle, box.bottom - height)
    return [
        *((x, box.bottom) for x in along),
        *((x, box.y - height) for x in along),
        *((box.right, y) for y in beside),
        *((box.x - width, y) for y in beside),
        *((x, box.bottom - height) for x in along),
        *((x, box.y) for x in along),
        *((x, box.bottom) for x in (box.x - width // 2, box.right - width // 2)),
        *((x, box.y - height) for x in (box.x - width // 2, box.right - width // 2)),
    ]


def _corners(boxes: Sequence[Box]) -> NDArray[np.int64]:
    """`(N, 4)`: left, top, right, bottom."""
    return np.array([(b.x, b.y, b.right, b.bottom) for b in boxes], np.int64).reshape(-1, 4)


def _common(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """`(N, M)`: pixels that each of the ones and each of the others have in common."""
    left_top = np.maximum(ones[:, None, :2], others[None, :, :2])
    right_bottom = np.minimum(ones[:, None, 2:], others[None, :, 2:])
    common: NDArray[np.int64] = np.maximum(0, right_bottom - left_top).prod(axis=2)
    return common
