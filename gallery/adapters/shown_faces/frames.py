"""Frames around faces that tell kept from blurred by their line as well as by their colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.adapters.shown_faces.lettering import Colour
from gallery.domain.geometry import Box

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

KEPT: Colour = (64, 220, 110)
BLURRED: Colour = (255, 170, 40)
DARK: Colour = (16, 18, 22)
"""Behind the colours, so that they are seen on a bright picture, too."""


def frame_around(box: Box, thickness: int, width: int, height: int) -> Box:
    """The outer edge of the frame of a face, inside a picture of that size."""
    x, y = max(0, box.x - thickness), max(0, box.y - thickness)
    right, bottom = min(width, box.right + thickness), min(height, box.bottom + thickness)
    return Box(min(x, width - 1), min(y, height - 1), max(1, right - x), max(1, bottom - y))


def draw_frame(on: ImageDraw, outer: Box, thickness: int, kept: bool) -> None:
    """Draws a frame inward from its outer edge: one line if the face is kept, dashes if it is blurred."""
    on.rectangle((outer.x, outer.y, outer.right - 1, outer.bottom - 1), outline=DARK, width=thickness)
    dark = thickness // 5
    for side in _sides(outer, thickness):
        for piece in [side] if kept else _dashes(side, thickness):
            inner = _narrowed(piece, dark)
            on.rectangle((inner.x, inner.y, inner.right - 1, inner.bottom - 1), fill=KEPT if kept else BLURRED)


def _sides(outer: Box, thickness: int) -> list[Box]:
    across, down = min(thickness, outer.width), min(thickness, outer.height)
    return [
        Box(outer.x, outer.y, outer.width, down),
        Box(outer.x, outer.bottom - down, outer.width, down),
        Box(outer.x, outer.y, across, outer.height),
        Box(outer.right - across, outer.y, across, outer.height),
    ]


def _dashes(side: Box, thickness: int) -> list[Box]:
    """A side cut into dashes as long as the gaps between them, one at either end."""
    level = side.width >= side.height
    length = side.width if level else side.height
    pieces = max(3, length // (3 * thickness)) | 1  # odd, so that both ends are dashes
    edges = [round(index * length / pieces) for index in range(pieces + 1)]
    spans = [(a, max(1, b - a)) for a, b in zip(edges[0::2], edges[1::2], strict=True)]
    if level:
        return [Box(side.x + start, side.y, span, side.height) for start, span in spans]
    return [Box(side.x, side.y + start, side.width, span) for start, span in spans]


def _narrowed(box: Box, by: int) -> Box:
    across, down = min(by, (box.width - 1) // 2), min(by, (box.height - 1) // 2)
    return Box(box.x + across, box.y + down, box.width - 2 * across, box.height - 2 * down)
