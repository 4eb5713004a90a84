"""From pixels to described faces: the one way, for references and probes alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB, Chips, Detection, Face, Photo, Quality
from gallery.domain.merging import merge
from gallery.domain.ports import Cropper, Detector, Embedder
from gallery.domain.sharpness import sharpness
from gallery.domain.turning import turned_back, turned_by


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
    """A detector, an embedder and the cropper between them, made to fit one another."""

    detector: Detector
    cropper: Cropper
    embedder: Embedder

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If the detector could not do its work.
        """
        return self.detector.detect(image)

    def describe(self, image: RGB, detections: Sequence[Detection]) -> tuple[Face, ...]:
        """Those faces with their quality and embedding, all embedded as one batch.

        Raises:
            ModelFailed: If the embedder could not do its work.
        """
        return self.embedded(detections, self.cropper.crop(image, detections)) if detections else ()

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
