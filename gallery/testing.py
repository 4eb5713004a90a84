"""Fakes of the ports, for tests without weights, files or a database. They do what the real ones promise, on drawings.

A face of these drawings is a rectangle of one colour: red names the person, green is 255 minus red, and blue says how
far the picture of that person is from their usual one (`FIRST_BLUE` for not at all).
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.calibrated import Calibration
from gallery.domain.errors import (
    AlreadyEnrolled,
    BadArgument,
    BadPhoto,
    ModelFailed,
    ModelMismatch,
    NameTaken,
    NothingToUndo,
    StoreUnusable,
    UnknownName,
)
from gallery.domain.faces import RGB, Chips, Detection, Embeddings, Photo
from gallery.domain.forgetting import Forgotten
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
from gallery.domain.people import (
    Change,
    Details,
    FaceCrop,
    Identity,
    IdentitySummary,
    LackingTemplate,
    NewReference,
    SharedPhoto,
    SpaceUse,
    StoredReference,
    clean_name,
    clean_notes,
    clean_words,
    name_key,
)
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
        details: What is settled about those for whom anything is.
        today: The day on which consent must not have ended.
    """

    people: dict[str, list[tuple[int, NewReference]]] = field(default_factory=dict)
    recorded: list[tuple[RunSettings, list[ImageRecord], RunStatus]] = field(default_factory=list)
    refuses: bool = False
    details: dict[str, Details] = field(default_factory=dict)
    today: date = LONG_AGO.date()
    _space: EmbeddingSpace | None = None
    _ids: int = 0
    _calibration: Calibration | None = None
    _other_templates: dict[tuple[str, str], dict[int, NDArray[np.float32]]] = field(default_factory=dict)
    _other_spaces: dict[tuple[str, str], EmbeddingSpace] = field(default_factory=dict)
    _last: tuple[str, dict[str, Any]] | None = None
    _change: str = ""
    _change_begun: bool = False

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
        names = sorted((name for name, references in self.people.items() if references), key=name_key)
        if not names:
            return Whitelist.empty(self._space.dimension if self._space else 0)
        rows = [(i, number, new) for i, name in enumerate(names) for number, new in self.people[name]]
        return Whitelist(
            tuple(names),
            np.array([i for i, _, _ in rows], np.intp),
            np.array([number for _, number, _ in rows], np.int64),
            np.stack([new.embedding for _, _, new in rows]),
            {
                name: own.expires if own.enabled else None
                for name, own in self.details.items()
                if name in names and own.withheld(self.today)
            },
        )

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""
        model = self._space.model if self._space else ""
        found = []
        for name, references in sorted(self.people.items(), key=lambda person: name_key(person[0])):
            own, count = self._details_of(name), len(references)
            counts = {model: count} if count else {}
            last = LONG_AGO if count else None
            found.append(
                IdentitySummary(name, count, counts, LONG_AGO, last, None, own.enabled, own.expires, own.tags)
            )
        return found

    def identity(self, name: str) -> Identity:
        """One person."""
        found = self._name(name)
        model = self._space.model if self._space else ""
        stored = tuple(
            StoredReference(number, LONG_AGO, (model,), new.reference, new.crop is not None)
            for number, new in self.people[found]
        )
        return Identity(1, found, LONG_AGO, stored, self._details_of(found))

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
        known = {name_key(other): other for other in self.people}
        owner = known.get(name_key(name), clean_name(name))
        if _face(reference) in {_face(new) for _, new in self.people.get(owner, [])}:
            raise AlreadyEnrolled(f"The fake gallery has this face of {reference.reference.source} already.")
        self._begin(f"enrol {name}")
        self._space = space
        self._ids += 1
        if not self._details_of(owner).keep_crops:
            reference = replace(reference, crop=None)
        self.people.setdefault(owner, []).append((self._ids, reference))
        return self._ids

    @contextmanager
    def change(self, what: str) -> Iterator[None]:
        """Makes everything inside one change."""
        self._change, self._change_begun = what, False
        try:
            yield
        finally:
            self._change = ""

    def remove(self, name: str) -> int:
        """Removes a person."""
        found = self._name(name)
        self._begin(f"remove {name}")
        self._drop_thresholds(found)
        self.details.pop(found, None)
        return len(self.people.pop(found))

    def remove_reference(self, reference: int) -> str:
        """Removes one reference."""
        owner = self._owner(reference)
        self._begin(f"remove reference {reference}")
        self.people[owner] = [(number, new) for number, new in self.people[owner] if number != reference]
        return owner

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name."""
        found, cleaned = self._name(name), clean_name(new)
        if any(name_key(other) == name_key(new) for other in self.people if other != found):
            raise NameTaken(f"Somebody is named {cleaned} already.")
        self._begin(f"rename {name} to {new}")
        self.people[cleaned] = self.people.pop(found)
        if found in self.details:
            self.details[cleaned] = self.details.pop(found)
        if self._calibration is not None and found in self._calibration.personal:
            personal = {cleaned if n == found else n: own for n, own in self._calibration.personal.items()}
            self._calibration = replace(self._calibration, personal=personal)
        return found

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another."""
        source, target = self._name(name), self._name(into)
        if source == target:
            raise BadArgument("The fake gallery merges two people only.")
        self._begin(f"merge {name} into {into}")
        faces = {_face(new) for _, new in self.people[target]}
        moved = [(number, new) for number, new in self.people.pop(source) if _face(new) not in faces]
        self.details.pop(source, None)
        self._drop_thresholds(source)
        self._give(target, moved)
        return len(moved)

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person."""
        owner, target = self._owner(reference), self._name(to)
        if owner == target:
            raise BadArgument("The fake gallery moves to another person only.")
        (moved,) = [(number, new) for number, new in self.people[owner] if number == reference]
        if _face(moved[1]) in {_face(new) for _, new in self.people[target]}:
            raise AlreadyEnrolled("The fake gallery has this face already.")
        self._begin(f"move reference {reference} to {to}")
        self.people[owner] = [(number, new) for number, new in self.people[owner] if number != reference]
        self._give(target, [moved])
        return owner

    def edit(self, name: str, change: Callable[[Details], Details]) -> Details:
        """Changes what is settled about a person."""
        found = self._name(name)
        new = change(self._details_of(found))
        if new.thresholds is not None and self._space is None:
            raise BadArgument("The fake gallery has no model yet.")
        new = replace(new, notes=clean_notes(new.notes), tags=clean_words(new.tags))
        self._begin(f"change what is settled about {name}")
        self.details[found] = new
        self._give(found, [])
        return new

    def by_hand(self) -> dict[str, Thresholds]:
        """The thresholds set for single people."""
        return {name: own.thresholds for name, own in self.details.items() if own.thresholds is not None}

    def last_change(self) -> Change | None:
        """What `undo` would take back."""
        return None if self._last is None else Change(self._last[0], LONG_AGO)

    def undo(self) -> Change:
        """Takes the last change back."""
        if self._last is None:
            raise NothingToUndo("There is nothing to undo in the fake gallery.")
        what, before = self._last
        for name, value in before.items():
            setattr(self, name, value)
        self._last = None
        return Change(what, LONG_AGO)

    def forget(self, name: str) -> Forgotten:
        """Deletes a person for good; the fake gallery leaves its record alone."""
        count = len(self.people.pop(self._name(name)))
        self._last = None
        return Forgotten("forgotten person 1", count, count, 0, 0, (), (), (), (), 0, False)

    def crop(self, reference: int) -> FaceCrop | None:
        """The picture kept of a reference."""
        return self.crops(self._owner(reference)).get(reference)

    def crops(self, name: str) -> dict[int, FaceCrop]:
        """The pictures kept of a person's references."""
        return {number: new.crop for number, new in self.people[self._name(name)] if new.crop is not None}

    def spaces(self) -> list[SpaceUse]:
        """All models that the gallery holds templates of."""
        if self._space is None:
            return []
        count = sum(map(len, self.people.values()))
        others = [
            SpaceUse(space, False, len(self._other_templates[key]), self._lacking_people(key))
            for key, space in self._other_spaces.items()
        ]
        return [SpaceUse(self._space, True, count, ()), *others]

    def lacking(self, space: EmbeddingSpace) -> Iterator[LackingTemplate]:
        """The references without a template there."""
        if self._space is not None and self._space.comparable(space):
            return
        there = self._other_templates.get(_key(space), {})
        for name, references in self.people.items():
            for number, new in references:
                if number not in there:
                    yield LackingTemplate(number, name, new.reference, new.crop)

    def add_template(self, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
        """Gives a reference a template under another model."""
        self._owner(reference)
        self._begin(f"make templates under {space.model}")
        self._other_spaces[_key(space)] = space
        self._other_templates.setdefault(_key(space), {})[reference] = embedding

    def use(self, space: EmbeddingSpace) -> None:
        """Makes another model the gallery's own; references without a template there lose their place."""
        if self._space is not None and self._space.comparable(space):
            return
        templates = self._other_templates.get(_key(space))
        if not templates:
            raise ModelMismatch(f"The fake gallery holds no template of {space.model}.")
        self._begin(f"use {space.model}")
        self.people = {
            name: [(n, replace(new, embedding=templates[n])) for n, new in references if n in templates]
            for name, references in self.people.items()
        }
        self._space = space

    def shared_photos(self) -> list[SharedPhoto]:
        """Faces that are enrolled under more than one name."""
        owners: dict[tuple[str, Box], list[tuple[str, int]]] = {}
        sources = {}
        for name, references in self.people.items():
            for number, new in references:
                owners.setdefault(_face(new), []).append((name, number))
                sources[_face(new)] = new.reference.source
        return [SharedPhoto(sources[face], tuple(who)) for face, who in owners.items() if len(who) > 1]

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

    def _begin(self, what: str) -> None:
        """Remembers how the gallery was, but for the parts of a change that has begun."""
        if self._change and self._change_begun and self._last is not None:
            return
        parts = ("people", "details", "_space", "_calibration", "_other_templates", "_other_spaces")
        self._last = self._change or what, {part: copy.deepcopy(getattr(self, part)) for part in parts}
        self._change_begun = True

    def _details_of(self, name: str) -> Details:
        return self.details.get(name, Details())

    def _give(self, name: str, references: list[tuple[int, NewReference]]) -> None:
        merged = sorted([*self.people[name], *references], key=lambda one: one[0])
        if not self._details_of(name).keep_crops:
            merged = [(number, replace(new, crop=None)) for number, new in merged]
        self.people[name] = merged

    def _drop_thresholds(self, name: str) -> None:
        if self._calibration is not None:
            personal = {other: own for other, own in self._calibration.personal.items() if other != name}
            self._calibration = replace(self._calibration, personal=personal)

    def _lacking_people(self, key: tuple[str, str]) -> tuple[str, ...]:
        there = self._other_templates[key]
        return tuple(
            name
            for name, references in sorted(self.people.items())
            if references and not any(number in there for number, _ in references)
        )

    def _owner(self, reference: int) -> str:
        for name, references in self.people.items():
            if any(number == reference for number, _ in references):
                return name
        raise UnknownName(f"There is no reference {reference}.")

    def _name(self, name: str) -> str:
        for known in self.people:
            if name_key(known) == name_key(name):
                return known
        raise UnknownName(f"There is nobody called {name}.")


def _face(new: NewReference) -> tuple[str, Box]:
    return new.reference.sha256, new.reference.detection.box


def _key(space: EmbeddingSpace) -> tuple[str, str]:
    return space.sha256, space.preparation


def _hash(pixels: RGB) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
