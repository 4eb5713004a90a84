"""What an import does not take on an archive's word: templates of faces whose pictures come along, and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gallery.domain.errors import GalleryError
from gallery.domain.exchanging import (
    Brought,
    Content,
    Contents,
    ExchangedPerson,
    ExchangedReference,
    Planned,
    Remade,
    Strayed,
    whole,
)
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.ports import CropMaker
from gallery.domain.vectors import pair_distances
from gallery.domain.yardstick import Yardstick
from gallery.usecases.faces import Recogniser
from gallery.usecases.reembed import BATCH, chip_of

STRAYS = 0.05
"""Cosine distance from which on a template is not that of its picture. That pictures are kept as JPEG files moves a
template by 0.004 at most (`python tests/benchmarks/measure_crops.py sface FOLDER`)."""


@dataclass(frozen=True, slots=True)
class Reception:
    """What an import knows of the models here.

    Attributes:
        yardstick: What limits under a model are judged by; None for a model that is not known here.
        known: Whether a model is known here, so that faces could be compared under it.
        recogniser: Makes templates under a model.
        crops: Opens pictures.
        today: The day, for the origin of limits.
        makes: Whether templates under a model can be made here; its weights may be missing.
    """

    yardstick: Callable[[EmbeddingSpace], Yardstick | None]
    known: Callable[[EmbeddingSpace], bool]
    makes: Callable[[EmbeddingSpace], bool]
    recogniser: Callable[[EmbeddingSpace], Recogniser]
    crops: CropMaker
    today: date

    def person(self, person: ExchangedPerson, own: EmbeddingSpace | None) -> ExchangedPerson:
        """Somebody as they are taken in.

        Args:
            person: As archived.
            own: The model that faces are compared under.
        """
        return replace(
            person,
            references=tuple(self._reference(one, own) for one in person.references),
            thresholds=tuple((space, self._said(limits)) for space, limits in person.thresholds),
        )

    def brought(self, person: ExchangedPerson) -> tuple[Brought, ...]:
        """The limits that somebody brings, judged by their numbers."""
        return tuple(Brought(space, limits, self._is_looser(space, limits)) for space, limits in person.thresholds)

    def _is_looser(self, space: EmbeddingSpace, limits: Thresholds) -> bool:
        yardstick = self.yardstick(space)
        return yardstick is None or yardstick.exceeded_by(limits)

    def _said(self, limits: Thresholds) -> Thresholds:
        return replace(limits, origin=f"brought by an archive on {self.today.isoformat()}")

    def _reference(self, one: ExchangedReference, own: EmbeddingSpace | None) -> ExchangedReference:
        kept = tuple(space for space in one.spaces if self._is_kept(one, space))
        made = (own,) if own is not None and one.has_crop and self.makes(own) else ()
        return replace(one, spaces=made + kept)

    def _is_kept(self, one: ExchangedReference, space: EmbeddingSpace) -> bool:
        """Whether a template stays as archived: where no picture shows whose it is, or nothing here compares by it."""
        return not (one.has_crop and self.known(space))

    def content(self, one: ExchangedReference, large: Content, made: Template | None) -> Content:
        """What is large of a reference, as it is taken in.

        Args:
            one: The reference, as archived.
            large: As archived.
            made: The template made of its picture; None where there is none.
        """
        kept = tuple((space, vector) for space, vector in large.templates if self._is_kept(one, space))
        return replace(large, templates=((made,) if made else ()) + kept)

    def remake(self, contents: Contents, people: tuple[Planned, ...], own: EmbeddingSpace | None) -> Made:
        """Makes the templates of all who come with a picture.

        Raises:
            ModelFailed: If the embedder could not do its work.
            ModelChanged: If its file is not the one on record.
        """
        made = Made()
        if own is None or not self.makes(own):
            return made
        coming = _coming(contents, people)
        recogniser: Recogniser | None = None
        while batch := list(islice(coming, BATCH)):
            recogniser = recogniser or self.recogniser(own)
            chips = list(self._chips(recogniser, batch, made))
            if chips:
                vectors = recogniser.embedder.embed(np.stack([chip for _, chip in chips]))
                for (one, _), vector in zip(chips, vectors, strict=True):
                    made.add(one, own, vector)
        return made

    def _chips(
        self, recogniser: Recogniser, batch: list[_Coming], made: Made
    ) -> Iterator[tuple[_Coming, NDArray[np.uint8]]]:
        for one in batch:
            if one.content.crop is None:
                continue
            try:
                yield one, chip_of(recogniser, self.crops, one.content.crop, one.reference.reference.detection)
            except GalleryError as error:
                made.left.append((one.name, one.reference.reference.source, error.message))


Template = tuple[EmbeddingSpace, NDArray[np.float32]]
"""A vector and where it lives."""


@dataclass(frozen=True, slots=True)
class _Coming:
    """A reference that comes with its picture."""

    place: tuple[int, int]
    name: str
    reference: ExchangedReference
    content: Content


class Made:
    """Templates made of pictures, by the places of person and reference in the archive."""

    def __init__(self) -> None:
        self.templates: dict[tuple[int, int], Template] = {}
        self.strayed: list[Strayed] = []
        self.left: list[tuple[str, str, str]] = []

    def add(self, one: _Coming, own: EmbeddingSpace, vector: NDArray[np.float32]) -> None:
        """Adds one, and notes where the archive's is another's."""
        self.templates[one.place] = own, vector
        archived = next((found for space, found in one.content.templates if space.comparable(own)), None)
        if archived is None:
            return
        row = np.zeros(1, np.intp)
        (cosine,), _ = pair_distances(vector[None], row, archived[None], row)
        if not cosine <= STRAYS:
            self.strayed.append(Strayed(one.name, one.reference.reference.source, float(cosine)))

    @property
    def told(self) -> Remade:
        """What came of it."""
        return Remade(len(self.templates), tuple(self.strayed), tuple(self.left))


def _coming(contents: Contents, people: tuple[Planned, ...]) -> Iterator[_Coming]:
    for place, (planned, (person, content)) in enumerate(zip(people, whole(contents), strict=True)):
        for number, (one, large) in enumerate(zip(person.references, content, strict=True)):
            if planned.taken[number] and large.crop is not None:
                yield _Coming((place, number), planned.name, one, large)
