"""The people on the whitelist, and what is kept of them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gallery.domain.errors import BadArgument

if TYPE_CHECKING:  # `gallery list` needs this module, and does without NumPy
    import numpy as np
    from numpy.typing import NDArray

    from gallery.domain.faces import Detection, Quality

LONGEST_NAME = 100
"""Characters; longer ones are mistakes, and tables could not show them."""


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of writing, with which one name can be made to look like another. Names in scripts
written from right to left do without them."""


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
    if any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") or c in _TURNING for c in cleaned):
        raise BadArgument("The name holds a character that cannot be shown.", "Use letters, digits and punctuation.")
    return cleaned


def name_key(name: str) -> str:
    """What two spellings of one name have in common: no regard to case, Unicode form or invisible characters.

    Unicode TR 15 and section 3.13; format characters, such as the zero-width space, are left out.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", clean_name(name)).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


@dataclass(frozen=True, slots=True)
class Reference:
    """One photo's face of an identity.

    Attributes:
        source: The photo's path as it was given.
        sha256: Of the photo's bytes.
        detection: Which face of the photo.
        quality: How good a reference it is.
        detector: Name of the detector that found it.
    """

    source: str
    sha256: str
    detection: Detection
    quality: Quality
    detector: str


@dataclass(frozen=True, slots=True, eq=False)
class NewReference:
    """A reference on its way into the store, with its template under the gallery's model."""

    reference: Reference
    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference in the store.

    Attributes:
        id: Its number.
        added: When, in UTC.
        models: Names of the models it has a template of.
        reference: What it is.
    """

    id: int
    added: datetime
    models: tuple[str, ...]
    reference: Reference


@dataclass(frozen=True, slots=True)
class Identity:
    """One named person with their references, oldest first."""

    id: int
    name: str
    added: datetime
    references: tuple[StoredReference, ...]


@dataclass(frozen=True, slots=True)
class IdentitySummary:
    """One line of `gallery list`.

    Attributes:
        name: The identity's name.
        references: How many photos of them there are.
        templates: For each model's name how many templates.
        added: When the identity was made, in UTC.
        last_added: When its newest reference came, in UTC.
    """

    name: str
    references: int
    templates: dict[str, int]
    added: datetime
    last_added: datetime | None
