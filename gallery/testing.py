"""Fakes of the ports, for tests without weights, files or a database. They do what the real ones promise, on drawings.

A face of these drawings is a rectangle of one colour: red names the person, green is 255 minus red, and blue says how
far the picture of that person is from their usual one (`FIRST_BLUE` for not at all).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.calibrated import Calibration
from gallery.domain.errors import BadPhoto, ModelFailed, ModelMismatch, StoreUnusable, UnknownName
from gallery.domain.faces import RGB, Chips, Detection, Embeddings, Photo
from gallery.domain.geometry import Box
from gallery.domain.matching import Whitelist
from gallery.domain.models import (
    Crop,
    EmbedderSpec,
    EmbeddingSpace,
    Floors,
    Kind,
    ModelCard,
    Normalisation,
    Thresholds,
)
from gallery.domain.people import Identity, IdentitySummary, NewReference, StoredReference, clean_name, name_key
from gallery.domain.runs import ImageRecord, Run, RunSettings, RunStatus, RunSummary

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything happened in a fake store."""
FIRST_BLUE = 200
"""Blue of a person's usual picture; every step above it turns the embedding away by `STEP` of its length."""
STEP = 0.1
SIDE = 8
"""Side of a fake chip in pixels."""

DETECTOR = ModelCard("fake-detector", Kind.DETECTOR, "fake", "none", "d" * 64, 0, "none")
EMBEDDER = ModelCard(
    "fake-embedder",
    Kind.EMBEDDER,
    "fake",
    "none",
    "e" * 64,
    0,
    "none",
    embedder=EmbedderSpec(
        input_size=(SIDE, SIDE),
        crop=Crop.BOX,
        margin=0.0,
        dimension=16,
        normalisation=Normalisation.NONE,
        thresholds=Thresholds(0.2, 3.0, "made up for tests"),
        floors=Floors(size=4, sharpness=0.0, origin="made up for tests"),
        grey_band=0.0,
    ),
)


def blank(width: int = 64, height: int = 48) -> RGB:
    """An empty picture."""
    return np.zeros((height, width, 3), np.uint8)


def draw(image: RGB, box: Box, person: int, away: int = 0) -> RGB:
    """Draws a face into a picture.

    Args:
        image: Changed in place, and returned.
        box: Where.
        person: From 1 to 254.
        away: How far the face is from the person's usual one, from 0 to 50.
    """
    image[box.y : box.bottom, box.x : box.right] = (person, 255 - person, FIRST_BLUE + away)
    return image


@dataclass
class FakeDetector:
    """Finds drawn faces, one per colour.

    Attributes:
        fails: Whether to fail like a detector whose model is broken.
    """

    card: ModelCard = DETECTOR
    fails: bool = False
    settings: dict[str, Any] = field(default_factory=dict)

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All drawn faces, from left to right."""
        if self.fails:
            raise ModelFailed("The fake detector was told to fail.")
        wide = image.astype(int)
        drawn = (wide[..., 0] + wide[..., 1] == 255) & (wide[..., 2] >= FIRST_BLUE)
        found = []
        for colour in np.unique(image[drawn], axis=0):
            rows, columns = np.nonzero((image == colour).all(axis=2))
            box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
            found.append(Detection(box, 0.9))
        return tuple(sorted(found, key=lambda d: d.box))


class FakeCropper:
    """Repeats the colour at the middle of the box."""

    def crop(self, image: RGB, detections: Sequence[Detection]) -> Chips:
        """One chip per detection."""
        chips = np.zeros((len(detections), SIDE, SIDE, 3), np.uint8)
        for chip, detection in zip(chips, detections, strict=True):
            x, y = detection.box.centre
            chip[:] = image[int(y), int(x)]
        return Chips(chips, (True,) * len(detections))


@dataclass
class FakeEmbedder:
    """A direction of its own for each person, turned a little by what `away` says.

    Attributes:
        fails: Whether to fail like an embedder whose model is broken.
        batches: How many chips each call brought.
    """

    card: ModelCard = EMBEDDER
    fails: bool = False
    batches: list[int] = field(default_factory=list)

    def embed(self, chips: NDArray[np.uint8]) -> Embeddings:
        """`(N, 16) float32`, each of length about 10."""
        if self.fails:
            raise ModelFailed("The fake embedder was told to fail.")
        self.batches.append(len(chips))
        dimension = self.card.spec.dimension
        rows = np.zeros((len(chips), dimension), np.float32)
        for row, chip in zip(rows, chips, strict=True):
            person, _, blue = (int(v) for v in chip[0, 0])
            row[:] = _direction(person, dimension) + STEP * (blue - FIRST_BLUE) * _direction(1000 + person, dimension)
        return 10 * rows


def _direction(seed: int, dimension: int) -> NDArray[np.float64]:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return np.asarray(vector / np.linalg.norm(vector))


@dataclass
class FakeRedactor:
    """Paints the boxes black."""

    settings: dict[str, Any] = field(default_factory=lambda: {"method": "black"})

    def redact(self, image: RGB, boxes: Sequence[Box]) -> RGB:
        """A copy with the boxes painted black."""
        redacted = image.copy()
        for box in boxes:
            redacted[box.y : box.bottom, box.x : box.right] = 0
        return redacted


@dataclass
class FakePhotoFiles:
    """Photos in a dictionary.

    Attributes:
        photos: Pixels by path.
        written: What was written, by path.
    """

    photos: dict[Path, RGB]
    written: dict[Path, RGB] = field(default_factory=dict)

    def find(self, paths: Sequence[Path]) -> list[Path]:
        """Every path is a file."""
        return list(dict.fromkeys(paths))

    def expand(self, paths: Sequence[Path]) -> list[tuple[Path, Path]]:
        """Every path is a file, and keeps its name."""
        return [(path, Path(path.name)) for path in paths]

    def below(self, folder: Path) -> list[Path]:
        """All whose path begins with the folder's."""
        found = [path for path in self.photos if folder in path.parents]
        if not found:
            raise BadPhoto(f"The folder {folder} holds no photo.")
        return found

    def read(self, path: Path) -> Photo:
        """A photo of the dictionary, or one that was written."""
        pixels = self.written.get(path, self.photos.get(path))
        if pixels is None:
            raise BadPhoto(f"There is no file {path}.", "Check the path.")
        return Photo(path, _hash(pixels), pixels, "PNG")

    def write(self, pixels: RGB, like: Photo, target: Path) -> str:  # noqa: ARG002
        """Keeps the pixels."""
        self.written[target] = pixels.copy()
        return _hash(pixels)

    def fingerprint(self, path: Path) -> str | None:
        """The hash of what was written, or of a photo of the dictionary."""
        pixels = self.written.get(path, self.photos.get(path))
        return None if pixels is None else _hash(pixels)

    def discard(self, path: Path) -> None:
        """Forgets what was written."""
        self.written.pop(path, None)


@dataclass
class FakeStore:
    """The gallery file as lists in memory.

    Attributes:
        people: Identities' names with their references, in the order they came.
        recorded: Settings, photos and status of each run; run 1 is the first.
        refuses: Whether to refuse to record a photo, like a full disk.
    """

    people: dict[str, list[tuple[int, NewReference]]] = field(default_factory=dict)
    recorded: list[tuple[RunSettings, list[ImageRecord], RunStatus]] = field(default_factory=list)
    refuses: bool = False
    _space: EmbeddingSpace | None = None
    _ids: int = 0
    _calibration: Calibration | None = None

    def space(self) -> EmbeddingSpace | None:
        """The space of the templates."""
        return self._space

    def choose(self, card: ModelCard) -> None:
        """Makes a model the gallery's own."""
        if self._space is not None and self.people and not self._space.comparable(card.space):
            raise ModelMismatch(f"The fake gallery holds templates of {self._space.model}.")
        if self._space is not None and not self._space.comparable(card.space):
            self._calibration = None
        self._space = card.space

    def whitelist(self) -> Whitelist:
        """All templates."""
        if not self.people:
            return Whitelist.empty(self._space.dimension if self._space else 0)
        names = sorted(self.people)
        rows = [(i, number, new) for i, name in enumerate(names) for number, new in self.people[name]]
        return Whitelist(
            tuple(names),
            np.array([i for i, _, _ in rows], np.intp),
            np.array([number for _, number, _ in rows], np.int64),
            np.stack([new.embedding for _, _, new in rows]),
        )

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""
        model = self._space.model if self._space else ""
        return [
            IdentitySummary(name, len(references), {model: len(references)}, LONG_AGO, LONG_AGO)
            for name, references in sorted(self.people.items())
        ]

    def identity(self, name: str) -> Identity:
        """One person."""
        found = self._name(name)
        stored = tuple(
            StoredReference(number, LONG_AGO, (self._space.model if self._space else "",), new.reference)
            for number, new in self.people[found]
        )
        return Identity(1, found, LONG_AGO, stored)

    def enrolled(self, sha256: str) -> list[tuple[str, Box]]:
        """Who is enrolled from a photo."""
        return [
            (name, new.reference.detection.box)
            for name, references in self.people.items()
            for _, new in references
            if new.reference.sha256 == sha256
        ]

    def add(self, name: str, reference: NewReference, space: EmbeddingSpace) -> int:
        """Adds a reference."""
        if self._space is not None and not self._space.comparable(space):
            raise ModelMismatch(f"The fake gallery holds templates of {self._space.model}.")
        self._space = space
        known = {name_key(other): other for other in self.people}
        self._ids += 1
        self.people.setdefault(known.get(name_key(name), clean_name(name)), []).append((self._ids, reference))
        return self._ids

    def remove(self, name: str) -> int:
        """Removes a person."""
        found = self._name(name)
        if self._calibration is not None:
            personal = {other: own for other, own in self._calibration.personal.items() if other != found}
            self._calibration = replace(self._calibration, personal=personal)
        return len(self.people.pop(found))

    def calibration(self) -> Calibration | None:
        """The derived thresholds."""
        made = self._calibration
        if made is None:
            return None
        numbers = [number for references in self.people.values() for number, _ in references]
        remaining = sum(number <= made.last_reference for number in numbers)
        return replace(
            made,
            added=len(numbers) - remaining,
            removed=made.references - remaining,
        )

    def set_calibration(self, calibration: Calibration) -> None:
        """Keeps derived thresholds."""
        if self._space is None or not self._space.comparable(calibration.space):
            raise ModelMismatch("The fake gallery's templates are of another model.")
        known = {name: own for name, own in calibration.personal.items() if name in self.people}
        self._calibration = replace(calibration, personal=known)

    def clear_calibration(self) -> bool:
        """Drops them."""
        had, self._calibration = self._calibration is not None, None
        return had

    def begin_run(self, settings: RunSettings) -> int:
        """Opens a run's record."""
        self.recorded.append((settings, [], RunStatus.RUNNING))
        return len(self.recorded)

    def record(self, run: int, image: ImageRecord) -> None:
        """Adds a photo to a run's record."""
        if self.refuses:
            raise StoreUnusable("The fake gallery was told to refuse.")
        self.recorded[run - 1][1].append(image)

    def end_run(self, run: int, status: RunStatus) -> None:
        """Closes a run's record."""
        settings, images, _ = self.recorded[run - 1]
        self.recorded[run - 1] = (settings, images, status)

    def wrote(self, sha256: str) -> bool:
        """Whether a run wrote a file with this hash."""
        return any(image.output_sha256 == sha256 for _, images, _ in self.recorded for image in images)

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first."""
        return [self.run(number).summary for number in range(len(self.recorded), 0, -1)]

    def run(self, number: int) -> Run:
        """One run in full."""
        if not 1 <= number <= len(self.recorded):
            raise UnknownName(f"There is no run {number}.")
        settings, images, status = self.recorded[number - 1]
        summary = RunSummary(
            id=number,
            status=status,
            started=LONG_AGO,
            finished=None if status is RunStatus.RUNNING else LONG_AGO,
            model=settings.space.model,
            detector=settings.detector,
            thresholds=settings.thresholds,
            images=len(images),
            failed=sum(image.error is not None for image in images),
            kept=sum(image.kept for image in images),
            blurred=sum(image.blurred for image in images),
            waiting=sum(image.waiting for image in images),
        )
        return Run(summary, settings, tuple(images))

    def _name(self, name: str) -> str:
        for known in self.people:
            if name_key(known) == name_key(name):
                return known
        raise UnknownName(f"There is nobody called {name}.")


def _hash(pixels: RGB) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
