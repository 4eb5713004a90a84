"""Pictures of faces and of the references they were compared with, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.domain.errors import BadPhoto, UnknownName
from gallery.domain.faces import RGB
from gallery.domain.matching import Candidate
from gallery.domain.ports import Store
from gallery.domain.review_ports import ReviewCrops


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Something to look at.

    Attributes:
        pixels: `(height, width, 3) uint8` RGB; None where there is no picture.
        said: What it shows; or why there is none.
    """

    pixels: RGB | None
    said: str


def reference_look(store: Store, crops: ReviewCrops, closest: Candidate | None) -> Look:
    """The picture of the reference that a face comes closest to: the one that was kept, or one cut out of its photo.

    Args:
        store: The gallery.
        crops: Makes the picture.
        closest: The person with the reference; None where the face was compared with nobody.
    """
    if closest is None:
        return Look(None, "It was compared with nobody.")
    try:
        references = store.identity(closest.identity).references
    except UnknownName:
        return Look(None, f"{closest.identity} is no longer in the gallery under that name.")
    stored = next((one for one in references if one.id == closest.reference), None)
    if stored is None:
        return Look(None, f"Reference {closest.reference} of {closest.identity} is no longer in the gallery.")
    said = f"{closest.identity}, reference {stored.id}"
    crop, reference = store.crop(stored.id), stored.reference
    try:
        if crop is not None:
            return Look(crops.reference(crop, reference.detection), said)
        return Look(crops.cut(reference.source, reference.sha256, reference.detection.box), said)
    except BadPhoto as error:
        return Look(None, f"There is no picture of {said}: {error.message}")
