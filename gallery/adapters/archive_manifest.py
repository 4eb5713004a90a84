"""The manifest of an archive: what `gallery.adapters.gallery_archive` says of it, from and to JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gallery import __version__
from gallery.adapters.archive_fields import TOP, Fault, Fields, brief, is_number, printable
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import BadArgument
from gallery.domain.exchanging import Decisions, ExchangedPerson, ExchangedReference
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import Details, Reference, clean_notes, clean_words, name_key, new_name

FORMAT = "gallery archive"
VERSION = 2
"""The first version that holds manual decisions; an archive without any is still written as version 1."""
NAME = "manifest.json"

LARGEST_DIMENSION = 65_536
"""Values of a vector; the largest known embedder has 4096."""
LARGEST_CROP = 8 << 20
"""Bytes of a picture; one of the largest size takes a third of that at the most."""
LARGEST_MEMBER = 1 << 50
MOST_MODELS = 100
MOST_WORDS = 1000
"""Tags of a person, or flaws of a reference."""
LONGEST_WORD = 100
"""Characters of a model's, a detector's or a flaw's name."""

_NEWER = re.compile(r"gallery (\d+(?:\.\d+){0,3}\w*)")


class NewerVersion(Exception):
    """The archive is of a later version than this program reads.

    Attributes:
        program: The version of the program that wrote it; empty where it does not say.
        version: Of the archive.
    """

    def __init__(self, program: str, version: int) -> None:
        super().__init__(f"archive version {version}")
        self.program = program
        self.version = version


@dataclass(frozen=True, slots=True)
class Member:
    """Another member of the archive.

    Attributes:
        name: In the archive.
        size: In bytes.
        sha256: In lower-case hexadecimal.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchivedModel:
    """A model and the member that holds its templates.

    Attributes:
        space: The model.
        own: Whether the gallery compared faces under it.
        templates: How many there are.
        member: What holds them.
    """

    space: EmbeddingSpace
    own: bool
    templates: int
    member: Member


@dataclass(frozen=True, slots=True)
class ArchivedCrop:
    """Where a crop lies in its photo, and the member that holds the picture; see `FaceCrop`."""

    x: int
    y: int
    scale: float
    member: Member


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself.

    Attributes:
        models: The gallery's own first.
        people: By name.
        crops: In the order of people and their references.
        decisions: What was decided by hand.
    """

    models: tuple[ArchivedModel, ...]
    people: tuple[ExchangedPerson, ...]
    crops: tuple[ArchivedCrop, ...]
    decisions: Decisions = field(default_factory=Decisions)

    @property
    def members(self) -> Iterator[Member]:
        """All members but the manifest."""
        yield from (model.member for model in self.models)
        yield from (crop.member for crop in self.crops)


def to_json(manifest: Manifest) -> Iterator[bytes]:
    """The text of a manifest, in pieces: a line for each person, ASCII."""
    numbers = {model.space: number for number, model in enumerate(manifest.models)}
    crops = iter(manifest.crops)
    decided = manifest.decisions != Decisions()
    head = {"format": FORMAT, "version": VERSION if decided else 1, "program": f"gallery {__version__}"}
    yield json.dumps(head)[:-1].encode() + b',\n"models": [\n'
    yield b",\n".join(_dumped(_of_model(model)) for model in manifest.models) + b'],\n"people": ['
    for place, person in enumerate(manifest.people):
        yield (b",\n" if place else b"\n") + _dumped(_of_person(person, numbers, crops))
    yield b"]"
    if decided:
        yield b',\n"decisions": [\n' + b",\n".join(_dumped(_of_word(word)) for word in manifest.decisions.blurs)
        yield b"],\n" + b'"left": ' + _dumped(manifest.decisions.left)
    yield b"}\n"


def _of_word(word: Override) -> dict[str, Any]:
    return {
        "sha256": word.sha256,
        "box": word.box.as_list(),
        "source": printable(word.source),
        "by": printable(word.by),
        "made": word.made.isoformat(),
        "note": word.note,
    }


def _dumped(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


def _of_model(model: ArchivedModel) -> dict[str, Any]:
    space = model.space
    return {
        "name": space.model,
        "sha256": space.sha256,
        "preparation": space.preparation,
        "dimension": space.dimension,
        "own": model.own,
        "templates": model.templates,
        "member": _of_member(model.member),
    }


def _of_member(member: Member) -> dict[str, Any]:
    return {"name": member.name, "size": member.size, "sha256": member.sha256}


def _of_person(
    person: ExchangedPerson, numbers: dict[EmbeddingSpace, int], crops: Iterator[ArchivedCrop]
) -> dict[str, Any]:
    details = person.details
    return {
        "name": person.name,
        "added": person.added.isoformat(),
        "enabled": details.enabled,
        "expires": details.expires.isoformat() if details.expires else None,
        "notes": details.notes,
        "tags": list(details.tags),
        "keep_crops": details.keep_crops,
        "thresholds": [
            {"model": numbers[space], "cosine": own.cosine, "euclidean": own.euclidean, "origin": printable(own.origin)}
            for space, own in person.thresholds
        ],
        "references": [_of_reference(one, numbers, crops) for one in person.references],
    }


def _of_reference(
    exchanged: ExchangedReference, numbers: dict[EmbeddingSpace, int], crops: Iterator[ArchivedCrop]
) -> dict[str, Any]:
    reference, crop = exchanged.reference, next(crops) if exchanged.has_crop else None
    detection, quality = reference.detection, reference.quality
    return {
        "source": printable(reference.source),
        "sha256": reference.sha256,
        "added": exchanged.added.isoformat(),
        "detector": reference.detector,
        "box": detection.box.as_list(),
        "score": detection.score,
        "landmarks": [list(point) for point in detection.landmarks.as_tuple()] if detection.landmarks else None,
        "size": quality.size,
        "sharpness": quality.sharpness,
        "as_meant": quality.as_meant,
        "flaws": list(reference.flaws),
        "templates": [numbers[space] for space in exchanged.spaces],
        "crop": {"x": crop.x, "y": crop.y, "scale": crop.scale, "member": _of_member(crop.member)} if crop else None,
    }


def from_json(text: bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        Fault: If it is not one, or says what cannot be.
        NewerVersion: If a later version of the program wrote it.
    """
    top = Fields(TOP, _parsed(text))
    if top.take("format") != FORMAT:
        raise Fault("its manifest is not that of a gallery archive")
    version, program = top.whole("version", 1), top.text("program", LONGEST_WORD)
    if version > VERSION:
        found = _NEWER.fullmatch(program)
        raise NewerVersion(found[1] if found else "", version)
    models = _models(top)
    crops: list[ArchivedCrop] = []
    spaces = tuple(model.space for model in models)
    people = tuple(_person(fields, spaces, crops) for fields in top.objects("people", "person"))
    decisions = _decisions(top) if version > 1 else Decisions()
    top.finish()
    manifest = Manifest(models, people, tuple(crops), decisions)
    _require_distinct(manifest)
    _require_counts(manifest)
    return manifest


def _decisions(top: Fields) -> Decisions:
    words = tuple(_word(fields) for fields in top.objects("decisions", "decision"))
    return Decisions(words, top.whole("left", 0))


def _word(fields: Fields) -> Override:
    sha256, box, source = fields.sha256("sha256"), _box(fields), fields.text("source")
    by, made = fields.text("by"), fields.moment("made")
    with _named(fields, "note"):
        note = clean_notes(fields.raw_text("note"))
    return Override(0, sha256, box, Verdict.BLUR, source, by, made, note)


def _parsed(text: bytes) -> Any:
    def refuse(word: str) -> None:
        raise Fault(f"its manifest holds {word}, which is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Fault("its manifest is no JSON text that can be read") from error


def _models(top: Fields) -> tuple[ArchivedModel, ...]:
    models = tuple(_model(fields) for fields in top.objects("models", "model"))
    if len(models) > MOST_MODELS:
        raise Fault(f"it has {len(models)} models; at most {MOST_MODELS} are read")
    if any(model.own for model in models[1:]):
        raise Fault("a model other than the first is said to be the gallery's own")
    for place, model in enumerate(models):
        if any(model.space.comparable(other.space) for other in models[:place]):
            raise Fault(f"model {place + 1} of the manifest is there twice")
    return models


def _model(fields: Fields) -> ArchivedModel:
    space = EmbeddingSpace(
        fields.text("name", LONGEST_WORD),
        fields.sha256("sha256"),
        fields.text("preparation"),
        fields.whole("dimension", 1, LARGEST_DIMENSION),
    )
    own, templates = fields.flag("own"), fields.whole("templates", 0)
    member = _member(fields, LARGEST_MEMBER)
    if member.size != 4 * space.dimension * templates:
        raise Fault(f"{fields.where} says {templates} templates of {space.dimension} values in {member.size} bytes")
    return ArchivedModel(space, own, templates, member)


def _member(owner: Fields, most: int) -> Member:
    fields = owner.object_if_any("member", "the member")
    if fields is None:
        raise Fault(f"'member' of {owner.where} must be an object, not null")
    member = Member(fields.text("name", LONGEST_WORD), fields.whole("size", 0, most), fields.sha256("sha256"))
    fields.finish()
    return member


def _person(fields: Fields, spaces: Sequence[EmbeddingSpace], crops: list[ArchivedCrop]) -> ExchangedPerson:
    with _named(fields, "name"):
        name = new_name(fields.raw_text("name"))
    fields.where = f"{fields.where} ({brief(name)})"
    added = fields.moment("added")
    details = _details(fields)
    thresholds = tuple(_thresholds(one, spaces) for one in fields.objects("thresholds", "threshold"))
    if len({space for space, _ in thresholds}) < len(thresholds):
        raise Fault(f"{fields.where} has thresholds under one model twice")
    references = tuple(_reference(one, spaces, crops) for one in fields.objects("references", "reference"))
    faces = {(one.reference.sha256, one.reference.detection.box) for one in references}
    if len(faces) < len(references):
        raise Fault(f"{fields.where} has the same face of the same photo twice")
    return ExchangedPerson(name, added, details, references, thresholds)


def _details(fields: Fields) -> Details:
    enabled, expires = fields.flag("enabled"), fields.day("expires")
    with _named(fields, "notes"):
        notes = clean_notes(fields.raw_text("notes"))
    with _named(fields, "tags"):
        tags = clean_words(fields.words("tags", LONGEST_WORD, MOST_WORDS))
    return Details(enabled, expires, notes, tags, fields.flag("keep_crops"))


def _thresholds(fields: Fields, spaces: Sequence[EmbeddingSpace]) -> tuple[EmbeddingSpace, Thresholds]:
    space = spaces[fields.whole("model", 0, len(spaces) - 1)]
    with _named(fields, "cosine or euclidean"):
        return space, Thresholds(fields.number("cosine"), fields.number("euclidean"), fields.text("origin"))


def _reference(fields: Fields, spaces: Sequence[EmbeddingSpace], crops: list[ArchivedCrop]) -> ExchangedReference:
    source, sha256, added = fields.text("source"), fields.sha256("sha256"), fields.moment("added")
    detector = fields.text("detector", LONGEST_WORD)
    detection = Detection(_box(fields), fields.number("score"), _landmarks(fields))
    quality = Quality(fields.whole("size", 1), fields.number("sharpness"), fields.flag("as_meant"))
    flaws = fields.words("flaws", LONGEST_WORD, MOST_WORDS)
    numbers = fields.wholes("templates", 0, len(spaces) - 1)
    if list(numbers) != sorted(set(numbers)):
        fields.refuse("templates", "a list of rising numbers", list(numbers))
    crop = _crop(fields)
    if crop is not None:
        crops.append(crop)
    reference = Reference(source, sha256, detection, quality, detector, flaws)
    return ExchangedReference(reference, added, tuple(spaces[n] for n in numbers), crop is not None)


def _box(fields: Fields) -> Box:
    values = fields.wholes("box", 0)
    if len(values) != 4 or not (values[2] and values[3]):
        fields.refuse("box", "x, y, width and height, the last two at least 1", list(values))
    return Box(*values)


def _landmarks(fields: Fields) -> Landmarks | None:
    points = fields.take("landmarks")
    if points is None:
        return None
    if not isinstance(points, list) or len(points) != 5 or not all(map(_is_point, points)):
        fields.refuse("landmarks", "five points of two finite numbers, or null", points)
    return Landmarks(*((float(x), float(y)) for x, y in points))


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))


def _crop(owner: Fields) -> ArchivedCrop | None:
    fields = owner.object_if_any("crop", "the crop")
    if fields is None:
        return None
    x, y, scale = fields.whole("x", 0), fields.whole("y", 0), fields.number("scale")
    if not 0 < scale <= 1:
        fields.refuse("scale", "above 0 and at most 1", scale)
    crop = ArchivedCrop(x, y, scale, _member(fields, LARGEST_CROP))
    fields.finish()
    return crop


def _require_distinct(manifest: Manifest) -> None:
    keys: dict[str, str] = {}
    for person in manifest.people:
        key = name_key(person.name)
        if key in keys:
            raise Fault(f"{brief(keys[key])} and {brief(person.name)} in it are one name")
        keys[key] = person.name
    names = {NAME}
    for member in manifest.members:
        if member.name in names:
            raise Fault(f"its manifest uses the member {brief(member.name)} twice")
        names.add(member.name)


def _require_counts(manifest: Manifest) -> None:
    found = dict.fromkeys((model.space for model in manifest.models), 0)
    for person in manifest.people:
        for reference in person.references:
            for space in reference.spaces:
                found[space] += 1
    for number, model in enumerate(manifest.models, 1):
        if found[model.space] != model.templates:
            raise Fault(f"model {number} says {model.templates} templates, its references {found[model.space]}")


@contextmanager
def _named(fields: Fields, field: str) -> Iterator[None]:
    """Turns the domain's refusal of a value into a fault that says where it stands."""
    try:
        yield
    except BadArgument as error:
        raise Fault(f"'{field}' of {fields.where} is refused: {error.message.rstrip('.')}") from error
