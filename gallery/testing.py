"""Fakes of the ports, for tests without weights, files or a database. They do what the real ones promise, on drawings.

A face of these drawings is a rectangle of one colour: red names the person, green is 255 minus red, and blue says how
far the picture of that person is from their usual one (`FIRST_BLUE` for not at all).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gallery.domain.benching import Limits, Spent
from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.calibrated import Calibration
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Decision, Rule
from gallery.domain.errors import (
    AlreadyEnrolled,
    BadArgument,
    BadPhoto,
    GalleryChanged,
    ModelFailed,
    ModelMismatch,
    NameTaken,
    NothingToUndo,
    NotWritten,
    StoreUnusable,
    TrailBroken,
    UnknownName,
    Unverified,
)
from gallery.domain.faces import RGB, Chips, Detection, Embeddings, Photo
from gallery.domain.forgetting import Forgotten, KeptOutput
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
from gallery.domain.paths import joined
from gallery.domain.people import (
    SAME_FACE,
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
    clean_notes,
    clean_words,
    name_key,
    new_name,
)
from gallery.domain.ports import Staged
from gallery.domain.reviewing import Recorded
from gallery.domain.runs import (
    Counts,
    DecidedFace,
    DoneBefore,
    ImageRecord,
    ImageStatus,
    Run,
    RunSettings,
    RunStatus,
    RunSummary,
)
from gallery.domain.score_statistics import RULES, ScoredRun, Scores
from gallery.domain.selecting import Selection
from gallery.domain.trail import OutputOnRecord, TrailCheck

_K = TypeVar("_K")
_V = TypeVar("_V")

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
"""When everything happened in a fake store."""
_TODAY = LONG_AGO.date()
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

    def redact(
        self,
        image: RGB,
        faces: Sequence[Detection],
        regions: Sequence[Box] = (),
        kept: Sequence[Box] = (),  # noqa: ARG002 - black takes no colour from beside a face
    ) -> RGB:
        """A copy with the faces' boxes painted black."""
        redacted = image.copy()
        for box in (*(face.box for face in faces), *regions):
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

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing was asked for."""
        return {}

    def expand(
        self,
        paths: Sequence[Path],
        selection: Selection | None = None,
        output: Path | None = None,  # noqa: ARG002
    ) -> list[tuple[Path, Path]]:
        """Every path is a file, and keeps its name."""
        chosen = selection or Selection()
        named = [path for path in (*paths, *chosen.listed) if not chosen.fitting(path)]
        return [(path, Path(path.name)) for path in named]

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

    def size_of(self, path: Path) -> int:
        """As many pixels as there are."""
        pixels = self.photos.get(path)
        return 0 if pixels is None else pixels.shape[0] * pixels.shape[1]

    def stage(self, pixels: RGB, like: Photo, target: Path) -> Staged:
        """Keeps the pixels under a hidden name."""
        hidden = target.with_name(f".{target.name}.staged")
        return Staged(hidden, target, self.write(pixels, like, hidden))

    def verify(self, staged: Staged, pixels: RGB, like: Photo, covered: Sequence[Box]) -> RGB:
        """What was staged, if it is what was to be written."""
        back = self.read(staged.path).pixels
        if _hash(back) != staged.sha256 or not np.array_equal(back, pixels):
            raise Unverified(f"{staged.target} is not what was to be written.")
        for box in covered:
            place = slice(box.y, box.bottom), slice(box.x, box.right)
            if np.array_equal(back[place], like.pixels[place]) and back[place].any():
                raise Unverified(f"{staged.target} shows what was to be covered.")
        return back

    def publish(self, staged: Staged, instead_of: str | None) -> None:
        """Gives the pixels their name."""
        if self.fingerprint(staged.target) != instead_of:
            self.discard(staged.path)
            raise NotWritten(f"{staged.target} has come meanwhile.")
        self.written[staged.target] = self.written.pop(staged.path)

    def reserve(self, folder: Path) -> AbstractContextManager[None]:  # noqa: ARG002
        """There is nobody else."""
        return nullcontext()

    def tidy(self, folder: Path) -> None:
        """Nothing is left behind."""

    def is_there(self, path: Path) -> bool:
        """Whether it is in a dictionary."""
        return path in self.written or path in self.photos

    def fingerprint(self, path: Path) -> str | None:
        """The hash of what was written, or of a photo of the dictionary."""
        pixels = self.written.get(path, self.photos.get(path))
        return None if pixels is None else _hash(pixels)

    def discard(self, path: Path) -> None:
        """Forgets what was written."""
        self.written.pop(path, None)


@dataclass
class FakeMachine:
    """Every look at its clock takes one second, of which one core works half.

    Attributes:
        cores: As many as it has.
    """

    cores: int = 2
    _looks: int = 0

    def now(self) -> Spent:
        """One second later than before."""
        self._looks += 1
        return Spent(self._looks, self._looks / 2, self._looks)

    def peak_memory(self) -> int:
        """A hundred megabytes."""
        return 100_000_000

    def limits(self, photos: Sequence[Path]) -> Limits:  # noqa: ARG002
        """Made up."""
        return Limits(matrix=100e9, copying=10e9, decoding=100e6, encoding=50e6)


class FakeCrops:
    """Keeps the colour at the middle of a face."""

    def make(self, image: RGB, detection: Detection) -> FaceCrop:
        """Three bytes."""
        x, y = detection.box.centre
        return FaceCrop(image[int(y), int(x)].tobytes(), detection.box.x, detection.box.y, 1.0)

    def open(self, crop: FaceCrop, detection: Detection) -> tuple[RGB, Detection]:
        """A picture of that colour, which the face fills."""
        if len(crop.picture) != 3:
            raise BadPhoto("The fake picture is damaged.")
        pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
        pixels[:] = np.frombuffer(crop.picture, np.uint8)
        return pixels, replace(detection, box=Box(0, 0, SIDE, SIDE))


_Space = tuple[str, str, int]
"""What tells spaces apart: hash of the weights, preparation, dimension."""


@dataclass
class FakeStore:
    """The gallery file as lists in memory.

    Attributes:
        people: Identities' names with their references, in the order they came.
        recorded: Settings, photos and status of each run; run 1 is the first.
        refuses: Whether to refuse to record a photo, like a full disk.
        details: What is settled about those for whom anything is, but for their thresholds.
        today: The day on which consent must not have ended.
        words: What was decided by hand, in the order it was.
        runners: Who ran each run.
        misfit: What the trail is to have been broken by.
        pictures: Those kept for a review, by run, photo and face.
        compacted: How often the file was written anew.
        measured: The templates of which it keeps how they stand to a cohort.
    """

    people: dict[str, list[tuple[int, NewReference]]] = field(default_factory=dict)
    recorded: list[tuple[RunSettings, list[ImageRecord], RunStatus]] = field(default_factory=list)
    refuses: bool = False
    details: dict[str, Details] = field(default_factory=dict)
    today: date = _TODAY
    words: list[Override] = field(default_factory=list)
    runners: list[str] = field(default_factory=list)
    misfit: str | None = None
    pictures: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    compacted: int = 0
    measured: set[int] = field(default_factory=set)
    _pruned: dict[int, Counts] = field(default_factory=dict)
    _space: EmbeddingSpace | None = None
    _ids: int = 0
    _word_ids: int = 0
    _spaces: dict[_Space, EmbeddingSpace] = field(default_factory=dict)
    _templates: dict[_Space, dict[int, bytes]] = field(default_factory=dict)
    _thresholds: dict[_Space, dict[str, Thresholds]] = field(default_factory=dict)
    _calibrations: dict[_Space, Calibration] = field(default_factory=dict)
    _last: _Change | None = None
    _group: _Group | None = None

    def space(self) -> EmbeddingSpace | None:
        """The space of the templates."""
        return self._space

    def choose(self, card: ModelCard) -> None:
        """Makes a model the gallery's own."""
        with self._changing(f"choose {card.name}"):
            self._settle(card.space)
            if not any(self._templates.values()):
                self._space = self._spaces[_key(card.space)] = card.space

    def measure(self, cohort: Cohort) -> int:  # noqa: ARG002
        """Counts what is new; how templates stand to a cohort is computed whenever they are read."""
        new = set(self._current(self._templates)) - self.measured if self._space else set()
        self.measured |= new
        return len(new)

    def whitelist(self, cohort: Cohort | None = None) -> Whitelist:
        """All templates."""
        found = self._whitelist()
        standing = None if cohort is None else cohort.standing(found.templates)
        return replace(found, cohort=cohort, standing=standing)

    def _whitelist(self) -> Whitelist:
        if self._space is None:
            return Whitelist.empty(0)
        templates = self._current(self._templates)
        rows = sorted((n, name) for name, found in self.people.items() for n, _ in found if n in templates)
        names = sorted({name for _, name in rows}, key=name_key)
        if not names:
            return Whitelist.empty(self._space.dimension)
        return Whitelist(
            tuple(names),
            np.array([names.index(name) for _, name in rows], np.intp),
            np.array([number for number, _ in rows], np.int64),
            np.stack([np.frombuffer(templates[number], np.float32) for number, _ in rows]),
            {
                name: own.expires if own.enabled else None
                for name, own in self.details.items()
                if name in names and own.withheld(self.today)
            },
        )

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""
        found = []
        for name, references in sorted(self.people.items(), key=lambda person: name_key(person[0])):
            own = self._details_of(name)
            counts = Counter(model for number, _ in references for model in self._models(number))
            last = LONG_AGO if references else None
            found.append(
                IdentitySummary(
                    name, len(references), dict(counts), LONG_AGO, last, None, own.enabled, own.expires, own.tags
                )
            )
        return found

    def identity(self, name: str) -> Identity:
        """One person."""
        found = self._name(name)
        stored = tuple(
            StoredReference(number, LONG_AGO, self._models(number), new.reference, new.crop is not None)
            for number, new in self.people[found]
        )
        return Identity(1, found, LONG_AGO, stored, self._details_of(found))

    def enrolled(self, sha256: str) -> list[tuple[str, Box]]:
        """Who is enrolled from a photo."""
        return [
            (name, new.reference.detection.box) for _, name, new in self._references() if new.reference.sha256 == sha256
        ]

    def add(
        self,
        name: str,
        reference: NewReference,
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> int:
        """Adds a reference."""
        with self._changing(f"enrol {name}"):
            return self._add(name, reference, space, settle)

    def add_all(
        self,
        references: Sequence[tuple[str, NewReference]],
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> list[int]:
        """Adds references, all or none."""
        with self._changing(f"enrol {len(references)} references"):
            return [self._add(name, new, space, settle) for name, new in references]

    @contextmanager
    def change(self, what: str) -> Iterator[None]:
        """Makes everything inside one change."""
        outer = self._group
        self._group = outer or _Group(what)
        try:
            yield
        finally:
            self._group = outer

    def remove(self, name: str) -> int:
        """Removes a person."""
        with self._changing(f"remove {name}"):
            references = self._drop(self._name(name))
            self._drop_templates(references)
        return len(references)

    def remove_reference(self, reference: int) -> str:
        """Removes one reference."""
        with self._changing(f"remove reference {reference}"):
            owner = self._owner(reference)
            self._take(owner, reference)
            self._drop_templates({reference})
        return owner

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name."""
        with self._changing(f"rename {name} to {new}"):
            found, cleaned = self._name(name), new_name(new)
            if any(name_key(other) == name_key(new) for other in self.people if other != found):
                raise NameTaken(f"Somebody is named {cleaned} already.")
            self.people = _renamed(self.people, found, cleaned)
            self.details = _renamed(self.details, found, cleaned)
            self._thresholds = {space: _renamed(own, found, cleaned) for space, own in self._thresholds.items()}
            self._calibrations = {
                space: replace(made, personal=_renamed(made.personal, found, cleaned))
                for space, made in self._calibrations.items()
            }
        return found

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another."""
        with self._changing(f"merge {name} into {into}"):
            source, target = self._name(name), self._name(into)
            if source == target:
                raise BadArgument("The fake gallery merges two people only.")
            faces = {_face(new) for _, new in self.people[target]}
            both = self.details.get(target, Details()).restricted(self.details.get(source, Details()))
            if both != Details():
                self.details[target] = both
            references = self._drop(source)
            moved = {number: new for number, new in references.items() if _face(new) not in faces}
            self._drop_templates(references.keys() - moved.keys())
            self._give(target, moved)
        return len(moved)

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person."""
        with self._changing(f"move reference {reference} to {to}"):
            owner, target = self._owner(reference), self._name(to)
            if owner == target:
                raise BadArgument("The fake gallery moves to another person only.")
            moved = self._take(owner, reference)
            if _face(moved) in {_face(new) for _, new in self.people[target]}:
                raise AlreadyEnrolled("The fake gallery has this face already.")
            self._give(target, {reference: moved})
        return owner

    def edit(self, name: str, change: Callable[[Details], Details], expected: Hashable = None) -> Details:
        """Changes what is settled about a person."""
        self._require(expected)
        with self._changing(f"change what is settled about {name}"):
            found = self._name(name)
            new = change(self._details_of(found))
            new = replace(new, notes=clean_notes(new.notes), tags=clean_words(new.tags))
            self.details.pop(found, None)
            if replace(new, thresholds=None) != Details():
                self.details[found] = replace(new, thresholds=None)
            self._set_thresholds(found, new.thresholds)
            self._give(found, {})
        return new

    def by_hand(self) -> dict[str, Thresholds]:
        """The thresholds set for single people."""
        return dict(self._current(self._thresholds))

    def last_change(self) -> Change | None:
        """What `undo` would take back."""
        return None if self._last is None else Change(self._last.what, LONG_AGO)

    def own_change(self) -> Change | None:
        """The last change; there is nobody else to make one."""
        return self.last_change()

    def pass_by(self) -> None:
        """Nothing: the fake gallery does not tell commands apart."""

    def undo(self, number: int | None = None) -> Change:  # noqa: ARG002 - there is only one
        """Takes the last change back."""
        if self._last is None:
            raise NothingToUndo("There is nothing to undo in the fake gallery.")
        change, self._last = self._last, None
        self._restore(change.before)
        return Change(change.what, LONG_AGO)

    def outputs_showing(self, name: str) -> tuple[KeptOutput, ...]:
        """Those of all runs."""
        return tuple(
            KeptOutput(number, joined(image.output, settings.base), image.output_sha256 or "")
            for number, (settings, images, _) in enumerate(self.recorded, 1)
            for image in images
            if image.output and any(f.decision.kept and name in _kept_for(f.decision) for f in image.faces)
        )

    def forget(self, name: str) -> Forgotten:
        """Deletes a person for good; the fake gallery leaves its record alone."""
        references = self._drop(self._name(name))
        templates = sum(len(self._models(number)) for number in references)
        crops = sum(new.crop is not None for new in references.values())
        self._drop_templates(references)
        self._last = None
        self.words = [word for word in self.words if word.keeps is None or word.keeps in self.people]
        return Forgotten("forgotten person 1", len(references), templates, crops, 0, (), (), (), (), 0)

    def crop(self, reference: int) -> FaceCrop | None:
        """The picture kept of a reference."""
        return next((new.crop for number, _, new in self._references() if number == reference), None)

    def crops(self, name: str) -> dict[int, FaceCrop]:
        """The pictures kept of a person's references."""
        return {number: new.crop for number, new in self.people[self._name(name)] if new.crop is not None}

    def spaces(self) -> list[SpaceUse]:
        """All models that the gallery holds templates of, the current one first."""
        own = self._space and _key(self._space)
        found = [
            SpaceUse(space, key == own, len(self._templates.get(key, {})), self._lacking_people(key))
            for key, space in self._spaces.items()
            if key == own or self._templates.get(key)
        ]
        return sorted(found, key=lambda use: (not use.current, use.space.model))

    def lacking(self, space: EmbeddingSpace) -> Iterator[LackingTemplate]:
        """The references without a template there."""
        there = self._templates.get(_key(space), {})
        numbers = [n for references in self.people.values() for n, _ in references if n not in there]
        for number in numbers:
            found = next((one for one in self._references() if one[0] == number), None)
            if found is not None:
                _, name, new = found
                yield LackingTemplate(number, name, new.reference, new.crop)

    def add_template(self, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
        """Gives one reference a template."""
        self.add_templates({reference: embedding}, space)

    def add_templates(self, templates: Mapping[int, NDArray[np.float32]], space: EmbeddingSpace) -> None:
        """Gives references templates."""
        with self._changing(f"make templates under {space.model}"):
            for number in templates:
                self._owner(number)
            for number, embedding in templates.items():
                self._keep_template(number, embedding, space)

    def use(self, space: EmbeddingSpace) -> None:
        """Makes another model the gallery's own."""
        with self._changing(f"use {space.model}"):
            if not self._templates.get(_key(space)):
                raise ModelMismatch(f"The fake gallery holds no template of {space.model}.")
            self._space = self._spaces[_key(space)] = space

    def shared_photos(self) -> list[SharedPhoto]:
        """Faces that are enrolled under more than one name."""
        faces: list[list[tuple[int, str, NewReference]]] = []
        for one in sorted(self._references(), key=lambda one: (one[2].reference.sha256, one[0])):
            same = next((face for face in faces if _is_same_face(face[0][2], one[2])), None)
            if same is None:
                faces.append([one])
            else:
                same.append(one)
        return [
            SharedPhoto(face[0][2].reference.source, tuple((name, number) for number, name, _ in face))
            for face in faces
            if len({name for _, name, _ in face}) > 1
        ]

    def calibration(self) -> Calibration | None:
        """The derived thresholds."""
        made = None if self._space is None else self._calibrations.get(_key(self._space))
        if made is None:
            return None
        numbers = self._current(self._templates)
        remaining = sum(number <= made.last_reference for number in numbers)
        return replace(
            made,
            space=self._space or made.space,
            added=len(numbers) - remaining,
            removed=made.references - remaining,
        )

    def set_calibration(self, calibration: Calibration, expected: Hashable = None) -> None:
        """Keeps derived thresholds."""
        self._require(expected)
        with self._changing("calibrate"):
            if self._space is None or not self._space.comparable(calibration.space):
                raise ModelMismatch("The fake gallery's templates are of another model.")
            known = {name: own for name, own in calibration.personal.items() if name in self.people}
            self._calibrations[_key(self._space)] = replace(calibration, personal=known)

    def clear_calibration(self) -> bool:
        """Drops them."""
        with self._changing("calibrate --reset"):
            return self._space is not None and self._calibrations.pop(_key(self._space), None) is not None

    def begin_run(self, settings: RunSettings, by: str = "") -> int:
        """Opens a run's record."""
        self.recorded.append((settings, [], RunStatus.RUNNING))
        self.runners.append(by)
        return len(self.recorded)

    def generation(self) -> str:
        """The people and what was decided by hand, as text."""
        numbers = {name: [number for number, _ in references] for name, references in self.people.items()}
        people = sorted(numbers.items()), sorted(self.details.items(), key=lambda one: one[0])
        return repr((people, [word.number for word in self.words]))

    def _require(self, expected: Hashable) -> None:
        if expected is not None and expected != self.generation():
            raise GalleryChanged("The fake gallery's people were changed meanwhile.")

    def record(
        self, run: int, image: ImageRecord, expected: Hashable = None, crops: Mapping[int, bytes] | None = None
    ) -> None:
        """Adds a photo to a run's record."""
        self._require(expected)
        if self.refuses:
            raise StoreUnusable("The fake gallery was told to refuse.")
        self.recorded[run - 1][1].append(image)
        place = len(self.recorded[run - 1][1]) - 1
        self.pictures |= {(run, place, position + 1): picture for position, picture in (crops or {}).items()}

    def review_crop(self, run: int, image: int, face: int) -> bytes | None:
        """A picture kept for a review."""
        return self.pictures.get((run, image, face))

    def put_review_crop(self, run: int, image: int, face: int, picture: bytes) -> None:
        """Puts one back."""
        self.pictures[run, image, face] = picture

    def drop_review_crop(self, run: int, image: int, face: int) -> bool:
        """Removes one."""
        return self.pictures.pop((run, image, face), None) is not None

    def drop_review_crops(self, run: int) -> int:
        """Removes those of a run."""
        gone = [place for place in self.pictures if place[0] == run]
        for place in gone:
            del self.pictures[place]
        return len(gone)

    def with_overrides(self) -> list[Recorded]:
        """What runs did with photos that somebody decided on, or had decided on."""
        photos: set[str | None] = {word.sha256 for word in self.words}
        for _, images, _ in self.recorded:
            photos |= {one.sha256 for one in images if any(f.decision.rule is Rule.BY_HAND for f in one.faces)}
        return [
            Recorded(number, LONG_AGO, settings.output, image, settings.base, settings.reviewed)
            for number, (settings, images, _) in enumerate(self.recorded, 1)
            for image in images
            if image.sha256 in photos
        ]

    def compact(self) -> None:
        """Counts how often."""
        self.compacted += 1

    def amend(self, run: int, image: ImageRecord, instead_of: ImageRecord) -> None:
        """Replaces a photo's last record."""
        images = self.recorded[run - 1][1]
        wanted = (instead_of.source, instead_of.output, instead_of.output_sha256)
        places = [place for place, one in enumerate(images) if (one.source, one.output, one.output_sha256) == wanted]
        if not places:
            raise UnknownName(f"The fake run {run} has no such record of {image.source}.")
        images[places[-1]] = image

    def done_before(self, settings: str, photo: str, state: str, output: str) -> DoneBefore | None:
        """The last run that did a photo and verified it."""
        wanted = (photo, state, output, ImageStatus.OK)
        for number in range(len(self.recorded), 0, -1):
            used, images, _ = self.recorded[number - 1]
            for one in reversed(images):
                done = (one.sha256, one.state, one.output_sha256, one.status) == wanted and one.verified is not None
                if done and used.fingerprint == settings:
                    return DoneBefore(number, one)
        return None

    def add_override(self, override: Override) -> Override:
        """Remembers a person's word."""
        self._word_ids += 1
        keeps = None if override.keeps is None else self._name(override.keeps)
        numbered = replace(override, number=self._word_ids, keeps=keeps)
        self.words = [
            word for word in self.words if word.sha256 != override.sha256 or word.box.overlap(override.box) < SAME_PLACE
        ]
        self.words.append(numbered)
        return self._in_force(numbered)

    def overrides(self) -> list[Override]:
        """All of them."""
        return [self._in_force(word) for word in self.words]

    def _in_force(self, word: Override) -> Override:
        if word.keeps is None:
            return word
        if word.keeps not in self.people:
            return replace(word, keeps=None)
        return replace(word, ended=self._details_of(word.keeps).withheld(self.today))

    def closest_on_record(self, sha256: str, box: Box, run: int | None = None) -> str | None:
        """Whom a face was closest to when it was compared last."""
        runs = self.recorded if run is None else self.recorded[run - 1 : run]
        found = (
            face.decision.candidate
            for _, images, _ in reversed(runs)
            for image in reversed(images)
            for face in image.faces
            if image.sha256 == sha256 and face.detection.box.overlap(box) >= SAME_PLACE
        )
        closest = next(found, None)
        return closest.identity if closest is not None and closest.identity in self.people else None

    def remove_override(self, number: int) -> Override:
        """Takes one back."""
        found = next((word for word in self.words if word.number == number), None)
        if found is None:
            raise UnknownName(f"There is no override {number}.")
        self.words.remove(found)
        return found

    def end_run(self, run: int, status: RunStatus) -> None:
        """Closes a run's record."""
        settings, images, _ = self.recorded[run - 1]
        self.recorded[run - 1] = (settings, images, status)

    def written(self, run: int) -> frozenset[str]:
        """Those of the run's photos."""
        return frozenset(image.output_sha256 for image in self.recorded[run - 1][1] if image.output_sha256)

    def outputs(self, sha256: str) -> list[str]:
        """Where runs wrote a file with this hash."""
        written = [
            (image.output, settings.base)
            for settings, images, _ in self.recorded
            for image in images
            if image.output and image.output_sha256 == sha256
        ]
        return list(dict.fromkeys(path for output, base in written for path in (output, joined(output, base))))

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
            **asdict(self._pruned.get(number) or Counts.of(images)),
            settled=sum(self._is_settled(image, face) for image in images for face in image.faces),
            reviewed=settings.reviewed,
            rewritten_in=tuple(n for n, (made, _, _) in enumerate(self.recorded, 1) if made.reviewed == number),
            by=self.runners[number - 1],
            pruned=LONG_AGO if number in self._pruned else None,
            pruned_by="" if number in self._pruned else None,
        )
        return Run(summary, settings, tuple(images))

    def _is_settled(self, image: ImageRecord, face: DecidedFace) -> bool:
        on = [word for word in self.words if word.sha256 == image.sha256]
        return face.decision.waits and any(face.detection.box.overlap(word.box) >= SAME_PLACE for word in on)

    def scores(self, run: int | None = None) -> Scores:
        """What statistics need of one run or of all."""
        chosen = [self.run(number) for number in ([run] if run else range(1, len(self.recorded) + 1))]
        photos = [(place, image) for place, one in enumerate(chosen) for image in one.images]
        faces = [(place, face.decision) for place, (_, image) in enumerate(photos) for face in image.faces]
        closest = [decision.candidate for _, decision in faces]
        names = tuple(sorted({one.identity for one in closest if one}))
        return Scores(
            runs=tuple(_scored(one, self._pruned.get(one.summary.id)) for one in chosen),
            names=names,
            photo_run=np.array([place for place, _ in photos], np.int64),
            photo_failed=np.array([image.failed for _, image in photos], np.bool_),
            photo_earlier=np.array([image.earlier or 0 for _, image in photos], np.int64),
            face_photo=np.array([place for place, _ in faces], np.int64),
            face_kept=np.array([decision.kept for _, decision in faces], np.bool_),
            face_rule=np.array([RULES.index(decision.rule) for _, decision in faces], np.int64),
            face_person=np.array([names.index(one.identity) if one else -1 for one in closest], np.int64),
            face_cosine=np.array([one.cosine if one else np.nan for one in closest], np.float64),
        )

    @contextmanager
    def open_run(self, number: int) -> Iterator[tuple[Run, Iterator[ImageRecord]]]:
        """One run without its photos, and these."""
        run = self.run(number)
        yield replace(run, images=()), iter(run.images)

    def check_trail(self, head: str | None = None) -> TrailCheck:
        """What it was told to find."""
        photos = sum(len(images) for _, images, _ in self.recorded)
        entries = 2 * len(self.recorded) + photos
        return TrailCheck(
            entries=entries,
            head=f"{entries:064x}",
            runs=len(self.recorded) - len(self._pruned),
            photos=photos,
            pruned=len(self._pruned),
            misfit=self.misfit,
            known_head=None if head is None else head == f"{entries:064x}",
        )

    def photos_of(self, sha256: str) -> list[OutputOnRecord]:
        """Those of all runs."""
        return [
            OutputOnRecord(number, image.source, "", settings.output, sha256, settings.base, image.sha256 or "")
            for number, (settings, images, _) in enumerate(self.recorded, 1)
            for image in images
            if image.output_sha256 == sha256
        ]

    def output_folders(self) -> list[tuple[str, str]]:
        """Those of all runs."""
        return [(settings.output, settings.base) for settings, _, _ in self.recorded]

    def outputs_on_record(self) -> list[OutputOnRecord]:
        """The last file that was written of each photo."""
        found = {
            (settings.base, settings.output, image.source): OutputOnRecord(
                number,
                image.source,
                image.output,
                settings.output,
                image.output_sha256 or "",
                settings.base,
                image.sha256 or "",
            )
            for number, (settings, images, _) in enumerate(self.recorded, 1)
            for image in images
            if image.output
        }
        return list(found.values())

    def prune(self, numbers: Sequence[int], by: str = "") -> None:  # noqa: ARG002 - as the protocol has it
        """Removes the photos of runs."""
        if self.misfit is not None:
            raise TrailBroken(self.misfit)
        for number in numbers:
            settings, images, status = self.recorded[number - 1]
            self._pruned[number] = Counts.of(images)
            self.recorded[number - 1] = (settings, [], status)

    @contextmanager
    def _changing(self, what: str) -> Iterator[None]:
        """All or nothing; by itself a change, or a part of the one that has begun. What changes nothing is none."""
        before = self._state()
        try:
            yield
        except BaseException:
            self._restore(before)
            raise
        if self._state() == before:
            return
        group = self._group or _Group(what)
        if self._last is None or group.made is not self._last:
            self._last = group.made = _Change(group.what, before)

    def _state(self) -> dict[str, Any]:
        """A copy of everything that can be undone; what the containers hold is never changed itself."""
        return {
            "people": {name: list(references) for name, references in self.people.items()},
            "_templates": {space: dict(templates) for space, templates in self._templates.items()},
            "_thresholds": {space: dict(own) for space, own in self._thresholds.items()},
            "details": dict(self.details),
            "_spaces": dict(self._spaces),
            "_calibrations": dict(self._calibrations),
            "_space": self._space,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        for part, value in state.items():
            setattr(self, part, value)

    def _add(
        self,
        name: str,
        reference: NewReference,
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None,
    ) -> int:
        self._settle(space)
        known = {name_key(other): other for other in self.people}
        owner = known.get(name_key(name)) or new_name(name)
        if _face(reference) in {_face(new) for _, new in self.people.get(owner, [])}:
            raise AlreadyEnrolled(f"The fake gallery has this face of {reference.reference.source} already.")
        if not self._details_of(owner).keep_crops:
            reference = replace(reference, crop=None)
        self._keep_template(self._ids + 1, reference.embedding, space)
        self._ids += 1
        self.people.setdefault(owner, []).append((self._ids, reference))
        if settle is not None:
            self.details[owner] = settle(self.details.get(owner, Details()))
            self._give(owner, {})
        return self._ids

    def _settle(self, space: EmbeddingSpace) -> None:
        """Checks that templates of a space fit, or makes it the gallery's own while there are none."""
        if self._space is not None and self._space.comparable(space):
            return
        if any(self._templates.values()):
            raise ModelMismatch(f"The fake gallery holds templates of {self._space and self._space.model}.")
        self._space, self._spaces = space, {_key(space): space}
        self._thresholds, self._calibrations = {}, {}

    def _keep_template(self, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
        if embedding.shape != (space.dimension,) or not np.isfinite(embedding).all():
            raise ValueError(f"an embedding of {space.dimension} finite values is needed, got {embedding.shape}")
        self._spaces.setdefault(_key(space), space)
        self._templates.setdefault(_key(space), {})[reference] = embedding.astype(np.float32).tobytes()

    def _current(self, by_space: Mapping[_Space, Mapping[_K, _V]]) -> Mapping[_K, _V]:
        return {} if self._space is None else by_space.get(_key(self._space), {})

    def _references(self) -> list[tuple[int, str, NewReference]]:
        """All references with their owners' names, in the order they came."""
        numbered = {number: (name, new) for name, found in self.people.items() for number, new in found}
        return [(number, *numbered[number]) for number in sorted(numbered)]

    def _models(self, reference: int) -> tuple[str, ...]:
        return tuple(space.model for key, space in self._spaces.items() if reference in self._templates.get(key, {}))

    def _details_of(self, name: str) -> Details:
        return replace(self.details.get(name, Details()), thresholds=self._current(self._thresholds).get(name))

    def _set_thresholds(self, name: str, thresholds: Thresholds | None) -> None:
        if self._space is None:
            if thresholds is not None:
                raise BadArgument("The fake gallery has no model yet.")
            return
        if thresholds is not None:
            self._thresholds.setdefault(_key(self._space), {})[name] = thresholds
        elif _key(self._space) in self._thresholds:
            self._thresholds[_key(self._space)].pop(name, None)

    def _give(self, name: str, references: Mapping[int, NewReference]) -> None:
        together = sorted([*self.people[name], *references.items()], key=lambda one: one[0])
        if not self._details_of(name).keep_crops:
            together = [(n, replace(new, crop=None) if new.crop is not None else new) for n, new in together]
        self.people[name] = together

    def _take(self, owner: str, reference: int) -> NewReference:
        (taken,) = [new for number, new in self.people[owner] if number == reference]
        self.people[owner] = [one for one in self.people[owner] if one[0] != reference]
        return taken

    def _drop(self, name: str) -> dict[int, NewReference]:
        """Removes a person, and returns the references, which still have their templates."""
        self.details.pop(name, None)
        for own in self._thresholds.values():
            own.pop(name, None)
        for space, made in self._calibrations.items():
            personal = {other: own for other, own in made.personal.items() if other != name}
            self._calibrations[space] = replace(made, personal=personal)
        return dict(self.people.pop(name))

    def _drop_templates(self, references: Iterable[int]) -> None:
        for templates in self._templates.values():
            for number in references:
                templates.pop(number, None)

    def _lacking_people(self, key: _Space) -> tuple[str, ...]:
        there = self._templates.get(key, {})
        return tuple(
            name
            for name, references in sorted(self.people.items(), key=lambda person: name_key(person[0]))
            if references and not any(number in there for number, _ in references)
        )

    def _owner(self, reference: int) -> str:
        for name, references in self.people.items():
            if any(number == reference for number, _ in references):
                return name
        raise UnknownName(f"There is no reference {reference}.")

    def _name(self, name: str) -> str:
        key = name_key(name)
        for known in self.people:
            if name_key(known) == key:
                return known
        raise UnknownName(f"There is nobody called {name}.")


@dataclass(frozen=True, eq=False)
class _Change:
    """A change that was made, and how the fake gallery was before."""

    what: str
    before: dict[str, Any]


@dataclass
class _Group:
    """Changes that are made together, once one of them was."""

    what: str
    made: _Change | None = None


def _scored(run: Run, pruned: Counts | None) -> ScoredRun:
    settings, running = run.settings, run.summary.status is RunStatus.RUNNING
    own = len(settings.personal)
    return ScoredRun(run.summary.id, LONG_AGO, running, settings.space, settings.thresholds, own, pruned)


def _renamed(by_name: Mapping[str, _V], former: str, new: str) -> dict[str, _V]:
    """The same in the same order, with one name replaced."""
    return {new if name == former else name: value for name, value in by_name.items()}


def _face(new: NewReference) -> tuple[str, Box]:
    return new.reference.sha256, new.reference.detection.box


def _is_same_face(one: NewReference, other: NewReference) -> bool:
    (hash_one, box), (hash_other, other_box) = _face(one), _face(other)
    return hash_one == hash_other and box.overlap(other_box) >= SAME_FACE


def _key(space: EmbeddingSpace) -> _Space:
    return space.sha256, space.preparation, space.dimension


def _hash(pixels: RGB) -> str:
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def _kept_for(decision: Decision) -> tuple[str, ...]:
    if decision.keeps is not None:
        return (decision.keeps,)
    return () if decision.candidate is None else (decision.candidate.identity,)
