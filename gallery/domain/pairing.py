"""The same photo in two runs, and the same face in two looks at a photo."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from gallery.domain.by_hand import SAME_PLACE
from gallery.domain.geometry import Box
from gallery.domain.runs import ImageRecord


@dataclass(frozen=True, slots=True)
class PairedPhoto:
    """One photo in two runs.

    Attributes:
        before: What the first run did with it.
        after: What the second did.
    """

    before: ImageRecord
    after: ImageRecord

    @property
    def edited(self) -> bool:
        """Whether the file holds other bytes than before. A file that could not be read may be the same."""
        hashes = (self.before.sha256, self.after.sha256)
        return None not in hashes and hashes[0] != hashes[1]

    @property
    def failed_once(self) -> bool:
        """Whether something came of it in only one of the runs."""
        return self.before.failed != self.after.failed


@dataclass(frozen=True, slots=True)
class PairedPhotos:
    """The photos of two runs; each is in one place only.

    Attributes:
        both: In both runs, in the order of the second.
        before: Only in the first, in its order.
        after: Only in the second, in its order.
    """

    both: tuple[PairedPhoto, ...]
    before: tuple[ImageRecord, ...]
    after: tuple[ImageRecord, ...]


def pair_photos(before: Iterable[ImageRecord], after: Iterable[ImageRecord]) -> PairedPhotos:
    """Finds the photos of one run in another.

    A photo is its bytes: first those of the same bytes and the same path are paired, then those of the same bytes,
    copies in the order they came; what is left is paired by its path, as where a file was edited or could not be read.
    Where a run has several records of one path, the last one holds.
    """
    earlier, later = _last_of_each(before), _last_of_each(after)
    partners: dict[int, int] = {}
    for key in (_bytes_and_path, _bytes, _path):
        _pair_by(key, earlier, later, partners)
    taken = set(partners.values())
    return PairedPhotos(
        tuple(PairedPhoto(earlier[partners[place]], one) for place, one in enumerate(later) if place in partners),
        tuple(one for place, one in enumerate(earlier) if place not in taken),
        tuple(one for place, one in enumerate(later) if place not in partners),
    )


def _last_of_each(images: Iterable[ImageRecord]) -> list[ImageRecord]:
    return list({image.source: image for image in images}.values())


def _bytes_and_path(image: ImageRecord) -> Hashable:
    return image.sha256 and (image.sha256, image.source)


def _bytes(image: ImageRecord) -> Hashable:
    return image.sha256


def _path(image: ImageRecord) -> Hashable:
    return image.source


def _pair_by(
    key: Callable[[ImageRecord], Hashable],
    earlier: Sequence[ImageRecord],
    later: Sequence[ImageRecord],
    partners: dict[int, int],
) -> None:
    """Adds pairs of equal keys among those that have no partner yet; a key of None is equal to none."""
    free: dict[Hashable, list[int]] = {}
    taken = set(partners.values())
    for place, image in enumerate(earlier):
        if place not in taken and key(image) is not None:
            free.setdefault(key(image), []).append(place)
    for place, image in enumerate(later):
        waiting = free.get(key(image))
        if place not in partners and waiting:
            partners[place] = waiting.pop(0)


def pair_faces(before: Sequence[Box], after: Sequence[Box]) -> list[tuple[int | None, int | None]]:
    """Finds the faces of one look at a photo in another, one to one, the best overlaps first.

    Args:
        before: Boxes of the first look.
        after: Boxes of the second.

    Returns:
        Places in both, in the order of the second look, then what is only in the first. None stands for a face that
        overlaps none of the other look by `SAME_PLACE` that has not found a better partner.
    """
    overlaps = sorted(
        (-overlap, j, i)
        for j, one in enumerate(after)
        for i, other in enumerate(before)
        if (overlap := one.overlap(other)) >= SAME_PLACE
    )
    partners: dict[int, int] = {}
    for _, j, i in overlaps:
        if j not in partners and i not in partners.values():
            partners[j] = i
    found: list[tuple[int | None, int | None]] = [(partners.get(j), j) for j in range(len(after))]
    return found + [(i, None) for i in range(len(before)) if i not in partners.values()]
