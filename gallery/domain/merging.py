"""One detection for each face, of many that looks at a picture in several sizes, turns and pieces gave.

Whoever looks may be unsure: a face larger than the detector was made for, or cut by the edge of a piece. Such a
detection gives way to a sure one of the same face. It is never left out for doubt alone: a false alarm is blurred
without harm, and a face left out stays visible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Detection
from gallery.domain.geometry import Box

SAME_FACE = 0.4
"""Intersection over union from which two boxes are taken to be one face. Two people cheek to cheek overlap less: of the
2,820 labelled faces of WIDER FACE and Face Mask Detection in the test data, no two overlap so far."""
INSIDE, SMALL_INSIDE, SMALL = 0.8, 0.4, 0.25
"""Share of a doubted face that lies in one sure face from which it is taken for a part of it; and the share for one of
at most so much of the sure one's area. YuNet invents faces on the cheeks, foreheads and chins of large ones: all 36 on
42 enlarged portraits are such. Of a stranger half hidden behind somebody, less lies in that face."""
MUCH, AS_SURE = 0.3, 0.2
"""Share of a box left outside the surest one of the same face from which the surest is widened to hold both, if their
scores differ by no more than so much: one may show the eyes, the other the whole head."""

Boxes = NDArray[np.float32]
"""`(N, 4)`: x, y, width and height."""


def merge(found: Sequence[Detection], doubted: Sequence[Detection] = ()) -> tuple[Detection, ...]:
    """One detection per face, the surest, from left to right (greedy non-maximum suppression).

    Args:
        found: Sure detections; several may be of one face.
        doubted: Unsure ones. They count wherever no sure one is of the same face, nor holds nearly all of them.
    """
    ordered = [*sorted(found, key=_surest_first), *sorted(doubted, key=_surest_first)]
    boxes = np.array([one.box.as_list() for one in ordered], np.float32).reshape(-1, 4)
    sure = len(found)
    if len(ordered) > sure:
        surest = boxes[[first for first, _ in same_face(boxes[:sure])]]
        left = [*range(sure), *(row for row in range(sure, len(ordered)) if not _part_of_any(boxes[row], surest))]
        ordered, boxes = [ordered[row] for row in left], boxes[left]
    merged = [_widened(ordered, boxes, first, others) for first, others in same_face(boxes)]
    return tuple(sorted(merged, key=lambda one: one.box))


def unite(first: Sequence[Detection], second: Sequence[Detection]) -> tuple[Detection, ...]:
    """What either of two detectors found, each face once, from left to right.

    Args:
        first: One detection for each face. Of a face that both found, the box and the landmarks are its.
        second: One detection for each face, by the other detector. The scores of both are taken as probabilities:
            that both are wrong is less likely than that either is.
    """
    every = [*first, *second]
    boxes = np.array([one.box.as_list() for one in every], np.float32).reshape(-1, 4)
    found = []
    for lead, others in same_face(boxes):
        doubt = np.prod([1 - every[row].score for row in (lead, *others)])
        found.append(replace(_widened(every, boxes, lead, others), score=float(1 - doubt)))
    return tuple(sorted(found, key=lambda one: one.box))


def same_face(boxes: Boxes) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The first box of each face, and the later ones that lie on it, as numbers of rows.

    Args:
        boxes: The surest first.
    """
    left = np.arange(len(boxes))
    while len(left):
        first, rest = int(left[0]), left[1:]
        same = overlaps(boxes[first], boxes[rest]) >= SAME_FACE
        yield first, rest[same]
        left = rest[~same]


def overlaps(box: Boxes, others: Boxes) -> NDArray[np.float32]:
    """Intersection over union of one box, `(4,)`, with each of some others, `(N, 4)`."""
    shared = _shared(box, others)
    return np.asarray(shared / (box[2] * box[3] + others[:, 2] * others[:, 3] - shared), np.float32)


def inside(box: Boxes, others: Boxes) -> NDArray[np.float32]:
    """Share of one box, `(4,)`, that lies in each of some others, `(N, 4)`."""
    return np.asarray(_shared(box, others) / (box[2] * box[3]), np.float32)


def _part_of_any(box: Boxes, others: Boxes) -> bool:
    """Whether a doubted face is rather a part of one of the sure ones."""
    small = box[2] * box[3] <= SMALL * others[:, 2] * others[:, 3]
    return bool(np.any(inside(box, others) >= np.where(small, SMALL_INSIDE, INSIDE)))


def _shared(box: Boxes, others: Boxes) -> NDArray[np.float32]:
    across = np.minimum(box[0] + box[2], others[:, 0] + others[:, 2]) - np.maximum(box[0], others[:, 0])
    down = np.minimum(box[1] + box[3], others[:, 1] + others[:, 3]) - np.maximum(box[1], others[:, 1])
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0), np.float32)


def _surest_first(detection: Detection) -> tuple[float, Box]:
    return -detection.score, detection.box


def _widened(ordered: Sequence[Detection], boxes: Boxes, first: int, others: NDArray[np.intp]) -> Detection:
    """The surest detection of a face, its box widened by those of others that show much more of it."""
    box, least = ordered[first].box, ordered[first].score - AS_SURE
    for other in others:
        if ordered[other].score >= least and inside(boxes[other], boxes[first : first + 1])[0] < 1 - MUCH:
            box = box.hull(ordered[other].box)
    return replace(ordered[first], box=box)
