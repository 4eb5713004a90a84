"""Gives every reference a template under another model, from the pictures kept in the gallery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gallery.domain.errors import GalleryError, NoFace
from gallery.domain.faces import Detection
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import FaceCrop, LackingTemplate
from gallery.domain.ports import CropMaker, Store
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.faces import Recogniser

_Chip = tuple[LackingTemplate, NDArray[np.uint8]]
"""A reference, and its face as the embedder wants it."""

BATCH = 16
"""Faces embedded, and their templates stored, at once."""


@dataclass(frozen=True, slots=True)
class Left:
    """A reference that got no template.

    Attributes:
        name: Whose it is.
        reference: Its number.
        source: The photo's path as it was given.
        reason: Why not.
    """

    name: str
    reference: int
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reembedded:
    """What came of it.

    Attributes:
        space: The model's.
        made: Templates made now.
        left: References that got none.
        lacking: People who have no template under that model.
        former: The model that was the gallery's own before; None where there was none.
        current: Whether that model is the gallery's own now.
    """

    space: EmbeddingSpace
    made: int
    left: tuple[Left, ...]
    lacking: tuple[str, ...]
    former: EmbeddingSpace | None
    current: bool


@dataclass(frozen=True, slots=True)
class Reembed:
    """The use case.

    Attributes:
        recogniser: With the embedder whose templates are to be made.
        store: Holds the pictures, and takes the templates.
        crops: Opens the pictures.
    """

    recogniser: Recogniser
    store: Store
    crops: CropMaker

    def __call__(self, switch: bool | None = None, advance: Advance = unwatched) -> Reembedded:
        """Makes the templates that are missing, and makes the model the gallery's own.

        Args:
            switch: Whether to make it the gallery's own: only if nobody lacks a template then, if None.
            advance: Called after each batch.

        Raises:
            ModelFailed: If the embedder could not do its work.
            ModelMismatch: If the model is to be the gallery's own and there is no template under it.
        """
        space, former = self.recogniser.embedder.card.space, self.store.space()
        missing = list(self.store.lacking(space))
        left: list[Left] = []
        made = 0
        with self.store.change(f"reembed under {space.model}"):
            for batch in _batches(self._opened(missing, left)):
                self._embed(batch, space)
                made += len(batch)
                advance(made + len(left), len(missing))
            use = next((use for use in self.store.spaces() if use.space.comparable(space)), None)
            lacking = use.lacking if use else tuple(sorted({one.name for one in left}))
            if switch or (switch is None and use is not None and not lacking):
                self.store.use(space)
        own = self.store.space()
        return Reembedded(space, made, tuple(left), lacking, former, own is not None and own.comparable(space))

    def _opened(self, missing: list[LackingTemplate], left: list[Left]) -> Iterator[_Chip]:
        """Each reference with its chip; those without one are put aside."""
        for one in missing:
            try:
                yield one, self._chip(one)
            except GalleryError as error:
                left.append(Left(one.name, one.id, one.reference.source, error.message))
            except Exception as error:  # one reference's failure, foreseen or not, never stops the others
                reason = f"Unexpected {type(error).__name__}: {error}."
                left.append(Left(one.name, one.id, one.reference.source, reason))

    def _chip(self, one: LackingTemplate) -> NDArray[np.uint8]:
        if one.crop is None:
            raise NoFace(f"No picture of reference {one.id} is kept.")
        return chip_of(self.recogniser, self.crops, one.crop, one.reference.detection, f"Reference {one.id}")

    def _embed(self, batch: list[_Chip], space: EmbeddingSpace) -> None:
        embeddings = self.recogniser.embedder.embed(np.stack([chip for _, chip in batch]))
        self.store.add_templates({one.id: vector for (one, _), vector in zip(batch, embeddings, strict=True)}, space)


def chip_of(
    recogniser: Recogniser, crops: CropMaker, crop: FaceCrop, detection: Detection, what: str = "The picture"
) -> NDArray[np.uint8]:
    """The face of a kept picture as the embedder wants it, `(height, width, 3) uint8`.

    Args:
        recogniser: Whose embedder it is for.
        crops: Opens the picture.
        crop: The picture.
        detection: Where the face was in the photo.
        what: The reference, for the message.

    Raises:
        BadPhoto: If the picture cannot be read.
        NoFace: If it has no landmarks, and the embedder needs them.
    """
    picture, here = crops.open(crop, detection)
    chips = recogniser.cropper.crop(picture, [here])
    if not chips.as_meant[0]:
        raise NoFace(f"{what} has no landmarks to align the face by.")
    return np.asarray(chips.pixels[0])


def _batches(faces: Iterator[_Chip]) -> Iterator[list[_Chip]]:
    while batch := list(islice(faces, BATCH)):
        yield batch
