"""From pixels to described faces: the one way, for references and probes alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.cohorts import Cohort
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import RGB, Chips, Detection, Face, Photo, Quality
from gallery.domain.merging import merge
from gallery.domain.ports import Cropper, Detector, Embedder
from gallery.domain.sharpness import sharpness
from gallery.domain.turning import turned_back, turned_by

MOST_FACES = 5000
"""Faces that are described of one photo. Photos of crowds label up to 2,000 (WIDER FACE); a picture made of faces would
keep the machine busy for minutes."""
BATCH = 64
"""Faces that are cut out and embedded at once. Each takes 0.33 MB meanwhile with SFace, 1.3 MB with VGG-Face."""


def found_in(photo: Photo, detector: Detector) -> tuple[Detection, ...]:
    """All faces of a photo that is to be laid on white, from left to right.

    Where parts of it are transparent, faces that are too faint on white for a detector are looked for without opacity:
    stretching the contrast of an output would show them. Where viewers may disagree about which way up the photo is,
    faces are looked for each way.

    Args:
        photo: As read.
        detector: Finds the faces.

    Raises:
        ModelFailed: If the detector could not do its work.
    """
    found = _each_way(photo.opaque().pixels, photo.turns, detector)
    if photo.alpha is None:
        return found
    return merge((*found, *_each_way(photo.pixels, photo.turns, detector)))


def _each_way(image: RGB, turns: Sequence[int], detector: Detector) -> tuple[Detection, ...]:
    """The faces of a picture as it is and turned; of two detections of one face the surer counts."""
    found = [*detector.detect(image)]
    for quarters in turns:
        seen = detector.detect(turned_by(image, quarters))
        found += [turned_back(one, quarters, image.shape[1], image.shape[0]) for one in seen]
    return merge(found) if turns else tuple(found)


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A detector, an embedder and the cropper between them, made to fit one another.

    Attributes:
        detector: Finds faces.
        cropper: Cuts them out.
        embedder: Turns them into vectors.
        cohort: What the embedder's normalised scores are measured against; None where its model has none.
    """

    detector: Detector
    cropper: Cropper
    embedder: Embedder
    cohort: Cohort | None = None

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If the detector could not do its work.
        """
        return self.detector.detect(image)

    def describe(self, image: RGB, detections: Sequence[Detection]) -> tuple[Face, ...]:
        """Those faces with their quality and embedding, embedded in batches, so that memory stays flat.

        Raises:
            BadPhoto: If there are more than `MOST_FACES`.
            ModelFailed: If the embedder could not do its work.
        """
        if len(detections) > MOST_FACES:
            raise BadPhoto(
                f"{len(detections):,} faces were found, and a photo may show {MOST_FACES:,} at most.",
                "Cut it into several photos.",
            )
        found: list[Face] = []
        for start in range(0, len(detections), BATCH):
            some = detections[start : start + BATCH]
            found += self.embedded(some, self.cropper.crop(image, some))
        return tuple(found)

    def embedded(self, detections: Sequence[Detection], chips: Chips) -> tuple[Face, ...]:
        """The same of faces that have been cut out already.

        Args:
            detections: At least one face.
            chips: One of each, in the same order, as the cropper gave them.

        Raises:
            ModelFailed: If the embedder could not do its work.
        """
        embeddings = self.embedder.embed(chips.pixels)
        return tuple(
            Face(detection, _quality(detection, chip, as_meant), embedding)
            for detection, chip, as_meant, embedding in zip(
                detections, chips.pixels, chips.as_meant, embeddings, strict=True
            )
        )


def _quality(detection: Detection, chip: NDArray[np.uint8], as_meant: bool) -> Quality:
    return Quality(min(detection.box.width, detection.box.height), sharpness(chip), as_meant)
