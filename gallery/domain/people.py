"""The people on the whitelist, and what is kept of them."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from gallery.domain.errors import BadArgument
from gallery.domain.forgetting import is_pseudonym
from gallery.domain.invisible import OBEYED, TURNING, is_obeyed, refused

if TYPE_CHECKING:  # `gallery list` needs this module, and does without NumPy
    import numpy as np
    from numpy.typing import NDArray

    from gallery.domain.faces import Detection, Quality
    from gallery.domain.models import EmbeddingSpace, Thresholds

SAME_FACE = 0.5
"""Intersection over union from which two boxes of one photo are the same face."""
LONGEST_NOTES = 10_000
"""Characters of the notes about one person."""
LONGEST_NAME = 100
"""Characters; longer ones are mistakes, and tables could not show them."""


def clean_name(name: str) -> str:
    """A person's name as it is stored and shown: Unicode NFC, without white space around it or doubled inside.

    Raises:
        BadArgument: If nothing is left, it is too long, or it holds control characters.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned:
        raise BadArgument("The name is empty.", "Give the person's name, in quotes if it has spaces.")
    if all(unicodedata.category(c) in ("Cf", "Zs") for c in cleaned):
        raise BadArgument("The name shows nothing.", "Give the person's name in letters.")
    if len(cleaned) > LONGEST_NAME:
        raise BadArgument(
            f"The name is {len(cleaned)} characters long; at most {LONGEST_NAME} are allowed.", "Shorten the name."
        )
    if any(is_obeyed(c) or c in _REORDERING for c in cleaned):
        raise BadArgument("The name holds a character that cannot be shown.", "Use letters, digits and punctuation.")
    return cleaned


_REORDERING = TURNING - frozenset("\u061c\u200e\u200f")
"""What turns all that follows; a mark alone may stand in a name that was given before marks were refused."""


def new_name(name: str) -> str:
    """As `clean_name`, for somebody who is to be called so from now on.

    Raises:
        BadArgument: As `clean_name` does; if the name holds a code that cannot be seen, with which it could look like
            another's; or if it is what stands for a forgotten person in the record, whose faces would then be taken for
            this one's.
    """
    cleaned = clean_name(name)
    code = refused(cleaned)
    if code:
        raise BadArgument(
            f"The name holds U+{ord(code):04X}, which cannot be seen and could make it look like another's.",
            f"Leave it out: {shlex.quote(''.join(c for c in cleaned if not refused(c)))}",
        )
    if is_pseudonym(name_key(cleaned)):
        raise BadArgument(
            f"'{cleaned}' is how the record calls somebody who was forgotten, so nobody can be named so.",
            "Give another name.",
        )
    return cleaned


def name_key(name: str) -> str:
    """What two spellings of one name have in common: no regard to case, Unicode form or invisible characters.

    Unicode TR 15 and section 3.13; format characters, such as the zero-width space, are left out.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean_name(name)).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def clean_words(words: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are stored: cleaned like names, each once without regard to case, as first spelled, in order.

    Raises:
        BadArgument: If one is empty, too long, or holds control characters.
    """
    spelled: dict[str, str] = {}
    for word in words:
        spelled.setdefault(name_key(word), clean_name(word))
    return tuple(sorted(spelled.values(), key=name_key))


def clean_notes(notes: str) -> str:
    """Notes as they are stored: Unicode NFC, lines kept, without white space around.

    Raises:
        BadArgument: If they are too long, or hold control characters.
    """
    cleaned = unicodedata.normalize("NFC", notes).replace("\r\n", "\n").strip()
    if len(cleaned) > LONGEST_NOTES:
        raise BadArgument(
            f"The notes are {len(cleaned)} characters long; at most {LONGEST_NOTES} are allowed.", "Shorten them."
        )
    if any((unicodedata.category(c) in OBEYED and c != "\n") or c in _REORDERING for c in cleaned):
        raise BadArgument("The notes hold a character that cannot be shown.", "Use letters, digits and punctuation.")
    return cleaned


@dataclass(frozen=True, slots=True)
class Details:
    """What is settled about a person, whatever their references are.

    Attributes:
        enabled: Whether they may stay visible at all.
        expires: The last day on which they may; None for no end.
        notes: Whatever is worth remembering.
        tags: Words that group people, in order.
        keep_crops: Whether pictures of their references may be kept in the gallery.
        thresholds: Set for them by hand under the gallery's model; None for everybody's.
    """

    enabled: bool = True
    expires: date | None = None
    notes: str = ""
    tags: tuple[str, ...] = ()
    keep_crops: bool = True
    thresholds: Thresholds | None = None

    def withheld(self, today: date) -> str:
        """Why the person may not stay visible on a day, in words; empty where they may."""
        return why_withheld(self.enabled, self.expires, today)

    def restricted(self, other: Details) -> Details:
        """These details with whatever the other's allow less: when two people turn out to be one, both wishes count."""
        ends = [end for end in (self.expires, other.expires) if end is not None]
        return replace(
            self,
            enabled=self.enabled and other.enabled,
            expires=min(ends, default=None),
            keep_crops=self.keep_crops and other.keep_crops,
        )


def why_withheld(enabled: bool, expires: date | None, today: date) -> str:
    """Why a person may not stay visible on a day, in words; empty where they may."""
    if not enabled:
        return "disabled"
    return f"consent ended {expires}" if expires is not None and expires < today else ""


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """The part of a photo around a reference's face, from which a template can be made under any model.

    It is a part of the upright photo, not an aligned chip, because each model has a crop of its own.

    Attributes:
        picture: A JPEG file.
        x: Left edge of that part in the photo, in pixels.
        y: Its top edge.
        scale: Pixels of the picture for each pixel of the photo, at most 1.
    """

    picture: bytes = field(repr=False)
    x: int
    y: int
    scale: float

    def __post_init__(self) -> None:
        if not self.picture or self.x < 0 or self.y < 0 or not 0 < self.scale <= 1:
            raise ValueError("a crop needs a picture, a place in the photo, and a scale above 0 up to 1")


@dataclass(frozen=True, slots=True)
class Reference:
    """One photo's face of an identity.

    Attributes:
        source: The photo's path as it was given.
        sha256: Of the photo's bytes.
        detection: Which face of the photo.
        quality: How good a reference it is.
        detector: Name of the detector that found it.
        flaws: Why it is a poor one, as `gallery.domain.reference_quality.Flaw` has it; empty for a good one.
    """

    source: str
    sha256: str
    detection: Detection
    quality: Quality
    detector: str
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NewReference:
    """A reference on its way into the store, with its template under the gallery's model, and perhaps its crop."""

    reference: Reference
    embedding: NDArray[np.float32]
    crop: FaceCrop | None = None


@dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference in the store.

    Attributes:
        id: Its number.
        added: When, in UTC.
        models: Names of the models it has a template of.
        reference: What it is.
        has_crop: Whether its crop is kept.
    """

    id: int
    added: datetime
    models: tuple[str, ...]
    reference: Reference
    has_crop: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """One named person with their references, oldest first.

    Attributes:
        id: Their number.
        name: Their name.
        added: When they were enrolled first, in UTC.
        references: Their photos' faces.
        details: What is settled about them.
        last_matched: When a face was last kept for them, in UTC.
    """

    id: int
    name: str
    added: datetime
    references: tuple[StoredReference, ...]
    details: Details = field(default_factory=Details)
    last_matched: datetime | None = None


@dataclass(frozen=True, slots=True)
class IdentitySummary:
    """One line of `gallery list`.

    Attributes:
        name: The identity's name.
        references: How many photos of them there are.
        templates: For each model's name how many templates.
        added: When the identity was made, in UTC.
        last_added: When its newest reference came, in UTC.
        last_matched: When a face was last kept for it, in UTC.
        enabled: Whether the person may stay visible at all.
        expires: The last day on which they may.
        tags: Words that group people.
    """

    name: str
    references: int
    templates: dict[str, int]
    added: datetime
    last_added: datetime | None
    last_matched: datetime | None = None
    enabled: bool = True
    expires: date | None = None
    tags: tuple[str, ...] = ()

    def withheld(self, today: date) -> str:
        """Why the person may not stay visible on a day, in words; empty where they may."""
        return why_withheld(self.enabled, self.expires, today)


@dataclass(frozen=True, slots=True)
class Change:
    """The last change to the gallery's people.

    Attributes:
        what: In words, such as `rename Ann to Anna`.
        made: When, in UTC.
        number: In the file; numbers are never given twice.
        latest: Whether no command that could have changed the gallery came after it, not even one that changed nothing.
    """

    what: str
    made: datetime
    number: int = 0
    latest: bool = True


@dataclass(frozen=True, slots=True)
class SpaceUse:
    """A model that the gallery holds templates of.

    Attributes:
        space: The model, with its weights' hash and preparation.
        current: Whether faces are compared under it.
        templates: How many references have one.
        lacking: Names of the people without a template under it.
    """

    space: EmbeddingSpace
    current: bool
    templates: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LackingTemplate:
    """A reference without a template under some model.

    Attributes:
        id: The reference's number.
        name: Whose it is.
        reference: What it is.
        crop: What a template can be made from; None where it was not kept.
    """

    id: int
    name: str
    reference: Reference
    crop: FaceCrop | None


@dataclass(frozen=True, slots=True)
class SharedPhoto:
    """One face of one photo that is enrolled under more than one name.

    Attributes:
        source: The photo's path as it was given.
        owners: The names, each with the reference's number.
    """

    source: str
    owners: tuple[tuple[str, int], ...]
