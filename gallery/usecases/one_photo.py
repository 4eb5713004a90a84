"""All that is done with one photo, from reading it to a verified file that only lacks its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gallery.domain.by_hand import ByHand, Override, overrule
from gallery.domain.deciding import Policy, decide
from gallery.domain.errors import GalleryError, Unverified
from gallery.domain.faces import RGB, Detection, Face, Photo
from gallery.domain.geometry import Box
from gallery.domain.matching import Fusion, Whitelist, candidates_if_near
from gallery.domain.paths import shown
from gallery.domain.ports import PhotoFiles, Redactor, Staged
from gallery.domain.review_ports import ReviewCrops
from gallery.domain.runs import ImageRecord, ImageStatus, Verification
from gallery.usecases.decided import Decided
from gallery.usecases.faces import Recogniser, found_in
from gallery.usecases.people_in_force import PeopleInForce
from gallery.usecases.second_look import Looker, SecondLook, Written, different, kept_and_covered

ROUNDS = 4
"""How often a photo is begun anew because its output shows a face that had not been found."""


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What came of one photo.

    Attributes:
        record: For the audit trail.
        staged: Its output, which lacks its name; None where nothing was written.
        image: The photo as it was read; None where nothing was written.
        crops: Pictures for the review, by the faces' positions from 0; only of those that wait for a person's word, and
            only where that was asked for.
    """

    record: ImageRecord
    staged: Staged | None = None
    image: RGB | None = None
    crops: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnePhoto:
    """The work on one photo. Several threads may be at it at once.

    Attributes:
        recogniser: Finds and embeds faces.
        redactor: Makes faces unrecognisable.
        photos: Reads and writes the files.
        policy: The rules' numbers.
        fusion: What a person's distance is, when they have several references.
        by_hand: What was settled by hand for all photos.
        crops: Makes pictures of faces that wait for a person's word; None where none are to be kept.
    """

    recogniser: Recogniser
    redactor: Redactor
    photos: PhotoFiles
    policy: Policy
    fusion: Fusion = Fusion.BEST
    by_hand: ByHand = field(default_factory=ByHand)
    crops: ReviewCrops | None = None

    def decide(
        self, image: RGB, detections: Sequence[Detection], whitelist: Whitelist, words: Sequence[Override] = ()
    ) -> Decided:
        """Decides what happens to each face of a picture.

        Raises:
            ModelFailed: If the embedder could not do its work.
        """
        size = image.shape[1], image.shape[0]
        return self.settle(self.recogniser.describe(image, detections), size, whitelist, words)

    def settle(
        self, faces: tuple[Face, ...], size: tuple[int, int], whitelist: Whitelist, words: Sequence[Override] = ()
    ) -> Decided:
        """Compares faces with the people who may stay visible, and decides what happens to each.

        Args:
            faces: All faces of a picture.
            size: Its width and height in pixels.
            whitelist: Those who may stay visible.
            words: What was decided by hand on this picture.
        """
        embeddings = np.stack([face.embedding for face in faces]) if faces else np.zeros((0, 0), np.float32)
        found = candidates_if_near(embeddings, whitelist, self.policy.widest, self.fusion)
        by_rules = decide(faces, found, self.policy, whitelist.withheld, whitelist.look_alikes)
        regions = [part for region in self.by_hand.regions if (part := region.clip(*size))]
        settled = overrule([face.detection.box for face in faces], by_rules, words, regions)
        return Decided(
            faces,
            settled.decisions,
            tuple(found),
            tuple(regions),
            tuple(part for box in settled.uncovered if (part := box.clip(*size))),
            (
                *(_outside(region, size) for region in self.by_hand.regions if not region.clip(*size)),
                *(_lost(word) for word in settled.lost),
                *(_unseen(box) for box in settled.uncovered),
            ),
        )

    def redact(self, image: RGB, decided: Decided) -> RGB:
        """A copy of the picture in which nobody who is not kept can be recognised."""
        return self.redactor.redact(image, decided.blurred, decided.regions, decided.kept)

    def __call__(self, path: Path, target: Path | None, people: PeopleInForce, verification: Verification) -> Finished:
        """Does it all. It never raises because of the photo: the record says what went wrong.

        Args:
            path: The photo.
            target: Where its output will be; None to decide only.
            people: Those who may stay visible.
            verification: What is checked of the output.
        """
        photo: Photo | None = None
        try:
            as_read = self.photos.read(path)
            photo = as_read.opaque()
            return self._done(photo, found_in(as_read, self.recogniser.detector), target, people, verification)
        except Unverified as error:
            return Finished(failed(path, photo, error.text, ImageStatus.UNVERIFIED))
        except GalleryError as error:
            return Finished(failed(path, photo, error.text))
        except Exception as error:  # one photo's failure, foreseen or not, never stops the others
            why = f"Unexpected {type(error).__name__}: {error}. Nothing was written for it."
            return Finished(failed(path, photo, why))

    def _done(
        self,
        photo: Photo,
        detections: tuple[Detection, ...],
        target: Path | None,
        people: PeopleInForce,
        verification: Verification,
    ) -> Finished:
        words, late = people.words(photo.sha256), 0
        for _ in range(ROUNDS):
            decided = self.decide(photo.pixels, detections, people.whitelist, words)
            record = recorded(photo, decided, people, late)
            if target is None:
                return Finished(record, image=photo.pixels)
            staged, found = self._written(photo, decided, target, people.whitelist, verification)
            if staged is not None:
                whole = replace(
                    record,
                    faces=decided.record(found.residuals),
                    output=shown(target),
                    output_sha256=staged.sha256,
                    verified=verification,
                    remarks=(*record.remarks, *found.remarks),
                )
                return Finished(whole, staged, photo.pixels, self._pictures(photo, decided))
            if found.failure:
                faces = decided.record(found.residuals)
                unverified = replace(record, status=ImageStatus.UNVERIFIED, faces=faces, error=found.failure)
                return Finished(unverified, crops=self._pictures(photo, decided))
            detections = (*detections, *found.strangers)  # at the end: the others keep their numbers
            late += len(found.strangers)
        raise Unverified(
            f"Each time {shown(photo.source)} was written, its output showed a further face.",
            "Cover those parts with --box, or leave the photo out.",
        )

    def _pictures(self, photo: Photo, decided: Decided) -> dict[int, bytes]:
        if self.crops is None:
            return {}
        faces = enumerate(zip(decided.faces, decided.decisions, strict=True))
        return {
            position: self.crops.make(photo.pixels, face.detection.box)
            for position, (face, decision) in faces
            if decision.waits
        }

    def _written(
        self, photo: Photo, decided: Decided, target: Path, whitelist: Whitelist, verification: Verification
    ) -> tuple[Staged | None, SecondLook]:
        """Writes the output and looks at it again; without a file where what is seen must not be published."""
        pixels = self.redact(photo.pixels, decided)
        staged = self.photos.stage(pixels, photo, target)
        try:
            back = self.photos.verify(staged, pixels, photo, decided.covered)
            written = self.beside(photo.pixels, back, pixels, decided)
            del pixels
            found = self.look_again(written, whitelist, verification)
        except BaseException:
            self.photos.discard(staged.path)
            raise
        if found.failure or found.strangers:
            self.photos.discard(staged.path)
            return None, found
        return staged, found

    def beside(self, photo: RGB, back: RGB, pixels: RGB, decided: Decided) -> Written:
        """An output beside its photo.

        Args:
            photo: The photo.
            back: The output as it was read back.
            pixels: The output as it was meant.
            decided: The faces of the photo with what happens to them.
        """
        covered = different(pixels, photo)
        for box in decided.covered:  # where a cover happens to have the photo's colours
            covered[max(0, box.y) : box.bottom, max(0, box.x) : box.right] = True
        return Written(photo, back, decided, lambda picture: self.redact(picture, decided), covered)

    def look_again(self, written: Written, whitelist: Whitelist, verification: Verification) -> SecondLook:
        """What is seen in an output that is as it was meant.

        Args:
            written: The output beside its photo.
            whitelist: Those who may stay visible.
            verification: Whether faces are looked for.

        Raises:
            ModelFailed: If detector or embedder could not do their work.
        """
        found = SecondLook()
        if verification is Verification.FULL:
            found = Looker(self.recogniser, whitelist, self.policy).look(written)
        return replace(found, remarks=(*found.remarks, *kept_and_covered(written.decided, written.covered)))


def failed(path: Path, photo: Photo | None, error: str, status: ImageStatus = ImageStatus.FAILED) -> ImageRecord:
    """The record of a photo of which nothing came."""
    width, height = photo.size if photo else (None, None)
    return ImageRecord(
        source=shown(path),
        status=status,
        sha256=photo.sha256 if photo else None,
        width=width,
        height=height,
        error=error,
    )


def recorded(photo: Photo, decided: Decided, people: PeopleInForce, late: int = 0) -> ImageRecord:
    """What is on record of a photo whose last faces, so many, were found only in its output."""
    count = len(decided.faces)
    seen_late = (
        f"Found only in the written copy, on the second look: face {n}." for n in range(count - late + 1, count + 1)
    )
    return ImageRecord(
        source=shown(photo.source),
        status=ImageStatus.OK,
        sha256=photo.sha256,
        width=photo.size[0],
        height=photo.size[1],
        faces=decided.record(),
        remarks=(*photo.remarks, *decided.remarks, *seen_late),
        state=people.state(photo.sha256),
    )


def _outside(region: Box, size: tuple[int, int]) -> str:
    x, y, width, height = region.as_list()
    return f"The box {x},{y},{width},{height} lies outside this photo of {size[0]}×{size[1]} pixels."


def _unseen(box: Box) -> str:
    place = ",".join(map(str, box.as_list()))
    return (
        f"At {place} a face was to be blurred by hand and was not found this time; its place was covered all the same."
    )


def _lost(word: Override) -> str:
    return f"Override {word.number} keeps a face that was not found this time, so it changes nothing."
