"""Photos, and the faces found in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.errors import WrongType
from gallery.domain.geometry import Box, Landmarks

RGB = NDArray[np.uint8]
"""One picture, `(height, width, 3) uint8`, red first, upright."""

_AT_ONCE = 1_000_000
"""Pixels that are laid on white at once."""

Embeddings = NDArray[np.float32]
"""One row per face, `(N, D) float32`."""


def require_rgb(pixels: object, what: str = "image") -> RGB:
    """Checks that something is one colour picture, and gives it back.

    Raises:
        WrongType: If it is no array.
        ValueError: If it is not `(height, width, 3) uint8` with at least one pixel.
    """
    if not isinstance(pixels, np.ndarray):
        raise WrongType(f"{what} must be a (height, width, 3) uint8 array, not a {type(pixels).__qualname__}.")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ValueError(f"{what} must be (height, width, 3) uint8 RGB, got {pixels.shape} {pixels.dtype}")
    return pixels


def require_chips(chips: object, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Checks that something is a batch of faces as a model takes them, and gives it back.

    Args:
        chips: What was given.
        size: Width and height that the model takes.

    Raises:
        WrongType: If it is no array.
        ValueError: If it is not `(N, height, width, 3) uint8`.
    """
    width, height = size
    if not isinstance(chips, np.ndarray):
        raise WrongType(f"chips must be an (N, {height}, {width}, 3) uint8 array, not a {type(chips).__qualname__}.")
    if chips.dtype != np.uint8 or chips.ndim != 4 or chips.shape[1:] != (height, width, 3):
        raise ValueError(f"chips must be (N, {height}, {width}, 3) uint8 RGB, got {chips.shape} {chips.dtype}")
    return chips


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One photo as read from a file.

    Attributes:
        source: Where it came from.
        sha256: Of the file's bytes, in hexadecimal.
        pixels: `(height, width, 3) uint8` RGB, upright, in sRGB.
        alpha: `(height, width) uint8` opacity, where the file has any.
        format: Pillow's name of the file's format, such as `JPEG`.
        encoding: What is needed to write the same format at the same quality (JPEG quantisation tables, …).
        remarks: Sentences on what the file holds besides this picture, none of which reaches an output.
        turns: Quarter turns counter-clockwise, from 1 to 3, by which some viewer may show the picture.
    """

    source: Path
    sha256: str
    pixels: RGB
    format: str
    alpha: NDArray[np.uint8] | None = None
    encoding: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    turns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_rgb(self.pixels, f"the pixels of {self.source}")
        if self.alpha is not None and self.alpha.shape != self.pixels.shape[:2]:
            raise ValueError(f"alpha {self.alpha.shape} does not fit an image of {self.pixels.shape[:2]}")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def opaque(self) -> Photo:
        """The photo laid on white, without opacity: what is looked at is then all there is to see.

        A face can be drawn in the opacity alone, where no detector looks and no redaction reaches.
        """
        if self.alpha is None:
            return self
        laid = np.empty_like(self.pixels)
        rows = max(1, _AT_ONCE // self.pixels.shape[1])
        for top in range(0, len(laid), rows):  # in numbers of 4 bytes it takes ten times as much memory
            share = self.alpha[top : top + rows, :, None].astype(np.float32) / 255
            laid[top : top + rows] = np.round(self.pixels[top : top + rows] * share + 255 * (1 - share))
        return replace(self, pixels=laid, alpha=None)


@dataclass(frozen=True, slots=True)
class Detection:
    """One face as a detector saw it.

    Attributes:
        box: Inside the image.
        score: The detector's own confidence: from 0 to 1 for YuNet, the number of merged hits for Haar.
        landmarks: None where the detector gives none.
    """

    box: Box
    score: float
    landmarks: Landmarks | None = None

    def scaled(self, across: float, down: float) -> Detection:
        """The same face in a picture so many times as wide and as high."""
        points = self.landmarks and self.landmarks.resampled(0, 0, across, down)
        return Detection(self.box.scaled(across, down), self.score, points)

    def shifted(self, dx: int, dy: int) -> Detection:
        """The same face in a picture of which this one is a part that starts at (dx, dy)."""
        points = self.landmarks
        moved = points and Landmarks(*((x + dx, y + dy) for x, y in points.as_tuple()))
        return Detection(self.box.shift(dx, dy), self.score, moved)


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """Faces cut out for an embedder.

    Attributes:
        pixels: `(N, H, W, 3) uint8` RGB at the embedder's input size.
        as_meant: For each face, whether it could be prepared the way its model asks for; a face without landmarks
            that should have been aligned could not.
    """

    pixels: NDArray[np.uint8]
    as_meant: tuple[bool, ...]

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 4 or self.pixels.shape[3] != 3:
            raise ValueError(f"chips must be (N, H, W, 3) uint8 RGB, got {self.pixels.shape} {self.pixels.dtype}")
        if len(self.as_meant) != len(self.pixels):
            raise ValueError(f"{len(self.pixels)} chips, but {len(self.as_meant)} marks")


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a face can be trusted to be recognised.

    Attributes:
        size: Shorter side of the face's box in pixels of the photo.
        sharpness: Variance of the Laplacian of the grey chip at the embedder's input size, in grey levels squared
            (Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy").
        as_meant: Whether the face was prepared the way its model asks for.
    """

    size: int
    sharpness: float
    as_meant: bool


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face, described for comparison.

    Attributes:
        detection: Where it is.
        quality: How far it can be trusted.
        embedding: `(D,) float32`.
    """

    detection: Detection
    quality: Quality
    embedding: NDArray[np.float32]
