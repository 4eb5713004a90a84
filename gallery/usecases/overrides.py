"""Takes a person's word on one face of a photo, for every later run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import BadArgument, NoFace, SeveralFaces
from gallery.domain.faces import Detection, Photo
from gallery.domain.geometry import Box
from gallery.domain.paths import joined, shown
from gallery.domain.people import clean_notes
from gallery.domain.ports import Detector, PhotoFiles, Store
from gallery.usecases.faces import found_in

MOST_LISTED = 12
"""Faces whose boxes an error lists, so that it stays a sentence."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """A person's word that is remembered.

    Attributes:
        override: The word, numbered.
        face: Which of the photo's faces it is on, from 1; None where a box was given.
        faces: How many there are; 0 where nobody looked.
    """

    override: Override
    face: int | None
    faces: int

    @property
    def remark(self) -> str:
        """A sentence on what keeping a face means; empty where it is blurred."""
        word = self.override
        if word.verdict is Verdict.BLUR:
            return ""
        if not word.in_force:
            return f"This face stays blurred all the same: {word.why_not}."
        return (
            f"This face will be visible in every later run as {word.keeps}, until they are disabled, their consent "
            "ends, or they are removed or forgotten, but for what --box or --always-blur covers. "
            f"To take it back: gallery override remove {word.number}"
        )


@dataclass(frozen=True, slots=True)
class OverrideFace:
    """The use case. No embedder is needed.

    Attributes:
        detector: Finds the faces; the same as in the runs, whose numbers of faces are meant.
        photos: Reads the photo.
        store: The gallery.
        by: Who decides; empty where that is not known.
        clock: Tells the time, in UTC.
    """

    detector: Detector
    photos: PhotoFiles
    store: Store
    by: str
    clock: Callable[[], datetime]

    def __call__(  # noqa: PLR0913, PLR0917 - each is one thing that may be said of a face
        self,
        path: Path,
        verdict: Verdict,
        face: int | None = None,
        note: str = "",
        box: Box | None = None,
        keeps: str | None = None,
    ) -> Overridden:
        """Finds the face and remembers what is to happen to it, in place of what was decided on it before.

        Args:
            path: The photo.
            verdict: Keep or blur.
            face: Which of its faces, from 1, from left to right; None for the only one.
            note: Why.
            box: The face's box, as the tables give it, instead of its number; for faces that were found only in an
                output, or to blur what is no face to the detector.
            keeps: The person whom the face is kept for; None for the one whom it is closest to on record.

        Raises:
            BadArgument: If the photo is a copy that a run wrote, the note is too long, or cannot be shown, the box lies
                outside the photo, somebody is named for a face that is blurred, or nobody for one that is kept and on
                no record.
            UnknownName: If that person is not in the gallery.
            BadPhoto: If the photo cannot be read.
            ModelFailed: If the detector could not do its work.
            NoFace: If there is no such face.
            SeveralFaces: If there are several, and none was named.
        """
        note = clean_notes(note)
        photo = self.photos.read(path)
        self._require_no_copy(photo)
        if box is not None:
            place = _inside(photo, box)
            return Overridden(self._remembered(photo, place, verdict, note, keeps), None, 0)
        found = found_in(photo, self.detector)
        number = _chosen(photo, found, face)
        box = found[number - 1].box
        return Overridden(self._remembered(photo, box, verdict, note, keeps), number, len(found))

    def _require_no_copy(self, photo: Photo) -> None:
        """Checks that it is no output: a decision holds for a photo's content, and a copy is never anonymised again."""
        written_of = [one for one in self.store.photos_of(photo.sha256) if one.photo != photo.sha256]
        if not written_of:
            return
        last = written_of[-1]
        source = joined(last.source, last.base)
        raise BadArgument(
            f"{shown(photo.source)} is the copy of {source} that run {last.run} wrote; a decision on it would do "
            "nothing.",
            f"Decide on the photo itself: gallery override {shlex.quote(source)}",
        )

    def _remembered(self, photo: Photo, box: Box, verdict: Verdict, note: str, keeps: str | None) -> Override:
        who = self._whom(photo, box, verdict, keeps)
        source = shown(photo.source)
        return self.store.add_override(
            Override(0, photo.sha256, box, verdict, source, self.by, self.clock(), note, who)
        )

    def _whom(self, photo: Photo, box: Box, verdict: Verdict, keeps: str | None) -> str | None:
        if verdict is Verdict.BLUR:
            if keeps is not None:
                raise BadArgument("A face that is blurred is blurred whosever it is.", "Leave out --for.")
            return None
        who = keeps or self.store.closest_on_record(photo.sha256, box)
        if who is None:
            raise BadArgument(
                f"Whom this face of {shown(photo.source)} is to be kept for is not known: no run has compared it with "
                "anybody who is in the gallery.",
                "Say whose face it is with --for NAME; the decision ends with that person's consent.",
            )
        return who


def _inside(photo: Photo, box: Box) -> Box:
    part = box.clip(*photo.size)
    if part is None:
        raise BadArgument(
            f"The box lies outside {shown(photo.source)}, which has {photo.size[0]}×{photo.size[1]} pixels.",
            "Give it as the tables of 'gallery anonymise' do.",
        )
    return part


def _chosen(photo: Photo, found: Sequence[Detection], face: int | None) -> int:
    name = shown(photo.source)
    if not found:
        raise NoFace(
            f"No face was found in {name}.",
            "To cover a part of the photo all the same: gallery anonymise --box X,Y,WIDTH,HEIGHT",
        )
    if face is None and len(found) > 1:
        raise SeveralFaces(f"{name} shows {len(found)} faces: {_listed(found)}.", "Say which one with --face N.")
    if face is not None and not 1 <= face <= len(found):
        raise NoFace(f"{name} has no face {face}; it shows {len(found)}: {_listed(found)}.", "Name one of these.")
    return face or 1


def _listed(found: Sequence[Detection]) -> str:
    boxes = [f"{n} at {d.box.x},{d.box.y} {d.box.width}×{d.box.height}" for n, d in enumerate(found, 1)]
    return ", ".join(boxes[:MOST_LISTED]) + (f" and {len(boxes) - MOST_LISTED} more" if boxes[MOST_LISTED:] else "")
