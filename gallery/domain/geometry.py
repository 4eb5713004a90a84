"""Boxes and landmarks, in pixels of the upright image; x to the right, y downwards."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """An axis-parallel rectangle of whole pixels.

    Attributes:
        x: Left edge, the first column inside.
        y: Top edge, the first row inside.
        width: Columns inside, at least 1.
        height: Rows inside, at least 1.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a box needs a width and a height of at least 1, got {self.width}×{self.height}")

    @property
    def right(self) -> int:
        """The first column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Pixels inside."""
        return self.width * self.height

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return self.x + self.width / 2, self.y + self.height / 2

    def grow(self, share: float) -> Box:
        """The box with `share` of its width added left and right, and of its height above and below."""
        dx, dy = round(self.width * share), round(self.height * share)
        return Box(self.x - dx, self.y - dy, max(1, self.width + 2 * dx), max(1, self.height + 2 * dy))

    def square(self) -> Box:
        """The square around the same centre whose side is the longer side of the box."""
        side = max(self.width, self.height)
        return Box(self.x - (side - self.width) // 2, self.y - (side - self.height) // 2, side, side)

    def shift(self, dx: int, dy: int) -> Box:
        """The box moved by whole pixels."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def scaled(self, across: float, down: float) -> Box:
        """The box in a picture so many times as wide and as high, in whole pixels."""
        x, y, right, bottom = self.x * across, self.y * down, self.right * across, self.bottom * down
        return Box(round(x), round(y), max(1, round(right) - round(x)), max(1, round(bottom) - round(y)))

    def intersect(self, other: Box) -> Box | None:
        """What both boxes cover, or None where they do not touch."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if right <= x or bottom <= y:
            return None
        return Box(x, y, right - x, bottom - y)

    def hull(self, other: Box) -> Box:
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def clip(self, width: int, height: int) -> Box | None:
        """The part inside an image of that size, or None where nothing is left."""
        return self.intersect(Box(0, 0, width, height))

    def overlap(self, other: Box) -> float:
        """Intersection over union, from 0 (apart) to 1 (the same)."""
        common = self.intersect(other)
        if common is None:
            return 0.0
        return common.area / (self.area + other.area - common.area)

    def as_list(self) -> list[int]:
        """`[x, y, width, height]`, the order of the JSON output."""
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The five points of a face that alignment uses, as seen in the image.

    Attributes:
        right_eye: The person's own right eye, which is on the left of a frontal picture.
        left_eye: The person's own left eye.
        nose: Tip of the nose.
        right_mouth: The person's right corner of the mouth.
        left_mouth: The person's left corner of the mouth.
    """

    right_eye: Point
    left_eye: Point
    nose: Point
    right_mouth: Point
    left_mouth: Point

    def resampled(self, x: float, y: float, across: float, down: float) -> Landmarks:
        """The points in a part of the picture that starts at (x, y) and is scaled by `across` and `down`.

        A landmark counts from the middle of the first pixel, as alignment does, so the half pixel is scaled, too; a
        box counts from its edge.
        """

        def moved(point: Point) -> Point:
            return (point[0] - x + 0.5) * across - 0.5, (point[1] - y + 0.5) * down - 0.5

        return Landmarks(*(moved(point) for point in self.as_tuple()))

    def as_tuple(self) -> tuple[Point, Point, Point, Point, Point]:
        """The points in the order YuNet gives them."""
        return self.right_eye, self.left_eye, self.nose, self.right_mouth, self.left_mouth
