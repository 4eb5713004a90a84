"""Blurs every face of a photo but those of the people in the gallery, and records why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gallery.domain.deciding import Policy, decide
from gallery.domain.errors import GalleryChanged, GalleryError, ModelMismatch, NotWritten
from gallery.domain.faces import RGB, Photo
from gallery.domain.matching import Fusion, Whitelist, candidates
from gallery.domain.models import Thresholds
from gallery.domain.paths import real, shown
from gallery.domain.ports import PhotoFiles, Redactor, Store
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus
from gallery.domain.selecting import Selection
from gallery.usecases.faces import Recogniser

Report = Callable[[ImageRecord], None]

ATTEMPTS = 20
"""How often a photo is decided anew because the gallery's people were changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did.

    Attributes:
        run: Its number in the audit trail; None for a dry run, which leaves no record.
        settings: Under which it ran.
        images: One record per photo, in order.
    """

    run: int | None
    settings: RunSettings
    images: tuple[ImageRecord, ...]


class _People:
    """The people who may stay visible, and the generation of the gallery that they were read from."""

    def __init__(self, use: Anonymise) -> None:
        self._use = use
        self.read()

    def read(self) -> None:
        """Reads them; the generation comes first, so that a change between the two is noticed."""
        self.generation, self.whitelist = self._use.store.generation(), self._use.whitelist()


@dataclass(frozen=True, slots=True)
class Anonymise:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        redactor: Makes faces unrecognisable.
        photos: Reads and writes the files.
        store: Holds the whitelist and takes the record.
        policy: The rules' numbers.
        program: This program's version, for the record.
        fusion: What a person's distance is, when they have several references.
    """

    recogniser: Recogniser
    redactor: Redactor
    photos: PhotoFiles
    store: Store
    policy: Policy
    program: str
    fusion: Fusion = Fusion.BEST

    def __call__(
        self,
        inputs: Sequence[Path],
        output: Path,
        dry_run: bool = False,
        report: Report = lambda _: None,
        selection: Selection | None = None,
    ) -> Outcome:
        """Anonymises photos and folders of photos. A photo that fails does not stop the others.

        Args:
            inputs: Photo files and folders.
            output: The folder that the anonymised copies go to.
            dry_run: Decide and report only: write no file and no record.
            report: Called after each photo, when the store has its record.
            selection: What is taken of the inputs.

        Raises:
            BadPhoto: If a folder holds no photo, a pattern fits none, or all were left out.
            BadArgument: If two photos would get the same output.
            ModelMismatch: If the gallery's templates were made by another model.
            StoreUnusable: If a decision cannot be recorded; the photo's output is removed again.
        """
        files = self.photos.expand(inputs, selection, None if dry_run else output)
        people = _People(self)
        settings = self._settings(people.whitelist, output)
        sources = frozenset(real(path) for path, _ in files)
        targets = [(path, output / relative) for path, relative in files]
        run = None if dry_run else self.store.begin_run(settings)
        images: list[ImageRecord] = []
        status = RunStatus.FAILED
        try:
            for path, target in targets:
                images.append(self._one(path, None if dry_run else target, people, sources, run))
                report(images[-1])
            status = RunStatus.FINISHED
        except KeyboardInterrupt:
            status = RunStatus.INTERRUPTED
            raise
        finally:
            if run is not None:
                self.store.end_run(run, status)
        return Outcome(run, settings, tuple(images))

    def whitelist(self) -> Whitelist:
        """The people who may stay visible.

        Raises:
            ModelMismatch: If the gallery's templates were made by another model.
        """
        own, used = self.store.space(), self.recogniser.embedder.card.space
        if own is None or not own.comparable(used):
            if self.store.identities():
                raise ModelMismatch(
                    f"The gallery's templates cannot be compared with faces embedded by {used.model}.",
                    "Leave --model out, or use another gallery with --db.",
                )
            return Whitelist.empty(used.dimension)
        return self.store.whitelist()

    def decide(self, image: RGB, whitelist: Whitelist) -> tuple[DecidedFace, ...]:
        """Finds the faces of a picture and decides what happens to each.

        Raises:
            ModelFailed: If the detector or the embedder could not do its work.
        """
        faces = self.recogniser.describe(image, self.recogniser.detect(image))
        if not faces:
            return ()
        found = candidates(np.stack([face.embedding for face in faces]), whitelist, fusion=self.fusion)
        decisions = decide(faces, found, self.policy, whitelist.withheld)
        return tuple(
            DecidedFace(face.detection, face.quality, decision) for face, decision in zip(faces, decisions, strict=True)
        )

    def redact(self, image: RGB, faces: Sequence[DecidedFace]) -> RGB:
        """A copy of the picture in which every face that is not kept cannot be recognised."""
        return self.redactor.redact(image, [face.detection.box for face in faces if not face.decision.kept])

    def _one(
        self, path: Path, target: Path | None, people: _People, sources: frozenset[Path], run: int | None
    ) -> ImageRecord:
        """Does one photo, by the people as they are when it is recorded: who was disabled meanwhile is not kept."""
        for _ in range(ATTEMPTS):
            record = self._tried(path, target, people.whitelist, sources)
            if run is None:
                return record
            try:
                self.store.record(run, record, people.generation)
            except GalleryChanged:
                self._take_back(target, record)
                people.read()
            except BaseException:
                self._take_back(target, record)  # what is not on record must not be published
                raise
            else:
                return record
        raise GalleryChanged("The gallery's people are being changed all the time.", "Run it again when that is over.")

    def _take_back(self, target: Path | None, record: ImageRecord) -> None:
        if target is not None and record.output is not None:
            self.photos.discard(target)

    def _tried(self, path: Path, target: Path | None, whitelist: Whitelist, sources: frozenset[Path]) -> ImageRecord:
        photo: Photo | None = None
        try:
            if target is not None:
                self._require_free(target, sources)
            photo = self.photos.read(path).opaque()
            return self._done(photo, target, whitelist)
        except GalleryError as error:
            failure = f"{error.message} {error.hint}".strip()
        except Exception as error:  # one photo's failure, foreseen or not, never stops the others
            failure = f"Unexpected {type(error).__name__}: {error}. Nothing was written for it."
        if target is not None:
            failure += self._withdrawn(target, sources)
        return _failed(path, photo, failure)

    def _require_free(self, target: Path, sources: frozenset[Path]) -> bool:
        """Checks that writing there replaces nothing but an output of an earlier run; returns whether there is one."""
        if real(target) in sources:
            raise NotWritten(
                f"The output {shown(target)} is one of the photos to be anonymised.", "Choose another --output folder."
            )
        there = self.photos.fingerprint(target)
        if there is not None and not self.store.wrote(there):
            raise NotWritten(
                f"{shown(target)} is there already, and no run on record wrote it as it is.",
                "Choose another --output folder, or move that file away.",
            )
        return there is not None

    def _withdrawn(self, target: Path, sources: frozenset[Path]) -> str:
        """Removes an earlier run's output of a photo that has failed now; says so, to be added to the reason."""
        try:
            if not self._require_free(target, sources):
                return ""
            self.photos.discard(target)
        except (GalleryError, OSError):
            return ""
        return f" The output of an earlier run, {shown(target)}, was removed."

    def _done(self, photo: Photo, target: Path | None, whitelist: Whitelist) -> ImageRecord:
        faces = self.decide(photo.pixels, whitelist)
        written = None
        if target is not None:
            written = self._written(photo, self.redact(photo.pixels, faces), target)
        return ImageRecord(
            source=shown(photo.source),
            status=ImageStatus.OK,
            sha256=photo.sha256,
            width=photo.size[0],
            height=photo.size[1],
            output=None if target is None else shown(target),
            output_sha256=written,
            faces=faces,
            remarks=photo.remarks,
        )

    def _written(self, photo: Photo, pixels: RGB, target: Path) -> str:
        """Writes the output, reads it back, and removes it again if it is not what was meant to be written."""
        try:
            sha256 = self.photos.write(pixels, photo, target)
            back = self.photos.read(target)
            if back.sha256 != sha256 or back.size != photo.size:
                raise NotWritten(
                    f"{shown(target)} does not read back as it was written.", "Check the disk, and run again."
                )
        except BaseException:
            self.photos.discard(target)
            raise
        return sha256

    def _settings(self, whitelist: Whitelist, output: Path) -> RunSettings:
        embedder, detector = self.recogniser.embedder.card, self.recogniser.detector.card
        return RunSettings(
            program=self.program,
            space=embedder.space,
            detector=detector.name,
            detector_sha256=detector.sha256,
            thresholds=self.policy.thresholds,
            policy={
                "floors": asdict(self.policy.floors),
                "grey_band": self.policy.grey_band,
                "once_per_photo": self.policy.once_per_photo,
                "min_margin": self.policy.min_margin,
                "fusion": self.fusion.value,
                "detector": self.recogniser.detector.settings,
                **({"personal": _plain(self.policy.personal)} if self.policy.personal else {}),
                **({"files": self.photos.settings} if self.photos.settings else {}),
            },
            redaction=self.redactor.settings,
            identities=len(whitelist.names),
            templates=len(whitelist),
            output=shown(output),
        )


def _plain(personal: Mapping[str, Thresholds]) -> dict[str, dict[str, Any]]:
    return {name: asdict(own) for name, own in personal.items()}


def _failed(path: Path, photo: Photo | None, error: str) -> ImageRecord:
    width, height = photo.size if photo else (None, None)
    return ImageRecord(
        source=shown(path),
        status=ImageStatus.FAILED,
        sha256=photo.sha256 if photo else None,
        width=width,
        height=height,
        error=error,
    )
