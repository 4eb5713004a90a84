"""The Python interface: a gallery as an object, and models by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gallery.bootstrap import Bootstrap, HaarSettings, Wishes
from gallery.domain.by_hand import ByHand
from gallery.domain.calibrated import Calibration
from gallery.domain.errors import BadArgument
from gallery.domain.explaining import Explained
from gallery.domain.faces import RGB
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

PathLike = str | Path

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
    boot = Bootstrap.of(models_dir=_path(models_dir))
    return boot.embedder(boot.registry().card(name))


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
    haar = HaarSettings(haar_scale_factor, haar_neighbours)
    return Bootstrap.of(models_dir=_path(models_dir), haar=haar).detector(name)


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
        detector: str = "yunet",
        models_dir: PathLike | None = None,
    ) -> None:
        self._boot = Bootstrap.of(_path(path), _path(models_dir))
        self._detector = detector
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
        photos: Sequence[PathLike],
        face: FaceChoice = "only",
        *,
        accept_poor: bool = False,
        keep_crops: bool = True,
    ) -> list[EnrolledPhoto]:
        """Enrols one person from photos or folders of photos; see `gallery.usecases.enrol`.

        Args:
            name: The person's name.
            photos: Files and folders.
            face: Which face of a photo with several: `"only"`, `"largest"`, or a number from the left, from 1.
            accept_poor: Whether to take references of poor quality all the same; they are marked.
            keep_crops: Whether pictures of this person's references may be kept.

        Returns:
            One result per photo: accepted, or rejected with the reason.

        Raises:
            BadArgument: If the name cannot be used.
            BadPhoto: If a folder holds no photo.
        """
        choices = Choices(face, accept_poor, keep_crops)
        return self._boot.enrol(self._store, self._recogniser())(name, [Path(p) for p in photos], choices)

    def anonymise(
        self, image: RGB, *, method: str = "blur", cosine: float | None = None, euclidean: float | None = None
    ) -> AnonymisedImage:
        """Anonymises an array; nothing is recorded.

        Args:
            image: `(H, W, 3) uint8` RGB, upright. It is not changed.
            method: `"blur"`, `"pixelate"` or `"solid"`.
            cosine: Largest cosine distance of a match, for everybody; the calibrated, or else the model's own, if None.
            euclidean: Largest Euclidean distance of a match, likewise.

        Raises:
            BadArgument: If a threshold or the method makes no sense.
            ModelFailed: If the detector or the embedder could not do its work.
            ValueError: If the array has another shape or type.
        """
        use = self._boot.anonymise(self._store, self._recogniser(), Wishes(method, cosine, euclidean))
        faces = use.decide(image, use.whitelist())
        return AnonymisedImage(use.redact(image, faces), faces)

    def anonymise_files(
        self,
        inputs: Sequence[PathLike],
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
            inputs: Photo files, folders and patterns.
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
        wishes = Wishes(method, cosine, euclidean)
        use = self._boot.anonymise(self._store, self._recogniser(), wishes, by_hand=by_hand)
        return use([Path(p) for p in inputs], Path(output), options, report)

    def calibrate(
        self,
        fmr: float = 1e-3,
        *,
        impostors: PathLike | None = None,
        per_person: bool = False,
        fusion: str = "best",
        dry_run: bool = False,
    ) -> Calibrated:
        """Derives the gallery's thresholds from its own references and uses them from now on.

        Args:
            fmr: The false match rate to aim at, per comparison of a face with a person.
            impostors: A folder of photos of people who are not in the gallery; its own people alone if None.
            per_person: Whether people who resemble others get stricter thresholds of their own.
            fusion: `"best"`, `"mean"` or `"median-of-3"`: for which `anonymise` the thresholds are meant.
            dry_run: Whether only to say what would come of it.

        Raises:
            BadArgument: If the rate or the fusion makes no sense, or a photo of strangers is somebody's reference.
            TooLittleData: If there are too few comparisons for that rate; its `least` is the lowest they support.
            BadPhoto: If there is no such folder, or none of its photos can be used.
            NoFace: If it holds no face that could be compared.
        """
        request = Request(fmr, _path(impostors), per_person, _fusion(fusion), dry_run)
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
        return self._store.identity(name)

    def edit(self, name: str, change: Callable[[Details], Details]) -> Details:
        """Changes what is settled about a person: consent, notes, tags, thresholds, pictures.

        Args:
            name: The person's.
            change: Makes the new details of the present ones, as `lambda d: replace(d, enabled=False)`.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If notes or a tag cannot be shown.
        """
        return self._store.edit(name, change)

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name; returns the former one.

        Raises:
            UnknownName: If there is nobody of that name.
            NameTaken: If somebody else has the new one.
        """
        return self._store.rename(name, new)

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another and removes the first; returns how many came.

        Raises:
            UnknownName: If there is nobody of one of the names.
            BadArgument: If both are the same person.
        """
        return self._store.merge(name, into)

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person; returns whose it was.

        Raises:
            UnknownName: If there is no reference of that number, or nobody of that name.
        """
        return self._store.move(reference, to)

    def remove(self, name: str) -> int:
        """Removes a person; returns how many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        return self._store.remove(name)

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
        return self._store.forget(name)

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
        return self._store.run(run)

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
        use = self._boot.anonymise(self._store, self._recogniser())
        return explain_photo(use, Path(photo), face).explained

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
        return self._boot.verify_record(self._store)(run, _path(outputs), not chain_only)

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


def _path(value: PathLike | None) -> Path | None:
    return None if value is None else Path(value)


def _fusion(name: str) -> Fusion:
    try:
        return Fusion(name)
    except ValueError:
        raise BadArgument(f"There is no fusion {name!r}.", f"Use {', '.join(Fusion)}.") from None
