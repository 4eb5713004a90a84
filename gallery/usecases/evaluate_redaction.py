"""How often a redacted face is still matched to itself or to the right person, by method and strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from gallery.domain.central_face import central
from gallery.domain.errors import BadArgument, BadLabels, BadPhoto
from gallery.domain.faces import RGB, Detection, Embeddings
from gallery.domain.models import ModelCard
from gallery.domain.paths import shown
from gallery.domain.ports import PhotoFiles, Redactor, Scaler
from gallery.domain.progress import Advance, unwatched
from gallery.domain.redacting import Attack, AttackResult, Embedded, attacks, sizes
from gallery.usecases.faces import Recogniser

LEAST_SIDE = 16
MOST_SIDE = 2000


@dataclass(frozen=True, slots=True)
class Sampling:
    """Who and what is measured.

    Attributes:
        people: How many at most; None for all.
        seed: Of the choice among more.
        sides: Lengths of the longer side of a face, in pixels; none for the usual.
    """

    people: int | None = None
    seed: int = 0
    sides: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.people is not None and self.people < 2:
            raise BadArgument(f"An attack needs at least 2 people, not {self.people}.", "Give --people 2 or more.")
        for side in self.sides:
            if not LEAST_SIDE <= side <= MOST_SIDE:
                raise BadArgument(f"A face must be from {LEAST_SIDE} to {MOST_SIDE} pixels, not {side}.")


@dataclass(frozen=True, slots=True)
class Way:
    """One method at one strength.

    Attributes:
        label: Of the method.
        strength: In words, with its unit.
        redactor: What does it.
        default: Whether it is what `gallery anonymise` does if nothing else is asked for.
    """

    label: str
    strength: str
    redactor: Redactor
    default: bool = False


@dataclass(frozen=True, slots=True)
class WayResult:
    """What one way of redacting came to.

    Attributes:
        way: It.
        side: Longer side of the faces, in pixels.
        attacks: The three attacks.
    """

    way: Way
    side: int
    attacks: Mapping[Attack, AttackResult]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What an evaluation found out.

    Attributes:
        detector: Its entry in the registry.
        embedder: Its entry in the registry.
        people: How many were compared.
        left_out: People who were looked at and have no two photos with a face in them.
        unreadable: Photos that could not be read.
        seed: Of the choice of people; None if nobody was left to choice.
        results: By size of the face, then by way.
    """

    detector: ModelCard
    embedder: ModelCard
    people: int
    left_out: int
    unreadable: tuple[str, ...]
    seed: int | None
    results: tuple[WayResult, ...]

    @property
    def chance(self) -> float:
        """How often a guess names the right person."""
        return 1 / self.people


@dataclass(frozen=True, slots=True)
class EvaluateRedaction:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        scaler: Brings faces to a size.
        photos: Reads the files.
    """

    recogniser: Recogniser
    scaler: Scaler
    photos: PhotoFiles

    def __call__(
        self,
        people: Mapping[str, Sequence[Path]],
        ways: Sequence[Way],
        sampling: Sampling | None = None,
        progress: Advance = unwatched,
    ) -> Redaction:
        """Redacts and embeds two photos of everybody in every way, and attacks each.

        Of a person's photos the first two in which a face is found count; where there are several faces, the one
        nearest to the middle is meant.

        Args:
            people: Everybody's photos.
            ways: How to redact.
            sampling: Who and what is measured.
            progress: Is told how many people are done.

        Raises:
            BadLabels: If fewer than two people have two photos with a face.
            ModelFailed: If the detector or the embedder could not do its work.
        """
        sampling = sampling or Sampling()
        sides, unreadable = sizes(sampling.sides), list[str]()
        eligible = [name for name, files in people.items() if len(files) > 1]
        order = list(eligible)
        Random(sampling.seed).shuffle(order)  # noqa: S311 - a choice to be repeated, not a secret
        wanted = min(len(order), sampling.people or len(order))
        rows: list[Embeddings] = []
        looked_at = 0
        for name in order:
            if len(rows) == wanted:
                break
            looked_at += 1
            pair = self._pair(people[name], unreadable)
            if pair is not None:
                rows.append(np.stack([self._embedded(*face, sides, ways) for face in pair]))
            progress(len(rows), wanted)
        if len(rows) < 2:
            raise BadLabels(
                "Fewer than two people have two photos with a face in them.",
                "Name a folder that holds a folder for each person, with at least two photos inside.",
            )
        drawn = sampling.seed if wanted < len(eligible) else None
        card = self.recogniser.embedder.card
        found = self._results(np.stack(rows), sides, ways)
        detector = self.recogniser.detector.card
        return Redaction(detector, card, len(rows), looked_at - len(rows), tuple(unreadable), drawn, found)

    def _pair(self, files: Sequence[Path], unreadable: list[str]) -> list[tuple[RGB, Detection]] | None:
        """The first two photos with a face in them."""
        pair: list[tuple[RGB, Detection]] = []
        for path in files:
            try:
                photo = self.photos.read(path).opaque()
            except BadPhoto:
                unreadable.append(shown(path))
                continue
            faces = self.recogniser.detect(photo.pixels)
            if faces:
                pair.append((photo.pixels, central(faces, *photo.size)))
            if len(pair) == 2:
                return pair
        return None

    def _embedded(self, image: RGB, face: Detection, sides: Sequence[int], ways: Sequence[Way]) -> Embeddings:
        """`(sides, 1 + ways, D) float32` one face as it is and redacted in every way, at every size."""
        chips = []
        for side in sides:
            scaled, there = self.scaler.scale(image, face, side)
            pictures = [scaled, *(way.redactor.redact(scaled, [there]) for way in ways)]
            chips += [self.recogniser.cropper.crop(picture, [there]).pixels for picture in pictures]
        found = self.recogniser.embedder.embed(np.concatenate(chips))
        return found.reshape(len(sides), 1 + len(ways), -1)

    def _results(self, rows: Embeddings, sides: Sequence[int], ways: Sequence[Way]) -> tuple[WayResult, ...]:
        limits = self.recogniser.embedder.card.spec.thresholds
        results = []
        for i, side in enumerate(sides):
            clear = Embedded(rows[:, 0, i, 0], rows[:, 1, i, 0])
            for j, way in enumerate(ways, 1):
                redacted = Embedded(rows[:, 0, i, j], rows[:, 1, i, j])
                results.append(WayResult(way, side, attacks(clear, redacted, limits)))
        return tuple(results)
