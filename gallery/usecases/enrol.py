"""Puts people on the whitelist, one reference photo at a time."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

from gallery.domain.errors import AlreadyEnrolled, BadArgument, GalleryError, NoFace, PoorReference, SeveralFaces
from gallery.domain.faces import Detection, Face, Photo, Quality
from gallery.domain.geometry import Box
from gallery.domain.growing import GrowingWhitelist
from gallery.domain.matching import Candidate
from gallery.domain.models import Thresholds
from gallery.domain.paths import shown
from gallery.domain.people import SAME_FACE, Details, NewReference, Reference, clean_name, name_key, new_name
from gallery.domain.ports import CropMaker, PhotoFiles, Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.reference_quality import Finding, Limits, flaws, measure
from gallery.domain.score_limits import ScoreLimits
from gallery.usecases.faces import Recogniser

BATCH = 32
"""Photos whose faces are stored at once. A transaction costs several milliseconds, and each more in it a fraction of
one; a run that is killed loses the work on as many photos at most."""

FaceChoice = Literal["only", "largest"] | int
"""Which face of a photo is meant: the only one there is, the largest, or the one of that number from the left."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user may settle about an enrolment.

    Attributes:
        face: Which face to take where a photo shows several.
        accept_poor: Whether to take references of poor quality all the same; they are marked.
        keep_crops: Whether pictures of the references may be kept. If not, those that the gallery has of these people
            go, and none will be kept later either.
        expires: The last day on which these people are kept; None leaves what is settled.
        no_end: Whether their consent has no end, whatever was settled.
    """

    face: FaceChoice = "only"
    accept_poor: bool = False
    keep_crops: bool = True
    expires: date | None = None
    no_end: bool = False

    @property
    def settles(self) -> bool:
        """Whether anything is settled about the people beside their references."""
        return not self.keep_crops or self.expires is not None or self.no_end

    def settle(self, details: Details) -> Details:
        """What is settled about a person once one of their photos was accepted."""
        return replace(
            details,
            keep_crops=details.keep_crops and self.keep_crops,
            expires=None if self.no_end else self.expires or details.expires,
        )


@dataclass(frozen=True, slots=True)
class EnrolledPhoto:
    """What became of one photo.

    Attributes:
        name: The person's.
        source: The photo's path as it was given.
        accepted: Whether it is a reference now.
        reason: Why not, or what was taken.
        hint: What to do about a rejection.
        already: Whether it was rejected only because it is enrolled already.
        reference: The reference's number; None where it was rejected.
        quality: Of the chosen face, where one was found.
        flaws: What makes it a poor reference, as `gallery.domain.reference_quality.Flaw` has it.
        warning: Why an accepted photo may be of somebody else, or is a poor one; empty if it seems fine.
        own: The person's closest other reference, where there is one.
        other: The closest other person, where there is one.
    """

    name: str
    source: str
    accepted: bool
    reason: str
    hint: str = ""
    already: bool = False
    reference: int | None = None
    quality: Quality | None = None
    flaws: tuple[str, ...] = ()
    warning: str = ""
    own: Candidate | None = None
    other: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Enrol:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        photos: Reads the files.
        store: Takes the references.
        crops: Makes the pictures that are kept.
        limits: What a good reference is.
        thresholds: Under which two faces count as one person's, for the warnings.
        scores: How high the normalised scores of two faces of one person are; None where only distances count.
    """

    recogniser: Recogniser
    photos: PhotoFiles
    store: Store
    crops: CropMaker
    limits: Limits
    thresholds: Thresholds
    scores: ScoreLimits | None = None

    def __call__(
        self,
        name: str,
        paths: Sequence[Path],
        choices: Choices | None = None,
        report: Callable[[EnrolledPhoto], None] = lambda _: None,
        advance: Advance = unwatched,
    ) -> list[EnrolledPhoto]:
        """Enrols one person from photos and folders of photos. A photo that fails does not stop the others.

        Args:
            name: The person's name.
            paths: Photo files and folders.
            choices: What the user settled.
            report: See `people`.
            advance: Likewise.

        Raises:
            BadArgument: If the name cannot be used.
            BadPhoto: If a folder holds no photo.
            ModelMismatch: If the gallery's templates were made by another model.
        """
        name = new_name(name)
        return self.people({name: self.photos.find(paths)}, f"enrol {name}", choices, report, advance)

    def people(
        self,
        people: Mapping[str, Sequence[Path]],
        what: str,
        choices: Choices | None = None,
        report: Callable[[EnrolledPhoto], None] = lambda _: None,
        advance: Advance = unwatched,
    ) -> list[EnrolledPhoto]:
        """Enrols several people, as one change that can be undone.

        Args:
            people: For each name the photo files.
            what: The change in words.
            choices: What the user settled.
            report: Called for each photo, in order, when the store has it.
            advance: Called after each photo that was looked at.

        Raises:
            BadArgument: If a name cannot be used.
            ModelMismatch: If the gallery's templates were made by another model.
        """
        known, bad = self._nameable(people)
        files = [(name, path) for name, paths in known.items() for path in paths]
        self.store.choose(self.recogniser.embedder.card)
        one = _Enrolment(
            self, choices or Choices(), GrowingWhitelist(self.store.whitelist(self.recogniser.cohort)), report
        )
        one.results += [
            EnrolledPhoto(name, "–", False, "There is no photo.") for name, paths in known.items() if not paths
        ]
        one.results += bad
        with self.store.change(what):
            try:
                for done, (name, path) in enumerate(files, 1):
                    one.take(name, path)
                    advance(done, len(files))
            finally:  # when somebody interrupts it, too: what was accepted is enrolled
                one.store_waiting()
        if self.recogniser.cohort is not None:
            self.store.measure(self.recogniser.cohort)
        return one.results

    def _nameable(self, people: Mapping[str, Sequence[Path]]) -> tuple[dict[str, Sequence[Path]], list[EnrolledPhoto]]:
        """Those whom the gallery may know by their name, which an existing person may have whatever it is; the rest."""
        there = {name_key(person.name) for person in self.store.identities()}
        known: dict[str, Sequence[Path]] = {}
        bad = []
        for name, paths in people.items():
            try:
                known[clean_name(name) if name_key(name) in there else new_name(name)] = paths
            except BadArgument as error:
                bad.append(rejected(name, error))
        return known, bad


def rejected(who: str, error: GalleryError) -> EnrolledPhoto:
    """Somebody of whom nothing could be enrolled."""
    return EnrolledPhoto(who, "–", False, error.message, hint=error.hint)


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """A photo that was looked at.

    Attributes:
        found: What is known of it so far.
        new: The reference it makes; None where it was rejected.
    """

    found: EnrolledPhoto
    new: NewReference | None = None


@dataclass(slots=True)
class _Enrolment:
    """One call of the use case, with the templates as they were and those that have come since.

    Photos are looked at one by one, and wait until several can be stored in one transaction.
    """

    use: Enrol
    choices: Choices
    known: GrowingWhitelist
    report: Callable[[EnrolledPhoto], None]
    results: list[EnrolledPhoto] = field(default_factory=list)
    waiting: list[_Looked] = field(default_factory=list)
    spelled: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spelled = {name_key(person.name): person.name for person in self.use.store.identities()}

    def take(self, name: str, path: Path) -> None:
        """Looks at one photo, and stores those that wait when there are enough."""
        self.waiting.append(self._look(name, path))
        if len(self.waiting) >= BATCH:
            self.store_waiting()

    def store_waiting(self) -> None:
        """Stores the faces of the photos that wait, in one transaction, and reports all of them."""
        waiting = self.waiting
        new = [(looked.found.name, looked.new) for looked in waiting if looked.new is not None]
        try:
            numbers = iter(self._add(new))
            alone = False
        except Exception:  # one of them cannot be stored; none was, and each is now tried by itself
            alone = True
        self.waiting = []  # not before: whoever interrupts this gets them stored at the end
        for looked in waiting:
            found = looked.found
            if looked.new is not None:
                found = (
                    self._stored_alone(found, looked.new) if alone else self._known(found, looked.new, next(numbers))
                )
            self.results.append(found)
            self.report(found)

    def _stored_alone(self, found: EnrolledPhoto, new: NewReference) -> EnrolledPhoto:
        try:
            (number,) = self._add([(found.name, new)])
        except Exception as error:  # one photo's failure, foreseen or not, never stops the others
            return _rejected(found, error)
        return self._known(found, new, number)

    def _add(self, new: Sequence[tuple[str, NewReference]]) -> list[int]:
        settle = self.choices.settle if self.choices.settles else None
        return self.use.store.add_all(new, self.use.recogniser.embedder.card.space, settle)

    def _known(self, found: EnrolledPhoto, new: NewReference, number: int) -> EnrolledPhoto:
        """A photo that was stored: compared with those before it, and later ones will be compared with it."""
        name = self.spelled.setdefault(name_key(found.name), found.name)
        compared = self._compared(replace(found, name=name), new)
        self.known.add(name, number, new.embedding)
        return replace(compared, accepted=True, reason="enrolled", reference=number)

    def _look(self, name: str, path: Path) -> _Looked:
        """Finds one photo's face, or says why it cannot be taken."""
        name = self.spelled.get(name_key(name), name)
        found = EnrolledPhoto(name, shown(path), False, "")
        try:
            photo = self.use.photos.read(path).opaque()
            chosen = self._chosen(photo)
            self._refuse_known(name, photo, chosen)
            face, findings = self._described(photo, chosen)
            found = replace(found, quality=face.quality, flaws=tuple(finding.flaw.value for finding in findings))
            self._refuse_poor(face, findings)
            return _Looked(found, self._new(photo, face, found.flaws))
        except Exception as error:  # one photo's failure, foreseen or not, never stops the others
            return _Looked(_rejected(found, error))

    def _chosen(self, photo: Photo) -> Detection:
        face, found = self.choices.face, self.use.recogniser.detect(photo.pixels)
        if not found:
            raise NoFace(
                f"No face was found in {shown(photo.source)}.", "Use a photo that shows the face larger, or upright."
            )
        if face == "largest":
            return max(found, key=lambda d: d.box.area)
        if face == "only":
            if len(found) > 1:
                raise SeveralFaces(
                    f"{shown(photo.source)} shows {len(found)} faces: {_listed(found)}.",
                    "Say which one with --face N, or --face largest.",
                )
            return found[0]
        if not 1 <= face <= len(found):
            raise NoFace(f"{shown(photo.source)} has no face {face}; it shows {len(found)}: {_listed(found)}.")
        return found[face - 1]

    def _refuse_known(self, name: str, photo: Photo, chosen: Detection) -> None:
        for owner, box in (*self.use.store.enrolled(photo.sha256), *self._about_to_be(photo.sha256)):
            if name_key(owner) == name_key(name):
                raise AlreadyEnrolled(f"{shown(photo.source)} is already enrolled for {owner}.")
            if box.overlap(chosen.box) >= SAME_FACE:
                raise AlreadyEnrolled(
                    f"This face of {shown(photo.source)} is already enrolled for {owner}.",
                    f"If it is {name}: 'gallery show' gives its number, then gallery move NUMBER {shlex.quote(name)}; "
                    "if the photo shows both, choose with --face N.",
                )

    def _about_to_be(self, sha256: str) -> list[tuple[str, Box]]:
        """Whose faces of a photo wait to be stored, as `Store.enrolled` has those that are."""
        return [
            (looked.found.name, looked.new.reference.detection.box)
            for looked in self.waiting
            if looked.new is not None and looked.new.reference.sha256 == sha256
        ]

    def _described(self, photo: Photo, chosen: Detection) -> tuple[Face, tuple[Finding, ...]]:
        chips = self.use.recogniser.cropper.crop(photo.pixels, [chosen])
        (face,) = self.use.recogniser.embedded([chosen], chips)
        return face, flaws(measure(photo.pixels, chosen, chips.pixels[0], face.quality), self.use.limits)

    def _refuse_poor(self, face: Face, findings: Sequence[Finding]) -> None:
        if not face.quality.as_meant:
            raise NoFace(
                "The face's landmarks were not found, so it cannot be aligned.",
                "Use a photo that shows the face from the front.",
            )
        if findings and not self.choices.accept_poor:
            raise PoorReference(
                " ".join(finding.sentence for finding in findings), "To take it all the same: --accept-poor"
            )

    def _compared(self, found: EnrolledPhoto, new: NewReference) -> EnrolledPhoto:
        """Whether the face seems to be somebody else's, after Rekognition's warnings of that kind."""
        name = found.name if found.name in self.known else None
        own, other = self.known.own_and_other(new.embedding, name)
        return replace(found, own=own, other=other, warning=self._warning(found, own, other))

    def _warning(self, found: EnrolledPhoto, own: Candidate | None, other: Candidate | None) -> str:
        sentences = []
        if other is not None and self._matches(other):
            sentences.append(_likeness(found.name, own, other))
        elif own is not None and not self._near(own):
            sentences.append(f"The face does not fit {found.name}'s other photos (closest: {_distances(own)}).")
        if found.flaws:
            sentences.append(f"Taken although {', '.join(found.flaws)}.")
        return " ".join(sentences)

    def _matches(self, candidate: Candidate) -> bool:
        """Whether a face may be another person's, by all three numbers."""
        score, scores = candidate.normalised, self.use.scores
        return self._near(candidate) and (scores is None or score is None or score >= scores.lax)

    def _near(self, candidate: Candidate) -> bool:
        limit = self.use.thresholds
        return candidate.cosine <= limit.cosine and candidate.euclidean <= limit.euclidean

    def _new(self, photo: Photo, face: Face, found: tuple[str, ...]) -> NewReference:
        use = self.use
        reference = Reference(
            source=shown(photo.source),
            sha256=photo.sha256,
            detection=face.detection,
            quality=face.quality,
            detector=use.recogniser.detector.card.name,
            flaws=found,
        )
        crop = use.crops.make(photo.pixels, face.detection) if self.choices.keep_crops else None
        return NewReference(reference, face.embedding, crop)


def _rejected(found: EnrolledPhoto, error: Exception) -> EnrolledPhoto:
    if isinstance(error, GalleryError):
        already = isinstance(error, AlreadyEnrolled)
        return replace(found, reason=error.message, hint=error.hint, already=already)
    return replace(found, reason=f"Unexpected {type(error).__name__}: {error}.")


def _likeness(name: str, own: Candidate | None, other: Candidate) -> str:
    """What is said of a face that matches somebody else."""
    if own is None or other.cosine < own.cosine:
        better = f" better than {name} ({_distances(own)})" if own else ""
        said = f"The face fits {other.identity} ({_distances(other)}){better}."
    else:
        said = f"{name} and {other.identity} look alike ({_distances(other)})."
    return f"{said} If they are two people, faces that are not clearly one of them are left for review."


def _distances(candidate: Candidate) -> str:
    return f"cosine {candidate.cosine:.3f}, Euclidean {candidate.euclidean:.3f}"


def _listed(found: Sequence[Detection]) -> str:
    return ", ".join(
        f"{number} at x {d.box.x}, y {d.box.y} ({d.box.width}×{d.box.height})" for number, d in enumerate(found, 1)
    )
