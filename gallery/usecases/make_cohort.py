"""Makes a model's cohort of a set of portraits, each of another person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.domain.central_face import central
from gallery.domain.deciding import trusted
from gallery.domain.errors import GalleryError
from gallery.domain.faces import Face
from gallery.domain.making_cohorts import Made, make
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.faces import Recogniser


@dataclass(frozen=True, slots=True)
class MakeCohort:
    """The use case.

    Attributes:
        recogniser: Finds faces, and embeds them under the model that the cohort is for.
        photos: Reads the portraits.
    """

    recogniser: Recogniser
    photos: PhotoFiles

    def __call__(self, portraits: Mapping[Path, str | None], seed: int = 0, advance: Advance = unwatched) -> Made:
        """Makes it of each portrait's central face, where that is good enough for the model to be trusted.

        Args:
            portraits: Photos, each with the person's age as FairFace writes it (`3-9`); None where it is not known.
            seed: Of all that is drawn.
            advance: Is told how many photos are done.

        Raises:
            BadArgument: If there are too few faces.
            ModelFailed: If detector or embedder could not do their work.
        """
        faces, ages = [], []
        for done, (path, age) in enumerate(portraits.items(), 1):
            face = self._face(path)
            if face is not None:
                faces.append(face.embedding)
                ages.append(age)
            advance(done, len(portraits))
        known = [age for age in ages if age is not None]
        embeddings = np.stack(faces) if faces else np.zeros((0, self.recogniser.embedder.card.spec.dimension))
        return make(embeddings.astype(np.float32), known if known and len(known) == len(ages) else None, seed)

    def _face(self, path: Path) -> Face | None:
        """A portrait's central face; None where it cannot be read, or shows none that can be trusted."""
        try:
            pixels = self.photos.read(path).opaque().pixels
        except GalleryError:
            return None
        found = self.recogniser.detect(pixels)
        if not found:
            return None
        (face,) = self.recogniser.describe(pixels, [central(found, pixels.shape[1], pixels.shape[0])])
        return face if trusted(face.quality, self.recogniser.embedder.card.spec.floors) else None
