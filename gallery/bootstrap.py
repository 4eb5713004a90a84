"""The one place that names concrete classes and wires them. Each is imported and made only when it is needed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gallery import __version__

if TYPE_CHECKING:
    from gallery.adapters.photos.files import PillowPhotoFiles
    from gallery.adapters.store.store import SqliteStore
    from gallery.domain.models import ModelCard
    from gallery.domain.ports import Cropper, Detector, Embedder, Redactor, Registry, Store, Weights
    from gallery.usecases.anonymise import Anonymise
    from gallery.usecases.choose_model import Choice
    from gallery.usecases.demo import Demo
    from gallery.usecases.enrol import Enrol
    from gallery.usecases.faces import Recogniser
    from gallery.usecases.models import Models


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
        cosine: Threshold of the cosine distance; None for the model's own.
        euclidean: Threshold of the Euclidean distance; None for the model's own.
        fusion: `best`, `mean` or `median-of-3`: a person's distance when they have several references.
        allow_repeats: Whether a person may be kept more than once in a photo, as in a collage.
    """

    method: str = "blur"
    cosine: float | None = None
    euclidean: float | None = None
    fusion: str = "best"
    allow_repeats: bool = False


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
        """With `GALLERY_DB` and `GALLERY_MODELS`, or else the user's data folder, for what is not given."""
        return cls(
            db or _chosen("GALLERY_DB", "gallery.db"),
            models_dir or _chosen("GALLERY_MODELS", "models"),
            haar or HaarSettings(),
        )

    def store(self, create: bool = False) -> SqliteStore:
        """The gallery file, opened; to be used in a `with` statement."""
        from gallery.adapters.store.store import SqliteStore

        return SqliteStore.open(self.db, create)

    def upgrade(self) -> Path | None:
        """Brings the gallery file's schema up to date; returns the backup, or None where nothing was to be done."""
        from gallery.adapters.store.schema import upgrade

        return upgrade(self.db)

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
        from gallery.usecases.models import Models

        return Models(self.registry(), self.weights(), HttpDownloader())

    def choose(self, store: Store, model: str | None) -> Choice:
        """The embedder for a gallery; see `gallery.usecases.choose_model`."""
        from gallery.usecases.choose_model import choose_embedder

        registry, weights = self.registry(), self.weights()
        return choose_embedder(
            registry.card(model) if model else None,
            store.space() if store.identities() else None,
            registry.cards(),
            lambda card: weights.find(card) is not None,
        )

    def embedder(self, card: ModelCard) -> Embedder:
        """An embedder, its file's hash checked.

        Raises:
            BadArgument: If the model is no embedder.
            ModelMissing: If its file is not on this machine.
            ModelChanged: If its file is not the one on record.
        """
        card.spec  # noqa: B018 - refuses a detector before its file is looked for
        path = self.weights().verified(card).path
        if card.architecture == "sface":
            from gallery.adapters.embedders.sface import SFace

            return SFace(card, path)
        from gallery.adapters.embedders.vgg_face import VggFace

        return VggFace(card, path)

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
        card = self.registry().card(name)
        card.require_detector()
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
        from gallery.adapters.detectors.yunet import YuNet

        return YuNet(card, path)

    def recogniser(self, card: ModelCard, detector: str) -> Recogniser:
        """A detector and an embedder that fit each other."""
        from gallery.domain.models import Crop
        from gallery.usecases.faces import Recogniser

        finder = self.detector(detector)
        if finder.card.architecture == "haar" and card.spec.crop is Crop.ALIGNED:
            from gallery.adapters.detectors.landmarks import WithLandmarks

            finder = WithLandmarks(finder, self.detector("yunet"))
        return Recogniser(finder, self.cropper(card), self.embedder(card))

    def redactor(self, method: str) -> Redactor:
        """What makes faces unrecognisable."""
        from gallery.adapters.redactors import redactor

        return redactor(method)

    def photos(self) -> PillowPhotoFiles:
        """Photo files on disk."""
        from gallery.adapters.photos.files import PillowPhotoFiles

        return PillowPhotoFiles()

    def enrol(self, store: Store, recogniser: Recogniser) -> Enrol:
        """The use case of that name."""
        from gallery.usecases.enrol import Enrol

        return Enrol(recogniser, self.photos(), store)

    def anonymise(self, store: Store, recogniser: Recogniser, wishes: Wishes | None = None) -> Anonymise:
        """The use case of that name, under the model's thresholds unless others are wished for.

        Raises:
            BadArgument: If a threshold makes no sense.
        """
        from gallery.domain.deciding import Policy
        from gallery.domain.matching import Fusion
        from gallery.usecases.anonymise import Anonymise

        wishes, spec = wishes or Wishes(), recogniser.embedder.card.spec
        thresholds = spec.thresholds.replace(wishes.cosine, wishes.euclidean)
        policy = Policy(thresholds, spec.floors, spec.grey_band, once_per_photo=not wishes.allow_repeats)
        return Anonymise(
            recogniser,
            self.redactor(wishes.method),
            self.photos(),
            store,
            policy,
            __version__,
            Fusion(wishes.fusion),
        )

    def demo(self, store: Store, recogniser: Recogniser) -> Demo:
        """The use case of that name."""
        from gallery.adapters.demo_pictures import DemoPictures
        from gallery.usecases.demo import Demo

        enrol = self.enrol(store, recogniser)
        return Demo(DemoPictures(), enrol.photos, enrol, self.anonymise(store, recogniser))


def _chosen(variable: str, name: str) -> Path:
    value = os.environ.get(variable)
    if value:
        return Path(value)
    from platformdirs import user_data_path

    return user_data_path("gallery", appauthor=False) / name
