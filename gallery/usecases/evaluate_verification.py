"""How well an embedder tells two faces apart, one to one, on a list of pairs, and at which thresholds.

Faces are found and prepared as for a gallery. An image without a face is not left out: its comparisons fail, at a
distance of infinity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.domain.central_face import central
from gallery.domain.errors import BadLabels, BadPhoto
from gallery.domain.faces import Embeddings, Photo
from gallery.domain.impostors import FMRS as ALL_IMPOSTORS_FMRS
from gallery.domain.impostors import Impostors, all_impostors
from gallery.domain.metrics import Metric, Vector
from gallery.domain.models import EmbedderSpec, ModelCard, Thresholds
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.domain.verification import (
    ImageName,
    LabelErrors,
    MetricResult,
    OperatingPoint,
    PairList,
    all_genuine,
    score,
)
from gallery.usecases.faces import Recogniser

CLOSEST = 50
"""Closest pairs of different people that are listed, for a person to look at: errors in the labels are among them."""


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """What to compare.

    Attributes:
        pairs: The list.
        files: Where each image of the list lies.
        errors: What is known to be wrong with the labels; scores are then given with and without.
    """

    pairs: PairList
    files: Mapping[ImageName, Path]
    errors: LabelErrors | None = None

    def people(self) -> NDArray[np.intp]:
        """`(N,)` a number for each image's person, as far as is known; -1 for a misnamed image."""
        return (self.errors or LabelErrors()).people(self.pairs.images)

    def one_of_each(self) -> list[Path]:
        """The first photo of each person."""
        images = self.pairs.images
        first = {person: images[row] for row, person in reversed(list(enumerate(self.people().tolist())))}
        return [self.files[image] for person, image in sorted(first.items()) if person >= 0]


@dataclass(frozen=True, slots=True)
class Failures:
    """Images that could not be compared, by name, and those that could be only after a fashion.

    Attributes:
        no_face: No face was found.
        unreadable: The file could not be read.
        not_as_meant: A face was found, but not prepared the way the model asks for; it was compared all the same.
    """

    no_face: tuple[str, ...]
    unreadable: tuple[str, ...]
    not_as_meant: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Everything measured under one reading of the labels.

    Attributes:
        without_errors: Whether known errors in the labels were left out.
        people: How many people there are.
        left_out: Pairs of the list that were left out for errors in the labels.
        metrics: Scores of the list of pairs.
        impostors: All comparisons of different people; None where that was not asked for.
        genuine: All comparisons of one person's images; empty where that was not asked for.
        points: Both error rates at the false match rates that all impostors support, among all genuine comparisons.
    """

    without_errors: bool
    people: int
    left_out: int
    metrics: dict[Metric, MetricResult]
    impostors: Impostors | None
    genuine: dict[Metric, Vector]
    points: dict[Metric, tuple[OperatingPoint, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """What an evaluation found out about one detector with one embedder.

    Attributes:
        detector: Its entry in the registry.
        embedder: Its entry in the registry.
        images: How many images were used.
        failures: Those of them that could not be compared.
        scores: As labelled; and without the known errors in the labels, where some were given.
        closest: The closest pairs of different people by cosine distance, where all impostors were compared.
    """

    detector: ModelCard
    embedder: ModelCard
    images: int
    failures: Failures
    scores: tuple[Scores, ...]
    closest: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class EvaluateVerification:
    """The use case.

    Attributes:
        photos: Reads the files.
    """

    photos: PhotoFiles

    def __call__(
        self,
        recogniser: Recogniser,
        labelled: LabelledPairs,
        every_impostor: bool = False,
        progress: Advance = unwatched,
    ) -> Verification:
        """Evaluates one detector with one embedder.

        Args:
            recogniser: The two.
            labelled: What to compare.
            every_impostor: Whether to compare all images of different people, too.
            progress: Is told how many images are done.

        Raises:
            ModelFailed: If the detector or the embedder could not do its work.
            BadLabels: If, without the errors in the labels, no pair of one kind is left.
        """
        pairs = labelled.pairs
        embeddings, failures = self._embed(recogniser, labelled, progress)
        readings = [LabelErrors(), *([labelled.errors] if labelled.errors else [])]
        scores = tuple(_scores(recogniser, pairs, embeddings, reading, every_impostor) for reading in readings)
        return Verification(
            recogniser.detector.card,
            recogniser.embedder.card,
            len(pairs.images),
            failures,
            scores,
            _closest(pairs, scores[-1].impostors),
        )

    def _embed(self, recogniser: Recogniser, labelled: LabelledPairs, progress: Advance) -> tuple[Embeddings, Failures]:
        images = labelled.pairs.images
        embeddings = np.full((len(images), recogniser.embedder.card.spec.dimension), np.nan, np.float32)
        no_face, unreadable, not_as_meant = [], [], []
        for row, image in enumerate(images):
            try:
                photo = self.photos.read(labelled.files[image])
            except BadPhoto:
                unreadable.append(str(image))
            else:
                as_meant = _describe(recogniser, photo, embeddings[row])
                if as_meant is None:
                    no_face.append(str(image))
                elif not as_meant:
                    not_as_meant.append(str(image))
            progress(row + 1, len(images))
        return embeddings, Failures(tuple(no_face), tuple(unreadable), tuple(not_as_meant))


def _describe(recogniser: Recogniser, photo: Photo, embedding: Embeddings) -> bool | None:
    """Writes a portrait's embedding; returns whether the face was prepared as meant, None where there is none."""
    found = recogniser.detect(photo.pixels)
    if not found:
        return None
    (face,) = recogniser.describe(photo.pixels, [central(found, *photo.size)])
    embedding[:] = face.embedding
    return face.quality.as_meant


def _scores(
    recogniser: Recogniser, pairs: PairList, embeddings: Embeddings, errors: LabelErrors, every_impostor: bool
) -> Scores:
    thresholds = _thresholds(recogniser.embedder.card.spec, embeddings)
    people = errors.people(pairs.images)
    try:
        metrics = score(embeddings, people, pairs, thresholds)
    except ValueError as error:
        raise BadLabels(
            "Without the errors in the labels, no pair of the same or none of different people is left.",
            "Check the file given with --exclude-labels.",
        ) from error
    impostors = all_impostors(embeddings, people, thresholds) if every_impostor else None
    genuine = all_genuine(embeddings, people, thresholds) if every_impostor else {}
    used = len(metrics[Metric.COSINE].genuine) + len(metrics[Metric.COSINE].impostors)
    return Scores(
        without_errors=len(errors) > 0,
        people=len(np.unique(people[people >= 0])),
        left_out=len(pairs.pairs) - used,
        metrics=metrics,
        impostors=impostors,
        genuine=genuine,
        points={} if impostors is None else _all_points(impostors, genuine),
    )


def _thresholds(spec: EmbedderSpec, embeddings: Embeddings) -> Thresholds:
    """The model's; of one that has none, those by which both distances count alike."""
    if spec.measured:
        return spec.thresholds
    longest = float(np.nanmax(np.linalg.norm(embeddings, axis=1), initial=1.0))
    return Thresholds(1.0, math.sqrt(2) * longest, spec.thresholds.origin)


def _all_points(impostors: Impostors, genuine: Mapping[Metric, Vector]) -> dict[Metric, tuple[OperatingPoint, ...]]:
    return {
        metric: tuple(impostors.point_at(metric, fmr, values) for fmr in ALL_IMPOSTORS_FMRS)
        for metric, values in genuine.items()
    }


def _closest(pairs: PairList, impostors: Impostors | None) -> tuple[tuple[str, str, float], ...]:
    if impostors is None:
        return ()
    distances = impostors.closest[Metric.COSINE][:CLOSEST]
    return tuple(
        (str(pairs.images[first]), str(pairs.images[second]), float(distance))
        for (first, second), distance in zip(impostors.pairs[:CLOSEST], distances, strict=True)
    )
