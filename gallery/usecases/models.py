"""What a user does with models: list them, install one, check the files, add weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from gallery.domain.errors import BadArgument, GalleryError, ModelChanged, ModelFailed, ModelMissing
from gallery.domain.models import NOT_MEASURED, Kind, ModelCard, Normalisation, Thresholds, paired
from gallery.domain.ports import (
    Conversion,
    Converter,
    Downloader,
    Installed,
    Progress,
    Registry,
    Weights,
    WeightsReader,
)
from gallery.usecases.own_entries import require_nobodys


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of `gallery models list`.

    Attributes:
        card: The model.
        installed: Where its file lies (which has not been hashed for this); None where it is not on this machine.
        convertible: Whether there can be a faster form of it.
        converted: Where that lies, likewise; None where it has not been made.
    """

    card: ModelCard
    installed: Installed | None
    convertible: bool = False
    converted: Path | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """What `gallery models install` came to.

    Attributes:
        card: The model.
        installed: Where its file lies; it has the hash on record.
        fresh: Whether it was brought just now, rather than there already.
        converted: Its faster form; None for models that have none.
    """

    card: ModelCard
    installed: Installed
    fresh: bool
    converted: Conversion | None = None


class State(StrEnum):
    """How a file was found."""

    INTACT = "intact"
    BROKEN = "broken"
    NOT_HERE = "not here"
    NOT_MADE = "not made"
    """A faster form that could be made. The model works without it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One row of `gallery models verify`.

    Attributes:
        card: The model.
        installed: Where its file lies; None where it is not on this machine.
        error: What is wrong, with the hash expected and the hash found, and the remedy; None where all is well.
        converted: The faster form of the file, compared with it; None where this row is about the file itself.
        form: Whether this row is about a faster form of the file.
    """

    card: ModelCard
    installed: Installed | None
    error: GalleryError | None
    converted: Conversion | None = None
    form: bool = False

    @property
    def intact(self) -> bool:
        """Whether the file is the one on record."""
        return self.error is None

    @property
    def state(self) -> State:
        """How the file was found."""
        if self.intact:
            return State.INTACT
        if self.form and isinstance(self.error, ModelMissing):
            return State.NOT_MADE
        return State.BROKEN if self.installed else State.NOT_HERE

    @property
    def failed(self) -> bool:
        """Whether something is wrong, rather than only to be had."""
        return self.state in (State.BROKEN, State.NOT_HERE)


@dataclass(frozen=True, slots=True)
class OwnWeights:
    """What a user says of weights of their own.

    Attributes:
        name: How they will be called.
        architecture: Which of the known architectures they are for.
        file: The weights; they stay where they are.
        cosine: Largest cosine distance of a match; None for none yet.
        euclidean: Largest Euclidean distance of a match, likewise.
    """

    name: str
    architecture: str
    file: Path
    cosine: float | None = None
    euclidean: float | None = None

    def thresholds(self, normalisation: Normalisation, origin: str = "given by hand") -> Thresholds:
        """The thresholds that were given, on vectors of length one also by one of the two.

        Raises:
            BadArgument: If one is missing, or makes no sense.
        """
        cosine, euclidean = paired(self.cosine, self.euclidean, normalisation)
        if cosine is None and euclidean is None:
            return NOT_MEASURED
        if cosine is None or euclidean is None:
            raise BadArgument(
                f"A match under {self.architecture} has to pass two thresholds, and only one was given.",
                "Give both --cosine and --euclidean, or neither, and measure them: gallery models measure",
            )
        return Thresholds(cosine, euclidean, origin)


_MADE_HERE = "made on this machine"


def _ignore_card(_card: ModelCard) -> None:
    pass


def _ignore_text(_text: str) -> None:
    pass


def _ignore_progress(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Models:
    """The use cases behind `gallery models`.

    Attributes:
        registry: The list of models.
        weights: Their files on this machine.
        downloader: Brings files from the network.
        converter: Makes faster forms of the files.
        reader: Reads files as their architectures do.
    """

    registry: Registry
    weights: Weights
    downloader: Downloader
    converter: Converter
    reader: WeightsReader

    def listing(self) -> list[Listed]:
        """All models, the built-in ones first, with where their files lie.

        Raises:
            RegistryUnusable: If the registry cannot be read.
        """
        return [self._listed(card) for card in self.registry.cards().values()]

    def _listed(self, card: ModelCard) -> Listed:
        convertible = self.converter.handles(card)
        return Listed(card, self.weights.find(card), convertible, self.converter.find(card) if convertible else None)

    def install(
        self,
        name: str,
        source: Path | None = None,
        announce: Callable[[ModelCard], None] = _ignore_card,
        progress: Progress = _ignore_progress,
        tell: Callable[[str], None] = _ignore_text,
    ) -> Installation:
        """Puts a model's file on this machine, unless it is there and intact, and makes the faster form it may have.

        Args:
            name: The model.
            source: A file the user has, to be copied instead of downloading.
            announce: Called with the model before anything is fetched, so that its licence can be shown.
            progress: Is told how far the download or the copy has come.
            tell: Called with a sentence before something that takes long.

        Raises:
            UnknownName: If there is no model of that name.
            BadArgument: If what would be replaced is the file of an entry of the user's own, or there is a `source` for
                a model of the user's own.
            ModelMissing: If `source` does not exist, or the model is the user's own and its file is gone.
            ModelChanged: If `source` is not the model's file, or the model is the user's own and its file has changed.
            DownloadFailed: If no address gave the file whose hash is on record.
            NotWritten: If there is no room for it, or it could not be written.
            ModelFailed: If the faster form strays too far from it; the model stays installed.
        """
        card = self.registry.card(name)
        self.weights.sweep()
        done = self._installed(card, source, announce, progress)
        return replace(done, converted=self._converted(done, tell))

    def _converted(self, done: Installation, tell: Callable[[str], None]) -> Conversion | None:
        if not self.converter.handles(done.card):
            return None
        try:
            return self.converter.verified(done.card)
        except (ModelMissing, ModelChanged):
            tell("Making the eight-bit form of the weights and comparing it with them; this takes about half a minute.")
            return self.converter.make(done.card, done.installed.path)

    def _installed(
        self, card: ModelCard, source: Path | None, announce: Callable[[ModelCard], None], progress: Progress
    ) -> Installation:
        if card.own:
            if source is not None:
                raise BadArgument(
                    f"The weights of {card.name} are your own and are read where they are, at {card.file}; nothing is "
                    "copied there.",
                    f"Leave --from out, or add {source} as a model of its own with 'gallery models add'.",
                )
            return Installation(card, self.weights.verified(card), fresh=False)
        there = self.weights.find(card)
        if there and self.weights.fingerprint(there.path).sha256 == card.sha256:
            return Installation(card, there, fresh=False)
        self._require_nobodys(card, source)
        announce(card)
        if source is not None:
            return Installation(card, self.weights.adopt(card, source, progress), fresh=True)
        self.downloader.fetch(card, self.weights.target(card), progress)
        return Installation(card, Installed(self.weights.target(card), "models folder"), fresh=True)

    def _require_nobodys(self, card: ModelCard, source: Path | None) -> None:
        """Checks that what would be written to or replaced is not a file the user added under another name."""
        target = self.weights.target(card)
        require_nobodys(self.registry, self.weights, target, "replaced", card.sha256)
        part = self.downloader.left(target) if source is None else None
        if part:
            require_nobodys(self.registry, self.weights, part, "written to")

    def verify(self, name: str | None = None) -> list[Checked]:
        """Hashes the files of one model, or of all that are on this machine or that the user added.

        A faster form of a file is compared with it on fixed pictures, and removed if it strays too far. One that could
        be made of an intact file is named.

        Raises:
            UnknownName: If there is no model of that name.
        """
        if name is not None:
            return self._checked(self.registry.card(name))
        cards = self.registry.cards().values()
        return [row for card in cards if card.own or self.weights.find(card) for row in self._checked(card)]

    def add(self, own: OwnWeights, today: date) -> ModelCard:
        """Puts a user's own weights of a known architecture on the list, with their hash.

        Faces are prepared for them as for the first built-in model of that architecture. The file is read as a run
        would read it, so that a wrong one is found out now. Without thresholds, the model is refused until they have
        been measured.

        Raises:
            BadArgument: If the name is taken or cannot be one, the architecture is not known, or a threshold makes no
                sense.
            ModelMissing: If there is no such file.
            ModelFailed: If it cannot be read, or does not hold the weights of that architecture.
            NotWritten: If the list could not be written.
        """
        cards = self.registry.cards()
        if own.name in cards:
            raise BadArgument(f"There is a model named {own.name} already.", "Choose another name.")
        day = today.isoformat()
        pattern = self.pattern(own.architecture)
        limits = own.thresholds(pattern.spec.normalisation, f"given by hand when added on {day}")
        card = _like(pattern, own.name, limits, day)
        file = own.file.absolute()
        found = self.weights.fingerprint(file)
        if not found.size:
            raise BadArgument(f"{file} is empty.", "Give the file of the weights.")
        card = replace(card, file=str(file), sha256=found.sha256, size=found.size)
        dimension = self.reader.require(card, file)
        card = replace(card, embedder=replace(card.spec, dimension=dimension))
        self.registry.add(card)
        return card

    def pattern(self, architecture: str) -> ModelCard:
        """The first built-in model of an architecture, as which weights of one's own are used.

        Raises:
            BadArgument: If there is none.
        """
        known: dict[str, ModelCard] = {}
        for card in self.registry.cards().values():
            if card.kind is Kind.EMBEDDER and not card.own:
                known.setdefault(card.architecture, card)
        if architecture not in known:
            raise BadArgument(
                f"There is no architecture {architecture!r} that weights of your own could be added for.",
                f"Give one of these with --architecture: {', '.join(known)}.",
            )
        return known[architecture]

    def _checked(self, card: ModelCard) -> list[Checked]:
        file = self._check(card)
        form = self._check_form(card, file) if self.converter.handles(card) else None
        if form is None or (form.state is State.NOT_MADE and not file.intact):
            return [file]
        return [file, form]

    def _check_form(self, card: ModelCard, file: Checked) -> Checked:
        try:
            if file.error is not None or file.installed is None:
                found = self.converter.verified(card)
            else:
                found = self.converter.compared(card, file.installed.path)
        except ModelMissing as error:
            return Checked(card, None, error, form=True)
        except (ModelChanged, ModelFailed) as error:
            return Checked(card, Installed(self.converter.target(card), _MADE_HERE), error, form=True)
        return Checked(card, Installed(found.path, _MADE_HERE), None, found, form=True)

    def _check(self, card: ModelCard) -> Checked:
        try:
            return Checked(card, self.weights.verified(card), None)
        except (ModelMissing, ModelChanged, ModelFailed) as error:
            return Checked(card, self.weights.find(card), error)


def _like(pattern: ModelCard, name: str, thresholds: Thresholds, day: str) -> ModelCard:
    """A card that differs from another in what it is called and whose it is; its file is not settled yet."""
    return replace(
        pattern,
        name=name,
        licence="not stated",
        source=f"weights of your own, added on {day}",
        urls=(),
        package="",
        package_path="",
        embedder=replace(pattern.spec, thresholds=thresholds),
    )
