"""The Python interface: a gallery as an object, and models by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gallery.arguments import (
    PathLike,
    as_count,
    as_count_if_any,
    as_function,
    as_number,
    as_number_if_any,
    as_one_of,
    as_path,
    as_path_if_any,
    as_paths,
    as_text,
    is_picture,
)
from gallery.bootstrap import AUTO, Bootstrap, HaarSettings, Wishes
from gallery.domain.by_hand import ByHand
from gallery.domain.calibrated import Calibration
from gallery.domain.errors import BadArgument, WrongType
from gallery.domain.explaining import Explained
from gallery.domain.faces import RGB, Photo
from gallery.domain.forgetting import Forgotten
from gallery.domain.matching import Fusion
from gallery.domain.models import ModelCard
from gallery.domain.people import Change, Details, Identity, IdentitySummary
from gallery.domain.ports import Detector, Embedder
from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSummary
from gallery.domain.selecting import Selection
from gallery.usecases.anonymise import Outcome
from gallery.usecases.calibrate import Request
from gallery.usecases.calibration_report import Calibrated
from gallery.usecases.check import Checked
from gallery.usecases.enrol import Choices, EnrolledPhoto, FaceChoice
from gallery.usecases.explain import explain_photo
from gallery.usecases.faces import Recogniser
from gallery.usecases.running import Options
from gallery.usecases.verify_record import VerifiedRecord

_FACES, _FACE = ("only", "largest"), "the face, if it is neither 'only' nor 'largest',"
_NAME, _MODEL, _MODELS = "the name", "the model", "the folder of models"

__all__ = [
    "AnonymisedImage",
    "ByHand",
    "Gallery",
    "Options",
    "PathLike",
    "Selection",
    "load_detector",
    "load_embedder",
]


def load_embedder(name: str, models_dir: PathLike | None = None) -> Embedder:
    """An embedder of the registry, or one of your own that `gallery models add` has recorded.

    Args:
        name: As in `gallery models list`.
        models_dir: The folder of installed weights; `GALLERY_MODELS` or your data folder if None.

    Returns:
        An object whose `embed(chips)` turns `(N, H, W, 3) uint8` RGB chips of the model's input size
        (`card.spec.input_size`) into `(N, D) float32`.

    Raises:
        UnknownName: If there is no model of that name.
        BadArgument: If the model is no embedder.
        ModelMissing: If its weights are not on this machine.
        ModelChanged: If its weights are not the file on record.
    """
    boot = Bootstrap.of(models_dir=as_path_if_any(models_dir, _MODELS))
    return boot.embedder(boot.registry().card(as_text(name, _MODEL)))


def load_detector(
    name: str = "yunet",
    models_dir: PathLike | None = None,
    haar_scale_factor: float | None = None,
    haar_neighbours: int | None = None,
) -> Detector:
    """A detector of the registry.

    Args:
        name: As in `gallery models list`.
        models_dir: The folder of installed weights; `GALLERY_MODELS` or your data folder if None.
        haar_scale_factor: With `haar`, the ratio of one search size to the next; 1.3 if None.
        haar_neighbours: With `haar`, the overlapping hits that make a face; 5 if None.

    Returns:
        An object whose `detect(image)` takes `(H, W, 3) uint8` RGB, upright, and gives the faces from left to right.

    Raises:
        UnknownName: If there is no model of that name.
        BadArgument: If the model is no detector, or a setting makes no sense.
        ModelMissing: If its file is not on this machine.
        ModelChanged: If its file is not the one on record.
    """
    haar = HaarSettings(
        as_number_if_any(haar_scale_factor, "the scale factor"), as_count_if_any(haar_neighbours, "the neighbours")
    )
    boot = Bootstrap.of(models_dir=as_path_if_any(models_dir, _MODELS), haar=haar)
    return boot.detector(as_text(name, "the detector"))


@dataclass(frozen=True, slots=True, eq=False)
class AnonymisedImage:
    """An array that was anonymised.

    Attributes:
        pixels: `(H, W, 3) uint8` RGB, a copy.
        faces: Every detected face with its decision, from left to right.
    """

    pixels: RGB
    faces: tuple[DecidedFace, ...]


class Gallery:
    """A gallery file with the models that go with it.

    To be used in a `with` statement, or closed. Models are loaded when they are first needed.

    Args:
        path: The gallery file, made if it does not exist; `GALLERY_DB` or your data folder if None.
        model: The embedder of a new gallery; the gallery's own, or the default, if None.
        detector: What finds the faces.
        models_dir: The folder of installed weights; `GALLERY_MODELS` or your data folder if None.

    Raises:
        StoreUnusable: If the file is not a gallery, or cannot be opened.
        ModelMismatch: If the gallery's templates were made by another model than the one named.
    """

    def __init__(
        self,
        path: PathLike | None = None,
        *,
        model: str | None = None,
        detector: str = AUTO,
        models_dir: PathLike | None = None,
    ) -> None:
        self._boot = Bootstrap.of(as_path_if_any(path, "the gallery file"), as_path_if_any(models_dir, _MODELS))
        self._detector = as_text(detector, "the detector")
        model = None if model is None else as_text(model, _MODEL)
        self._loaded: Recogniser | None = None
        self._store = self._boot.store(create=True)
        try:
            self._card = self._boot.choose(self._store, model).card
        except BaseException:
            self._store.close()
            raise

    @property
    def model(self) -> ModelCard:
        """The embedder's entry in the registry, with its thresholds."""
        return self._card

    def enrol(
        self,
        name: str,
        photos: PathLike | Iterable[PathLike],
        face: FaceChoice = "only",
        *,
        accept_poor: bool = False,
        keep_crops: bool = True,
    ) -> list[EnrolledPhoto]:
        """Enrols one person from photos or folders of photos; see `gallery.usecases.enrol`.

        Args:
            name: The person's name.
            photos: Files and folders, or a single one.
            face: Which face of a photo with several: `"only"`, `"largest"`, or a number from the left, from 1.
            accept_poor: Whether to take references of poor quality all the same; they are marked.
            keep_crops: Whether pictures of this person's references may be kept.

        Returns:
            One result per photo: accepted, or rejected with the reason.

        Raises:
            BadArgument: If the name cannot be used.
            BadPhoto: If a folder holds no photo.
        """
        name, files = as_text(name, _NAME), as_paths(photos, "the photos")
        which: FaceChoice = face if isinstance(face, str) and face in _FACES else as_count(face, _FACE)
        return self._boot.enrol(self._store, self._recogniser())(name, files, Choices(which, accept_poor, keep_crops))

    def anonymise(
        self,
        image: RGB | PathLike | object,
        *,
        method: str = "blur",
        cosine: float | None = None,
        euclidean: float | None = None,
    ) -> AnonymisedImage:
        """Anonymises one picture; nothing is recorded.

        Args:
            image: `(H, W, 3) uint8` RGB, upright; it is not changed. Or the path of a photo, or a picture of Pillow's:
                they are turned upright, in sRGB, and laid on white where they are transparent.
            method: `"blur"`, `"pixelate"` or `"solid"`.
            cosine: Largest cosine distance of a match, for everybody; the calibrated, or else the model's own, if None.
            euclidean: The same of the Euclidean distance.

        Raises:
            BadArgument: If a threshold or the method makes no sense.
            WrongType: If it is no picture.
            BadPhoto: If a file cannot be read.
            ModelFailed: If the detector or the embedder could not do its work.
            ValueError: If the array has another shape or type.
        """
        photo = self._photo(image)
        use = self._boot.anonymise(self._store, self._recogniser(), _wishes(method, cosine, euclidean))
        faces = use.decide(photo, use.whitelist())
        return AnonymisedImage(use.redact(photo.opaque().pixels, faces), faces)

    def _photo(self, image: object) -> Photo:
        if isinstance(image, (str, os.PathLike)):
            return self._boot.photos().read(as_path(image, "the photo"))
        if not is_picture(image):
            raise WrongType(
                f"The image must be an array, a picture of Pillow's or a path, not a {type(image).__qualname__}.",
                "Several pictures go one by one; files and folders to anonymise_files.",
            )
        return self._boot.photo_in_memory(image)

    def anonymise_files(
        self,
        inputs: PathLike | Iterable[PathLike],
        output: PathLike,
        *,
        method: str = "blur",
        cosine: float | None = None,
        euclidean: float | None = None,
        by_hand: ByHand | None = None,
        options: Options | None = None,
        report: Callable[[ImageRecord], None] = lambda _: None,
    ) -> Outcome:
        """Anonymises files and folders into an output folder and records the run; see `gallery.usecases.anonymise`.

        Args:
            inputs: Photo files, folders and patterns, or a single one.
            output: The folder that the anonymised copies go to.
            method: `"blur"`, `"pixelate"` or `"solid"`.
            cosine: Largest cosine distance of a match, for everybody; the calibrated, or else the model's own, if None.
            euclidean: Largest Euclidean distance of a match, likewise.
            by_hand: What is settled for all photos: nobody kept, somebody kept wherever they match, parts blurred.
            options: Subfolders, what is left out, resuming, verification, threads and so on.
            report: Called after each photo.

        Raises:
            BadPhoto: If a folder holds no photo, a pattern fits none, or all were left out.
            BadArgument: If two photos would get the same output, or a setting makes no sense.
            UnknownName: If somebody who is to be kept in every case is not in the gallery.
            StoreUnusable: If a decision cannot be recorded.
        """
        files, folder = as_paths(inputs, "the inputs"), as_path(output, "the output folder")
        by_hand, options = as_one_of(by_hand, ByHand, "by_hand"), as_one_of(options, Options, "options")
        as_function(report, "the report")
        wishes = _wishes(method, cosine, euclidean)
        use = self._boot.anonymise(self._store, self._recogniser(), wishes, by_hand=by_hand)
        return use(files, folder, options, report)

    def calibrate(
        self,
        fmr: float = 1e-3,
        *,
        impostors: PathLike | None = None,
        per_person: bool = False,
        fusion: str = "best",
        dry_run: bool = False,
        allow_looser: bool = False,
    ) -> Calibrated:
        """Derives the gallery's thresholds from its own references and uses them from now on.

        Args:
            fmr: The false match rate to aim at, per comparison of a face with a person.
            impostors: A folder of photos of people who are not in the gallery; its own people alone if None.
            per_person: Whether people who resemble others get stricter thresholds of their own.
            fusion: `"best"`, `"mean"` or `"median-of-3"`: for which `anonymise` the thresholds are meant.
            dry_run: Whether only to say what would come of it.
            allow_looser: Whether a limit may be looser than the model's own; it is the model's own otherwise.

        Raises:
            BadArgument: If the rate or the fusion makes no sense, or a photo of strangers is somebody's reference.
            TooLittleData: If there are too few comparisons for that rate; its `least` is the lowest they support.
            BadPhoto: If there is no such folder, or none of its photos can be used.
            NoFace: If it holds no face that could be compared.
        """
        strangers = as_path_if_any(impostors, "the folder of strangers")
        rate = as_number(fmr, "the false match rate")
        request = Request(rate, strangers, per_person, _fusion(fusion), dry_run, allow_looser)
        return self._boot.calibrate(self._store, self._card, self._detector)(request)

    def calibration(self) -> Calibration | None:
        """The thresholds that `calibrate` left in the gallery, if it did; see `reset_calibration`."""
        return self._store.calibration()

    def reset_calibration(self) -> bool:
        """Goes back to the model's own thresholds; returns whether there were others."""
        return self._store.clear_calibration()

    def people(self) -> list[IdentitySummary]:
        """Everybody on the whitelist."""
        return self._store.identities()

    def person(self, name: str) -> Identity:
        """One person with their references.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        return self._store.identity(as_text(name, _NAME))

    def edit(self, name: str, change: Callable[[Details], Details]) -> Details:
        """Changes what is settled about a person: consent, notes, tags, thresholds, pictures.

        Args:
            name: The person's.
            change: Makes the new details of the present ones, as `lambda d: replace(d, enabled=False)`.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If notes or a tag cannot be shown.
        """
        return self._store.edit(as_text(name, _NAME), as_function(change, "the change"))

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name; returns the former one.

        Raises:
            UnknownName: If there is nobody of that name.
            NameTaken: If somebody else has the new one.
        """
        return self._store.rename(as_text(name, _NAME), as_text(new, "the new name"))

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another and removes the first; returns how many came.

        Raises:
            UnknownName: If there is nobody of one of the names.
            BadArgument: If both are the same person.
        """
        return self._store.merge(as_text(name, _NAME), as_text(into, "the other person's name"))

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person; returns whose it was.

        Raises:
            UnknownName: If there is no reference of that number, or nobody of that name.
        """
        return self._store.move(as_count(reference, "the reference"), as_text(to, _NAME))

    def remove(self, name: str) -> int:
        """Removes a person; returns how many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        return self._store.remove(as_text(name, _NAME))

    def undo(self) -> Change:
        """Takes the last change to the gallery's people back.

        Raises:
            NothingToUndo: If there was none, or it was undone already.
        """
        return self._store.undo()

    def forget(self, name: str) -> Forgotten:
        """Deletes a person for good, in the gallery, its record and its backups, and proves it.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
            StoreUnusable: If another process is using the gallery.
        """
        return self._store.forget(as_text(name, _NAME))

    def check(self) -> Checked:
        """Looks for mistakes in the whole gallery; see `gallery.usecases.check`."""
        return self._boot.check(self._store)()

    def runs(self) -> list[RunSummary]:
        """All recorded runs, the newest first."""
        return self._store.runs()

    def decisions(self, run: int) -> Run:
        """One recorded run with all its decisions.

        Raises:
            UnknownName: If there is no run of that number.
        """
        return self._store.run(as_count(run, "the run"))

    def explain(self, photo: PathLike, face: int | None = None) -> Explained:
        """How the faces of a photo compare with everybody, and what a run would decide; nothing is recorded.

        Args:
            photo: The file.
            face: Which face, from 1; None for all.

        Raises:
            BadPhoto: If it cannot be read.
            NoFace: If there is no such face.
            ModelFailed: If the detector or the embedder could not do its work.
        """
        file, number = as_path(photo, "the photo"), as_count_if_any(face, "the face")
        use = self._boot.anonymise(self._store, self._recogniser())
        return explain_photo(use, file, number).explained

    def verify_record(
        self, run: int | None = None, *, outputs: PathLike | None = None, chain_only: bool = False
    ) -> VerifiedRecord:
        """Recomputes the chain of hashes over all that was recorded, and the outputs' hashes.

        Args:
            run: Whose outputs are looked at; None for all.
            outputs: The folder in which they are now; None for where they were written.
            chain_only: Whether they are left out.

        Returns:
            What was found; its `misfit` is None if all is as it was written, else a sentence.

        Raises:
            UnknownName: If there is no run of that number.
            BadArgument: If it is not clear whose outputs are in that folder.
        """
        folder = as_path_if_any(outputs, "the folder of outputs")
        return self._boot.verify_record(self._store)(as_count_if_any(run, "the run"), folder, not chain_only)

    def close(self) -> None:
        """Closes the gallery file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _recogniser(self) -> Recogniser:
        if self._loaded is None:
            self._loaded = self._boot.recogniser(self._card, self._detector)
        return self._loaded


def _wishes(method: str, cosine: float | None, euclidean: float | None) -> Wishes:
    limits = (as_number_if_any(cosine, "the cosine limit"), as_number_if_any(euclidean, "the Euclidean limit"))
    return Wishes(as_text(method, "the method"), *limits)


def _fusion(name: str) -> Fusion:
    try:
        return Fusion(as_text(name, "the fusion"))
    except ValueError:
        raise BadArgument(f"There is no fusion {name!r}.", f"Use {', '.join(Fusion)}.") from None
