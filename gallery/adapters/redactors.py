"""Making faces unrecognisable: blur, pixelate, solid colour.

What is written over a face is made of the pixels that stay visible around it and of constants, never of the face: with
any other face in its place, the redacted picture is the same to the last bit. So nothing can be undone or recognised
again, whatever is tried. How much is covered (hair and outline tell people apart, too) is what
`gallery evaluate redaction` has measured; see `gallery.domain.redacting`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.covers import Cover, Marks, groups, of_face, of_region, spared
from gallery.adapters.span import RIM, SHADING, TONE, Span
from gallery.domain.errors import BadArgument
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.redacting import BLOCKS, FEATHER, MARGIN, MOST_BLOCKS, MOST_FEATHER, MOST_MARGIN

METHODS = ("blur", "pixelate", "solid")
SHAPES = ("ellipse", "box")

COLOUR = (128, 128, 128)
"""Red, green and blue of `solid`."""

_AVOIDED = 0.1  # of a kept face, around it: no colour of it is taken
_SPACING = 4  # points across the feather at which its share is worked out; between them it changes evenly

Paint = Callable[[Cover, Box], RGB]
"""Draws what covers a part of the picture for a cover."""


@dataclass(frozen=True, slots=True)
class RegionRedactor:
    """Covers each face by one method.

    Attributes:
        method: `blur` (a smooth film between the pixels around the face, with a faint oval), `pixelate` (the film
            drawn as blocks) or `solid`.
        shape: `ellipse`, inscribed in the grown box and following the face's tilt, or `box`.
        margin: Share of the box added on every side.
        blocks: With `pixelate`, blocks across a face. They are drawn from the film, and say nothing of the face.
        feather: Share of the box, beyond the margin, over which the cover fades into the photo. It never thins out
            what the margin covers.
        colour: Red, green and blue of `solid`.

    Raises:
        BadArgument: If one of them makes no sense.
    """

    method: str = "blur"
    shape: str = "ellipse"
    margin: float = MARGIN
    blocks: int = BLOCKS
    feather: float = FEATHER
    colour: tuple[int, int, int] = COLOUR

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise BadArgument(f"There is no redaction method {self.method!r}.", f"Choose from {', '.join(METHODS)}.")
        if self.shape not in SHAPES:
            raise BadArgument(f"There is no redaction shape {self.shape!r}.", f"Choose from {', '.join(SHAPES)}.")
        if not (math.isfinite(self.margin) and 0 <= self.margin <= MOST_MARGIN):
            raise BadArgument(f"The margin must be a share of the face from 0 to {MOST_MARGIN}, not {self.margin}.")
        if not 1 <= self.blocks <= MOST_BLOCKS:
            raise BadArgument(f"The strength must be from 1 to {MOST_BLOCKS} blocks, not {self.blocks}.")
        if not (math.isfinite(self.feather) and 0 <= self.feather <= MOST_FEATHER):
            raise BadArgument(f"The feather must be a share of the face from 0 to {MOST_FEATHER}, not {self.feather}.")
        if len(self.colour) != 3 or not all(0 <= level <= 255 for level in self.colour):
            raise BadArgument(f"A colour is three levels from 0 to 255, not {self.colour}.")

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin, feather and what the method depends on, for the record."""
        more: dict[str, dict[str, Any]] = {
            "blur": {"film": 1, "tone": TONE, "shading": SHADING},
            "pixelate": {"film": 1, "tone": TONE, "shading": SHADING, "blocks": self.blocks},
            "solid": {"colour": list(self.colour)},
        }
        return {
            "method": self.method,
            "shape": self.shape,
            "margin": self.margin,
            "feather": self.feather,
            **more[self.method],
        }

    def redact(
        self, image: RGB, faces: Sequence[Detection], regions: Sequence[Box] = (), kept: Sequence[Box] = ()
    ) -> RGB:
        """A copy of the picture with every face and region covered, and every other pixel as it was.

        The order of faces and regions makes no difference. No covered pixel of `image` has any influence on the result.

        Args:
            image: `(height, width, 3) uint8` RGB; left as it is.
            faces: What lies outside the picture is cut off.
            regions: What is covered besides: exactly these boxes, without margin or feather.
            kept: Faces that stay visible. Their own ellipses, without margin, are left out of their neighbours' covers
                as far as no face or region's box is uncovered, and no colour of theirs is used for a cover.

        Raises:
            ValueError: If `image` is not such an array.
        """
        require_rgb(image)
        result = image.copy()
        whole = Box(0, 0, image.shape[1], image.shape[0])
        covers = [cover for cover in self._covers(faces, regions, whole) if cover.bounds.intersect(whole)]
        blurred = [*(face.box for face in faces), *regions]
        avoided = [box.grow(_AVOIDED) for box in kept]
        for group in groups([cover.bounds.grow(RIM) for cover in covers]):
            own = [covers[one] for one in group]
            paint = self._paint(image, own, covers, avoided)
            for cover in own:
                part = cover.bounds.intersect(whole)
                if part:
                    pixels = result[part.y : part.bottom, part.x : part.right]
                    near = [box for box in kept if box.intersect(part)]
                    untouched = spared(part, near, blurred) if near else None
                    _lay(pixels, paint(cover, part), cover, part, untouched)
        return result

    def _covers(self, faces: Sequence[Detection], regions: Sequence[Box], whole: Box) -> list[Cover]:
        size = whole.width, whole.height
        found = [of_face(face, size, self.shape, self.margin, self.feather) for face in faces]
        found += [of_region(region) for region in regions]
        return sorted(found, key=lambda one: (one.face.area, one.face, one.oval, repr(one.shapes)))

    def _paint(self, image: RGB, own: Sequence[Cover], covers: Sequence[Cover], avoided: Sequence[Box]) -> Paint:
        if self.method == "solid":
            colour = np.array(self.colour, np.uint8)
            return lambda _cover, part: np.broadcast_to(colour, (part.height, part.width, 3))
        span = Span.of(image, own, covers, avoided)
        return span.smooth if self.method == "blur" else lambda cover, part: span.blocks(cover, part, self.blocks)


def _lay(pixels: RGB, painted: RGB, cover: Cover, part: Box, untouched: Marks | None) -> None:
    """Lays paint over a part of a picture: all of it where the cover hides, fading out in the feather."""
    import cv2

    free = True if untouched is None else ~untouched
    hidden = cover.hides(part) & free
    if not cover.feather:
        np.copyto(pixels, painted, where=hidden[..., None])
        return
    share = np.maximum(_faded(cover, part), hidden)
    # Onto what is there by now: the original would shine through where another face is covered.
    blended = cv2.blendLinear(np.ascontiguousarray(painted), np.ascontiguousarray(pixels), share, 1 - share)
    blended = cv2.copyTo(painted, hidden.astype(np.uint8), blended)
    pixels[...] = cv2.copyTo(blended, (cover.reaches(part) & free).astype(np.uint8), np.ascontiguousarray(pixels))


def _faded(cover: Cover, part: Box) -> NDArray[np.float32]:
    """`(height, width) float32` how much of the paint each pixel of a part takes."""
    import cv2

    space = max(1, min(cover.feather // _SPACING, part.width, part.height))
    columns, rows = -(-part.width // space), -(-part.height // space)
    xs, ys = (
        start + (np.arange(count, dtype=np.float32) + 0.5) * space
        for start, count in ((part.x, columns), (part.y, rows))
    )
    share = cv2.resize(cover.share(xs, ys), (columns * space, rows * space), interpolation=cv2.INTER_LINEAR)
    return np.asarray(share[: part.height, : part.width])
