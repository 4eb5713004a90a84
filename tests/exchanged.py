"""People to be exchanged, for tests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
from PIL import Image

from exchange_fakes import FakeContents
from gallery.domain.exchanging import Content, ExchangedPerson, ExchangedReference
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import Details, FaceCrop, Reference

RAW = EmbeddingSpace("raw", "a" * 64, "box margin 0, none, 4-d", 4)
UNIT = EmbeddingSpace("unit", "b" * 64, "aligned margin 0, l2, 3-d", 3)
RAW_INT8 = EmbeddingSpace("raw", "a" * 64, "box margin 0, none, 4-d, int8", 4)
OTHER = EmbeddingSpace("other", "c" * 64, "box margin 0, none, 2-d", 2)
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
POINTS = Landmarks((0.1, 0.2), (1 / 3, 2.0), (3.5, 4.5), (1e-17, 6.0), (7.0, 1e300))
BOX = Box(10, 20, 30, 40)


def picture(seed: int = 0) -> bytes:
    """A small JPEG file."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def vector(space: EmbeddingSpace, seed: int) -> np.ndarray:
    """A vector that a model could have given."""
    found = np.random.default_rng(seed).normal(size=space.dimension)
    return (found / np.linalg.norm(found) if "l2" in space.preparation else 10 * found).astype(np.float32)


def reference(
    n: int,
    spaces: Sequence[EmbeddingSpace] = (RAW,),
    crop: bool = True,
    box: Box = BOX,
    flaws: tuple[str, ...] = (),
    landmarks: Landmarks | None = None,
) -> tuple[ExchangedReference, Content]:
    """The nth reference, from a photo of its own."""
    what = Reference(
        f"photos/{n}.jpg", f"{n:064x}", Detection(box, 0.875, landmarks), Quality(30, 12.5, True), "yunet", flaws
    )
    content = Content(
        tuple((space, vector(space, n)) for space in spaces), FaceCrop(picture(n), n, 2, 0.5) if crop else None
    )
    return ExchangedReference(what, MOMENT + timedelta(seconds=n), tuple(spaces), crop), content


def person(
    name: str,
    references: Iterable[tuple[ExchangedReference, Content]],
    details: Details | None = None,
    thresholds: tuple[tuple[EmbeddingSpace, Thresholds], ...] = (),
) -> tuple[ExchangedPerson, tuple[Content, ...]]:
    """Somebody with those references."""
    pairs = list(references)
    exchanged = ExchangedPerson(name, MOMENT, details or Details(), tuple(one for one, _ in pairs), thresholds)
    return exchanged, tuple(content for _, content in pairs)


def contents(
    *people: tuple[ExchangedPerson, tuple[Content, ...]],
    models: tuple[EmbeddingSpace, ...] = (RAW, UNIT),
    own: EmbeddingSpace | None = RAW,
) -> FakeContents:
    """What an archive of those people holds."""
    return FakeContents(people, models, own)


def everything() -> FakeContents:
    """People with whatever a person can have, by name."""
    details = Details(False, date(2027, 7, 31), "Two lines\nof notes: Ä, 好", ("5b", "choir"), False)
    return contents(
        person(
            "Ada Lovelace",
            [reference(1, (RAW, UNIT), landmarks=POINTS), reference(2, (RAW,), crop=False, flaws=("too small",))],
            thresholds=((RAW, Thresholds(0.25, 80.5, "set by hand")), (UNIT, Thresholds(0.5, 1.0, "set by hand"))),
        ),
        person("Nobody yet", [], details),
        person("Émilie du Châtelet", [reference(3, (UNIT,)), reference(4, (RAW, UNIT), box=Box(0, 0, 1, 1))]),
    )
