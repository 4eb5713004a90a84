"""What a review needs from the outside, as protocols."""

from __future__ import annotations

from typing import Protocol

from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box
from gallery.domain.people import FaceCrop


class ReviewCrops(Protocol):
    """Pictures of faces, for a person to look at."""

    def make(self, image: RGB, box: Box) -> bytes:
        """A small picture of a face with some surroundings, as it is kept until the review.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the whole photo.
            box: The face.
        """

    def opened(self, picture: bytes) -> RGB:
        """Such a picture as pixels.

        Raises:
            BadPhoto: If it is damaged.
        """

    def part(self, image: RGB, box: Box) -> RGB:
        """A face of a photo with some surroundings.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the whole photo.
            box: The face.
        """

    def cut(self, source: str, sha256: str, box: Box) -> RGB:
        """The same part of a photo on disk, if it still is the one on record.

        Args:
            source: The photo's path as recorded.
            sha256: Of its bytes, as recorded.
            box: The face.

        Raises:
            BadPhoto: If it is not there, is another one by now, or cannot be read.
        """

    def reference(self, crop: FaceCrop, detection: Detection) -> RGB:
        """The picture kept of a reference.

        Raises:
            BadPhoto: If it is damaged.
        """


class Keyboard(Protocol):
    """Keys of somebody who sits at a terminal."""

    def forget(self) -> None:
        """Forgets the keys that were pressed so far and not asked for, and those that follow at once, as in a paste."""

    def key(self) -> str:
        """Waits for one key, and returns its character; empty for a key that has none, such as an arrow.

        Raises:
            EOFError: If the terminal has gone.
        """
