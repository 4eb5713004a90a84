"""One entry of a registry: from a TOML table to a `ModelCard` and back, with every field checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gallery.adapters.fields import Fields, shown
from gallery.domain.errors import BadArgument, RegistryUnusable
from gallery.domain.models import (
    NOT_MEASURED,
    CohortEntry,
    Crop,
    EmbedderSpec,
    Floors,
    Kind,
    ModelCard,
    Normalisation,
    Precision,
    Thresholds,
)

DEFAULT_GREY_BAND = 0.05
DEFAULT_RIVAL_MARGIN = 0.17
"""Share of a threshold, just under it, in which a person must confirm the match, where an entry says nothing."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What the code of an architecture does to a chip, whatever an entry says.

    Attributes:
        colour: Order of the channels the network sees.
        mean: What is subtracted from each, in that order.
        scale: What the difference is multiplied by.
    """

    colour: str
    mean: tuple[float, float, float]
    scale: float


DETECTORS = ("yunet", "centerface", "haar")
"""The architectures of detectors this program has code for."""

EMBEDDERS = {
    # cv2.FaceRecognizerSF.feature: blobFromImage with scale 1, mean 0 and red and blue swapped.
    "sface": Preprocessing("RGB", (0.0, 0.0, 0.0), 1.0),
    # Mean colour of the training images of Parkhi et al. 2015, as in keras.applications.vgg16.preprocess_input.
    "vgg-face": Preprocessing("BGR", (103.939, 116.779, 123.68), 1.0),
    # Deng et al. 2019, "ArcFace": (value - 127.5) / 127.5, as in the authors' reference code.
    "arcface": Preprocessing("RGB", (127.5, 127.5, 127.5), 1 / 127.5),
}
"""The architectures of embedders this program has code for, with the preprocessing that code does."""

PRECISIONS = {"vgg-face": tuple(Precision)}
"""In what numbers the architectures can compute, where not in float32 only."""


def read_entry(path: Path, name: str, table: Any, hint: str) -> ModelCard:
    """Reads one entry.

    Args:
        path: The registry, for messages.
        name: The entry's name.
        table: The entry as TOML gives it.
        hint: The remedy to state if the entry is wrong.

    Raises:
        RegistryUnusable: If a field is missing, of the wrong type, out of range or not known, or if the stated
            preprocessing is not what the architecture does.
    """
    fields = Fields(f"{path}: [{name}]", table, hint)
    try:
        card = _card(name, fields)
    except BadArgument as error:
        raise RegistryUnusable(f"{path}: [{name}] cannot be used: {error.message}", hint) from error
    fields.finish()
    return card


def write_entry(card: ModelCard) -> str:
    """The TOML of one entry, which `read_entry` reads back as the same card."""
    import tomli_w

    entry: dict[str, Any] = {
        "kind": str(card.kind),
        "architecture": card.architecture,
        "file": card.file,
        "sha256": card.sha256,
        "size": card.size,
        "licence": card.licence,
        "source": card.source,
        "urls": list(card.urls),
    }
    if card.package:
        entry |= {"package": card.package, "package_path": card.package_path}
    if card.embedder:
        entry |= _embedder_entry(card.architecture, card.embedder)
        if card.embedder.cohort:
            entry["cohort"] = _cohort_entry(card.embedder.cohort)
    return tomli_w.dumps({card.name: entry})


def _embedder_entry(architecture: str, spec: EmbedderSpec) -> dict[str, Any]:
    done = EMBEDDERS[architecture]
    return {
        "input_size": list(spec.input_size),
        "colour": done.colour,
        "mean": list(done.mean),
        "scale": done.scale,
        "crop": str(spec.crop),
        "margin": spec.margin,
        "dimension": spec.dimension,
        "normalisation": str(spec.normalisation),
        "grey_band": spec.grey_band,
        "rival_margin": spec.rival_margin,
        "mirror": spec.mirror,
        "centre": list(spec.centre),
        **({"thresholds": _limits_entry(spec.thresholds)} if spec.measured else {"unmeasured": True}),
        "floors": {
            "size": spec.floors.size,
            "sharpness": spec.floors.sharpness,
            "origin": spec.floors.origin,
        },
    }


def _limits_entry(thresholds: Thresholds) -> dict[str, Any]:
    return {"cosine": thresholds.cosine, "euclidean": thresholds.euclidean, "origin": thresholds.origin}


def _cohort_entry(cohort: CohortEntry) -> dict[str, Any]:
    return {name: value for name, value in asdict(cohort).items() if value is not None}


def read_measured(path: Path, card: ModelCard, table: Any, hint: str) -> ModelCard:
    """Reads what was made on this machine for a model that comes with the program without thresholds or cohort.

    Returns:
        The model with them, as far as it has none of its own; as it is if they were made with other weights, or faces
        prepared otherwise.

    Raises:
        RegistryUnusable: If a field is missing, of the wrong type, out of range or not known, or there is nothing of
            what the model lacks.
    """
    fields = Fields(f"{path}: [{card.name}]", table, hint)
    made_for = fields.text("sha256"), fields.text("preparation")
    spec = card.spec
    try:
        limits, cohort = fields.table_if_any("thresholds"), _cohort(fields)
        thresholds = None if limits is None else _limits(limits)
    except BadArgument as error:
        raise RegistryUnusable(f"{path}: [{card.name}] cannot be used: {error.message}", hint) from error
    fields.finish()
    if thresholds is None and cohort is None:
        raise RegistryUnusable(f"{path}: [{card.name}] holds neither thresholds nor a cohort.", hint)
    if made_for != (card.sha256, spec.preparation):
        return card
    own = spec.thresholds if spec.measured or thresholds is None else thresholds
    return replace(card, embedder=replace(spec, thresholds=own, cohort=spec.cohort or cohort))


def write_measured(card: ModelCard, shipped: ModelCard) -> str:
    """The TOML of what a model has beyond what the program came with, which `read_measured` reads back."""
    import tomli_w

    entry: dict[str, Any] = {"sha256": card.sha256, "preparation": card.spec.preparation}
    if card.spec.thresholds != shipped.spec.thresholds:
        entry["thresholds"] = _limits_entry(card.spec.thresholds)
    if card.spec.cohort is not None and card.spec.cohort != shipped.spec.cohort:
        entry["cohort"] = _cohort_entry(card.spec.cohort)
    return tomli_w.dumps({card.name: entry})


def _limits(fields: Fields) -> Thresholds:
    found = Thresholds(fields.number("cosine"), fields.number("euclidean"), fields.text("origin"))
    fields.finish()
    return found


def _card(name: str, fields: Fields) -> ModelCard:
    kind = fields.choice("kind", Kind)
    architecture = fields.text("architecture")
    known = EMBEDDERS if kind is Kind.EMBEDDER else DETECTORS
    if architecture not in known:
        fields.refuse("architecture", f"{' or '.join(known)} for a {kind}", architecture)
    package = _package(fields)
    return ModelCard(
        name=name,
        kind=kind,
        architecture=architecture,
        file=_file(fields),
        sha256=fields.text("sha256"),
        size=fields.whole("size", low=1),
        licence=fields.text("licence"),
        source=fields.text("source", ""),
        urls=fields.texts("urls"),
        package=package,
        package_path=fields.text("package_path") if package else "",
        wheel=fields.text("wheel", "") if package else "",
        embedder=_embedder(fields, architecture) if kind is Kind.EMBEDDER else None,
    )


def _file(fields: Fields) -> str:
    name = fields.text("file")
    if not Path(name).is_absolute() and (Path(name).name != name or name == ".."):
        fields.refuse("file", "a file name without folders, or an absolute path", name)
    return name


def _package(fields: Fields) -> str:
    name = fields.text("package", "")
    if name and not name.isidentifier():  # a package inside another could not be found without importing the other
        fields.refuse("package", "the name of a top-level Python package", name)
    return name


def _embedder(fields: Fields, architecture: str) -> EmbedderSpec:
    _require_true(fields, architecture)
    width, height = fields.numbers("input_size", 2)
    if not all(side == int(side) and side >= 1 for side in (width, height)):
        fields.refuse("input_size", "two whole numbers from 1 upwards", [width, height])
    thresholds = NOT_MEASURED if fields.flag("unmeasured") else _limits(fields.table("thresholds"))
    floors = fields.table("floors")
    spec = EmbedderSpec(
        input_size=(int(width), int(height)),
        crop=fields.choice("crop", Crop),
        margin=fields.number("margin"),
        dimension=fields.whole("dimension", low=1),
        normalisation=fields.choice("normalisation", Normalisation),
        thresholds=thresholds,
        floors=Floors(floors.whole("size", low=0), floors.number("sharpness"), floors.text("origin")),
        grey_band=fields.number("grey_band", DEFAULT_GREY_BAND),
        rival_margin=fields.number("rival_margin", DEFAULT_RIVAL_MARGIN),
        mirror=fields.flag("mirror"),
        centre=fields.numbers_if_any("centre"),
        precisions=PRECISIONS.get(architecture, (Precision.FLOAT32,)),
        cohort=_cohort(fields),
    )
    if spec.rival_margin > 1:
        fields.refuse("rival_margin", "a share from 0 to 1", spec.rival_margin)
    if spec.grey_band >= 1:
        fields.refuse("grey_band", "a share from 0 to below 1", spec.grey_band)
    floors.finish()
    return spec


def _cohort(fields: Fields) -> CohortEntry | None:
    table = fields.table_if_any("cohort")
    if table is None:
        return None
    entry = CohortEntry(
        file=_file(table),
        sha256=table.text("sha256"),
        size=table.whole("size", low=1),
        nearest=table.whole("nearest", low=2),
        mean=table.any_number("mean"),
        deviation=table.number("deviation"),
        young=table.number_if_any("young"),
        licence=table.text("licence"),
        origin=table.text("origin"),
    )
    table.finish()
    return entry


def _require_true(fields: Fields, architecture: str) -> None:
    """Refuses an entry that states another preprocessing than the code does."""
    done = EMBEDDERS[architecture]
    stated = Preprocessing(fields.text("colour"), fields.three("mean"), fields.number("scale"))
    for field in ("colour", "mean", "scale"):
        does, says = getattr(done, field), getattr(stated, field)
        if does != says:
            fields.refuse(field, f"{shown(does)}, which is what the architecture {architecture} does", says)
