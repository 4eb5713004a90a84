"""What of a run a person has to look at, and which of its photos are to be written anew after that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.geometry import Box
from gallery.domain.paths import joined
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, Run


@dataclass(frozen=True, slots=True)
class Doubt:
    """One face that waits for a person's word.

    Attributes:
        place: Which photo of the run it is in, from 0.
        image: The photo.
        number: Which face of the photo, from 1.
        face: The face with its decision.
        shows_through: Whether it waits because it could be recognised in the output, or may be what could.
    """

    place: int
    image: ImageRecord
    number: int
    face: DecidedFace
    shows_through: bool = False

    @property
    def box(self) -> Box:
        """Where it is."""
        return self.face.detection.box

    @property
    def sha256(self) -> str:
        """Of the photo. A photo that shows a face was read, so it has one."""
        return self.image.sha256 or ""

    @property
    def why(self) -> str:
        """Why it waits, as a sentence."""
        if self.shows_through:
            return f"The output failed verification: {self.image.error}"
        return f"{self.face.decision.rule.value}: {self.face.decision.reason}"

    def is_meant(self, word: Override) -> bool:
        """Whether a person's word is on this face."""
        return word.sha256 == self.sha256 and self.box.overlap(word.box) >= SAME_PLACE


def doubts(run: Run, words: Sequence[Override]) -> list[Doubt]:
    """The faces of a run that wait for a person's word, but for those that have one.

    Those in the grey band come first, as most of them are kept; then the other matches that were blurred for a doubt,
    then what failed verification. Within each, photos and faces stand in the run's order: two faces that match the
    same person are then seen one after the other, and each photo is read once.

    Args:
        run: The run with its photos.
        words: All that was decided by hand so far.
    """
    on = _by_photo(words)
    found = [
        doubt
        for place, image in enumerate(run.images)
        for doubt in _of_photo(place, image, run.settings.thresholds.cosine)
        if not any(doubt.is_meant(word) for word in on.get(doubt.sha256, ()))
    ]
    return sorted(found, key=_rank)


def _rank(doubt: Doubt) -> int:
    if doubt.shows_through:
        return 2
    return 0 if doubt.face.decision.rule is Rule.GREY_BAND else 1


def _of_photo(place: int, image: ImageRecord, cosine: float) -> list[Doubt]:
    faces = list(enumerate(image.faces, 1))
    found = [Doubt(place, image, number, face) for number, face in faces if face.decision.waits]
    if image.status is ImageStatus.UNVERIFIED:
        told = {one.number for one in found}
        seen = {number for number, face in faces if face.residual is not None and face.residual <= cosine}
        found += [
            Doubt(place, image, number, face, shows_through=True)
            for number, face in faces
            if number not in told and not face.decision.kept and (number in seen or not seen)
        ]
    return found


def still_waiting(image: ImageRecord, words: Sequence[Override]) -> int:
    """How many faces of a photo wait for a person's word that nobody has decided on since.

    Args:
        image: The photo.
        words: All that was decided by hand so far.
    """
    doubts = [Doubt(0, image, number, face) for number, face in enumerate(image.faces, 1) if face.decision.waits]
    return sum(not any(doubt.is_meant(word) for word in words) for doubt in doubts)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one run did with one photo.

    Attributes:
        run: The run's number.
        begun: When the run began, in UTC.
        output: The run's output folder.
        image: What it did with the photo.
        base: The folder that the run's relative paths start at; empty where that is not known.
        reviewed: Number of the run whose photos it wrote anew; None for other runs.
    """

    run: int
    begun: datetime
    output: str
    image: ImageRecord
    base: str = ""
    reviewed: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A photo on which a person's word is not carried out yet.

    Attributes:
        image: What the reviewed run did with it.
        solid: Whether its faces are to be covered with one colour: its output failed verification, and a person said
            that the face is to be blurred.
        written: SHA-256 of whatever the run, and later ones that wrote to the same folder or wrote its photos anew,
            are on record to have written. Nothing else may be replaced.
    """

    image: ImageRecord
    solid: bool
    written: frozenset[str] = frozenset()


def touched(run: Run, words: Sequence[Override], later: Iterable[Recorded]) -> list[Touched]:
    """The photos of a run to be written anew: those whose output, as it was written last, does not heed a word yet.

    So do those that show a face which was kept by a word that has been taken back since.

    Args:
        run: The reviewed run with its photos.
        words: All that was decided by hand.
        later: What runs did with photos that somebody decided on, or had decided on, in the order in which they did.
    """
    later = [one for one in later if one.run >= run.summary.id]
    on, last, hashes = _by_photo(words), _last(run, later), _written(run, later)
    found = []
    for image in run.images:
        meant = [word for word in on.get(image.sha256 or "", ()) if _is_on(word, image.faces)]
        written = last.get(_key(image, run.settings.output, run.settings.base))
        if any(not _heeded(word, written) for word in meant) or _taken_back(written, meant):
            blurred = any(word.verdict is Verdict.BLUR for word in meant)
            found.append(Touched(image, blurred and image.status is ImageStatus.UNVERIFIED, hashes))
    return found


def showing(run: Run, outputs: Collection[str]) -> list[Touched]:
    """The photos of a run whose outputs have one of these hashes, each to be written anew."""
    written = frozenset(image.output_sha256 for image in run.images if image.output_sha256)
    return [Touched(image, solid=False, written=written) for image in run.images if image.output_sha256 in outputs]


def _last(run: Run, later: Iterable[Recorded]) -> dict[tuple[str, ...], Recorded]:
    """What was done last with each photo and output, by the reviewed run or after it."""
    return {_key(one.image, one.output, _base(run, one)): one for one in later}


def _written(run: Run, later: Iterable[Recorded]) -> frozenset[str]:
    """See `Touched.written`."""
    folder = joined(run.settings.output, run.settings.base)
    there = [one.image for one in later if joined(one.output, _base(run, one)) == folder]
    return frozenset(image.output_sha256 for image in (*run.images, *there) if image.output_sha256)


def _base(run: Run, later: Recorded) -> str:
    """Where relative paths of a later run start, so that they are told apart as those of this run are.

    If it wrote photos of this run anew, it meant the same files, even if their folder had been moved. Where one of
    the two is by an earlier version of the program, paths can only be compared as they were given.
    """
    if not (run.settings.base and later.base) or later.reviewed == run.summary.id:
        return run.settings.base
    return later.base


def _key(image: ImageRecord, output: str, base: str) -> tuple[str, ...]:
    """What tells outputs apart, those of photos that failed included."""
    return image.sha256 or "", joined(image.source, base), joined(output, base)


def _heeded(word: Override, last: Recorded | None) -> bool:
    if last is None or last.image.failed:
        return False
    if any(_is_on(word, [face]) and _by_hand(face) is word.verdict for face in last.image.faces):
        return True
    return last.begun >= word.made  # it was known, and could not be done: a face not found, a person not to be kept


def _taken_back(last: Recorded | None, words: Sequence[Override]) -> bool:
    """Whether a face is to be seen for a word that is no longer there, or no longer in force."""
    if last is None or last.image.output is None:
        return False
    kept = [face for face in last.image.faces if _by_hand(face) is Verdict.KEEP]
    keeping = [word for word in words if word.verdict is Verdict.KEEP and word.in_force]
    return any(not any(_is_on(word, [face]) for word in keeping) for face in kept)


def _by_hand(face: DecidedFace) -> Verdict | None:
    return face.decision.verdict if face.decision.rule is Rule.BY_HAND else None


def _is_on(word: Override, faces: Collection[DecidedFace]) -> bool:
    return any(face.detection.box.overlap(word.box) >= SAME_PLACE for face in faces)


def _by_photo(words: Iterable[Override]) -> dict[str, list[Override]]:
    found: dict[str, list[Override]] = {}
    for word in words:
        found.setdefault(word.sha256, []).append(word)
    return found


def output_roots(run: Run) -> tuple[PurePath, ...]:
    """The folders that a run's output folder stands for, as its photos' outputs below it show, each once."""
    found: dict[PurePath, None] = {}
    for image in run.images:
        if image.output is None:
            continue
        place = PurePath(image.output).relative_to(run.settings.output)
        root = _root(PurePath(image.source), place) if len(place.parts) > 1 else None
        if root is not None:
            found[root] = None
    return tuple(found)


def below_output(image: ImageRecord, run: Run, roots: Iterable[PurePath]) -> PurePath:
    """The path of a photo's output below the run's output folder.

    Of a photo that failed none is recorded: it follows from the other photos of the run, which show where the folders
    begin that the output has again. Where none does, it is the photo's name.

    Args:
        image: The photo.
        run: The run.
        roots: See `output_roots`.
    """
    if image.output is not None:
        return PurePath(image.output).relative_to(run.settings.output)
    source = PurePath(image.source)
    root = next((one for one in roots if source.is_relative_to(one)), None)
    return PurePath(source.name) if root is None else source.relative_to(root)


def _root(source: PurePath, place: PurePath) -> PurePath | None:
    """The folder that the output folder stands for, if the rest of both paths is the same."""
    depth = len(place.parts)
    if source.parent.parts[len(source.parts) - depth :] != place.parent.parts:
        return None
    return PurePath(*source.parts[: len(source.parts) - depth])
