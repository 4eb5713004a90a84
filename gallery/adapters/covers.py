"""Which pixels are covered for a face, and which fade into the photo around it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks

Marks = NDArray[np.bool_]
Floats = NDArray[np.float32]

SLIMMEST = 0.75
"""Width of a whole face as a share of its height, at least; what is slimmer at the photo's border was cut off there."""

_UPRIGHT = math.radians(8)  # least tilt for which a tilted ellipse is laid over the upright one
_ROUNDING = 1e-9  # of a pixel


class Shape(Protocol):
    """A figure in a picture."""

    def covers(self, part: Box, step: int = 1) -> Marks:
        """Which pixels of a part have their middle inside, as `(rows, columns) bool`; every `step`th one only."""

    def away(self, xs: Floats, ys: Floats) -> Floats:
        """How far `(columns,)` by `(rows,)` points are from the middle, as `(rows, columns)`; 1 at the edge."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """All of a box."""

    box: Box

    def covers(self, part: Box, step: int = 1) -> Marks:  # noqa: D102
        xs, ys = np.arange(part.x, part.right, step), np.arange(part.y, part.bottom, step)
        across, down = (xs >= self.box.x) & (xs < self.box.right), (ys >= self.box.y) & (ys < self.box.bottom)
        return np.asarray(down[:, None] & across[None, :])

    def away(self, xs: Floats, ys: Floats) -> Floats:  # noqa: D102
        x, y = self.box.centre
        dx, dy = np.abs(xs - x) / (self.box.width / 2), np.abs(ys - y) / (self.box.height / 2)
        return np.asarray(np.maximum(dy[:, None], dx[None, :]), np.float32)


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse.

    Attributes:
        x: Of its centre, from the photo's left edge.
        y: Of its centre, from the photo's upper edge.
        across: Half its first axis, in pixels.
        down: Half its second axis.
        tilt: By how much it is turned clockwise, in radians.
    """

    x: float
    y: float
    across: float
    down: float
    tilt: float = 0.0

    def covers(self, part: Box, step: int = 1) -> Marks:  # noqa: D102
        a, b, c = self._form()
        dy = np.arange(part.y, part.bottom, step)[:, None] + 0.5 - self.y
        # a·dx² + 2b·dx·dy + c·dy² = 1, solved for dx: where the ellipse begins and ends in each row.
        root = (b * dy) ** 2 - a * (c * dy**2 - 1)
        middle, reach = self.x - b * dy / a, np.sqrt(root.clip(0)) / a + _ROUNDING
        columns = np.arange(part.x, part.right, step, dtype=np.int32)
        first = np.ceil(np.clip(middle - reach - 0.5, -_FAR, _FAR)).astype(np.int32)
        last = np.floor(np.clip(middle + reach - 0.5, -_FAR, _FAR)).astype(np.int32)
        last[root < 0] = -_FAR - 1
        return np.asarray((columns >= first) & (columns <= last))

    def away(self, xs: Floats, ys: Floats) -> Floats:  # noqa: D102
        a, b, c = self._form()
        dx, dy = xs - self.x, ys - self.y
        square = (c * dy**2)[:, None] + (a * dx**2)[None, :] + 2 * b * dy[:, None] * dx[None, :]
        return np.asarray(np.sqrt(square.clip(0)), np.float32)

    def _form(self) -> tuple[float, float, float]:
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        across, down = self.across**-2, self.down**-2
        return across * cos**2 + down * sin**2, (across - down) * sin * cos, across * sin**2 + down * cos**2


_FAR = 2**30  # pixels: beyond any picture


@dataclass(frozen=True, slots=True)
class Cover:
    """What is covered for one face, or for one region that somebody named.

    Attributes:
        bounds: Around everything that changes.
        shapes: Figures that are covered entirely, each with the one beyond which it changes nothing.
        face: The face's box, as far as it goes on beyond the photo's border; the region itself where there is no face.
        oval: Whether it is shaded, to say that here was a face.
        feather: Pixels across which it fades into the photo, at its narrowest.
    """

    bounds: Box
    shapes: tuple[tuple[Shape, Shape], ...]
    face: Box
    oval: bool = True
    feather: int = 0

    def hides(self, part: Box, step: int = 1) -> Marks:
        """Which pixels of a part are covered entirely, as `(rows, columns) bool`; every `step`th one only."""
        return _any([inner.covers(part, step) for inner, _ in self.shapes])

    def reaches(self, part: Box) -> Marks:
        """Which pixels of a part may change, as `(height, width) bool`."""
        return _any([outer.covers(part) for _, outer in self.shapes])

    def share(self, xs: Floats, ys: Floats) -> Floats:
        """How much of the cover `(columns,)` by `(rows,)` points take: 1 inside, falling to 0 where the reach ends."""
        found = []
        for inner, outer in self.shapes:
            beyond, before = (inner.away(xs, ys) - 1).clip(0), (1 - outer.away(xs, ys)).clip(0)
            found.append(before / (before + beyond).clip(np.finfo(np.float32).tiny))
        return np.asarray(np.maximum.reduce(found), np.float32)


def spared(part: Box, kept: Sequence[Box], blurred: Sequence[Box]) -> Marks:
    """Which pixels of a part no cover touches, as `(height, width) bool`: a kept face's own ellipse, without margin.

    Args:
        part: Of the picture.
        kept: Boxes of the faces that stay visible.
        blurred: Boxes that are covered all the same, wherever they overlap a kept face.
    """
    found = _any([np.zeros((part.height, part.width), bool), *(_inscribed(box).covers(part) for box in kept)])
    for box in blurred:
        found &= ~Rectangle(box).covers(part)
    return found


def _any(marks: Sequence[Marks]) -> Marks:
    return np.asarray(np.logical_or.reduce(marks) if len(marks) > 1 else marks[0])


def of_region(region: Box) -> Cover:
    """A region that somebody named: exactly so far, corners included."""
    return Cover(region, ((Rectangle(region), Rectangle(region)),), region, oval=False)


def of_face(face: Detection, size: tuple[int, int], shape: str, margin: float, feather: float) -> Cover:
    """What is covered for a face.

    An ellipse is inscribed in the grown box; where the landmarks tell that the face is tilted, a second one along the
    face is laid over it, so that chin and hairline are covered, and never less than without landmarks.

    Args:
        face: As detected.
        size: Width and height of the photo in pixels.
        shape: `ellipse` or `box`.
        margin: Share of the box added on every side.
        feather: Share of the box, beyond the margin, over which the cover fades into the photo.
    """
    whole = completed(face.box, *size)
    inner, outer = whole.grow(margin), whole.grow(margin + feather)
    soft = min(outer.width - inner.width, outer.height - inner.height) // 2
    if shape == "box":
        return Cover(outer, ((Rectangle(inner), Rectangle(outer)),), whole, feather=soft)
    pairs = [(_inscribed(inner), _inscribed(outer))]
    bounds, turned = outer, tilt(face.landmarks)
    if abs(turned) >= _UPRIGHT:
        pairs.append((_along(whole, margin, turned), _along(whole, margin + feather, turned)))
        bounds = _around(outer, pairs[-1][1])
    return Cover(bounds, tuple(pairs), whole, feather=soft)


def _inscribed(box: Box) -> Ellipse:
    return Ellipse(*box.centre, box.width / 2, box.height / 2)


def _along(box: Box, margin: float, turned: float) -> Ellipse:
    """An upright face's ellipse, turned, and as large as the box around it tells."""
    down = math.hypot(box.width, box.height) / 2 / math.hypot(1, SLIMMEST) * (1 + 2 * margin)
    return Ellipse(*box.centre, SLIMMEST * down, down, turned)


def _around(box: Box, ellipse: Ellipse) -> Box:
    """The box around a box and an ellipse with the same centre."""
    reach = math.ceil(max(ellipse.across, ellipse.down))
    x, y = (math.floor(value) for value in box.centre)
    left, top = min(box.x, x - reach), min(box.y, y - reach)
    return Box(left, top, max(box.right, x + reach + 1) - left, max(box.bottom, y + reach + 1) - top)


def tilt(landmarks: Landmarks | None) -> float:
    """By how much a face is turned clockwise in the picture, in radians from -π to π; 0 without landmarks.

    Measured from the middle between the eyes to the middle between the corners of the mouth, which stays apart in
    profile, where the eyes fall together.
    """
    if landmarks is None:
        return 0.0
    (x1, y1), (x2, y2), _, (x3, y3), (x4, y4) = landmarks.as_tuple()
    across, down = (x3 + x4 - x1 - x2) / 2, (y3 + y4 - y1 - y2) / 2
    return math.atan2(-across, down) if math.isfinite(across + down) else 0.0


def completed(box: Box, width: int, height: int) -> Box:
    """The box of a whole face of which the photo's border may have cut something off.

    A detector reports only what is inside the photo. Half a face takes as large a cover as the whole one, so a face
    that touches the border is taken to go on beyond it: by as much again as is to be seen, and at least as far as makes
    it a face's shape.

    Args:
        box: The face as detected.
        width: Of the photo.
        height: Of the photo.
    """
    left, right = box.x == 0, box.right == width
    up, down = box.y == 0, box.bottom == height
    wider = max(box.width, math.ceil(SLIMMEST * box.height) - box.width)
    taller = max(box.height, box.width - box.height)
    x, y = box.x - wider * left, box.y - taller * up
    return Box(x, y, box.right + wider * right - x, box.bottom + taller * down - y)


def groups(bounds: Sequence[Box]) -> Iterator[list[int]]:
    """The positions of boxes that touch each other, directly or through others; each position once."""
    edges = np.array([(box.x, box.y, box.right, box.bottom) for box in bounds]).reshape(-1, 4)
    left = set(range(len(bounds)))
    while left:
        group, reached = [], [left.pop()]
        while reached:
            group.append(one := reached.pop())
            x, y, right, bottom = edges[one]
            touching = (edges[:, 0] < right) & (edges[:, 2] > x) & (edges[:, 1] < bottom) & (edges[:, 3] > y)
            found = left.intersection(np.flatnonzero(touching).tolist())
            left -= found
            reached += sorted(found)
        yield sorted(group)
