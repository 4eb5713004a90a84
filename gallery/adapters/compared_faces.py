"""Pictures of faces beside those of the references that they were compared with, to be looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from gallery.adapters.reference_crops import ReferenceCrops
from gallery.domain.errors import BadPhoto, UnknownName
from gallery.domain.explaining import Explained, ExplainedFace
from gallery.domain.faces import RGB, Detection
from gallery.domain.ports import Store


@dataclass(frozen=True, slots=True)
class ComparedFaces:
    """Makes them.

    Attributes:
        crops: Makes small pictures.
        store: Has the references.
        side: Of a picture, in pixels.
    """

    crops: ReferenceCrops
    store: Store
    side: int

    def of(self, image: RGB | None, explained: Explained) -> dict[int, list[tuple[str, RGB]]]:
        """For each face's number pictures with captions: the face, and the closest reference.

        Args:
            image: The photo, upright; None where it could not be had.
            explained: Its faces.
        """
        return {face.number: self._pair(image, face) for face in explained.faces}

    def _pair(self, image: RGB | None, face: ExplainedFace) -> list[tuple[str, RGB]]:
        found = []
        if image is not None:
            found.append((f"face {face.number}", self.probe(image, face.face.detection)))
        if face.comparisons:
            near = face.comparisons[0].candidate
            picture = self.reference(near.identity, near.reference)
            if picture is not None:
                found.append((f"reference {near.reference} of {near.identity}", picture))
        return found

    def probe(self, image: RGB, detection: Detection) -> RGB:
        """A face of a photo."""
        return self.crops.thumbnail(self.crops.make(image, detection), detection, self.side)

    def reference(self, name: str, number: int) -> RGB | None:
        """A reference; None where no picture of it was kept, it is damaged, or the person or the reference is gone."""
        crop = self.store.crop(number)
        with suppress(BadPhoto, UnknownName):
            for stored in self.store.identity(name).references:
                if stored.id == number and crop is not None:
                    return self.crops.thumbnail(crop, stored.reference.detection, self.side)
        return None
