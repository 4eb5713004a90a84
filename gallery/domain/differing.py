"""Two runs beside each other: which decisions differ, and why.

Photos and faces are paired by `gallery.domain.pairing`; why a decision differs is found by `gallery.domain.causes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gallery.domain.causes import Cause, Looked, causes, causes_of_finding, changed
from gallery.domain.errors import BadArgument, UnknownName
from gallery.domain.pairing import PairedPhoto, PairedPhotos, pair_faces, pair_photos
from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that was set otherwise.

    Attributes:
        name: Such as `thresholds cosine`.
        before: In the first run; None where it was not set at all.
        after: In the second.
    """

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Numbered:
    """A face of a photo of one run.

    Attributes:
        number: Which face of the photo, from 1.
        face: The face with its decision.
    """

    number: int
    face: DecidedFace


@dataclass(frozen=True, slots=True)
class Change:
    """A face that was decided otherwise, or that was found in only one of the runs.

    Attributes:
        photo: The photo in both runs.
        before: The face in the first run; None if it was not found.
        after: In the second.
        causes: Why, the decisive cause first.
    """

    photo: PairedPhoto
    before: Numbered | None
    after: Numbered | None
    causes: tuple[Cause, ...]

    def __post_init__(self) -> None:
        if (self.before is None and self.after is None) or not self.causes:
            raise ValueError("a change has a face and a cause")

    @property
    def found_once(self) -> bool:
        """Whether the face was found in only one of the runs."""
        return self.before is None or self.after is None

    @property
    def person(self) -> str | None:
        """Whose the face is closest to; in the second run, where it was compared with somebody there."""
        for side in (self.after, self.before):
            if side is not None and side.face.decision.candidate is not None:
                return side.face.decision.candidate.identity
        return None

    @property
    def shown(self) -> bool:
        """Whether the face can be seen in the second run's output and not in the first's.

        A face that was not found is not blurred.
        """
        return not _visible(self.before) and _visible(self.after)

    @property
    def hidden(self) -> bool:
        """Whether the face can be seen in the first run's output and not in the second's."""
        return _visible(self.before) and not _visible(self.after)


def _visible(side: Numbered | None) -> bool:
    return side is None or side.face.decision.kept


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two runs.

    Attributes:
        before: The first run.
        after: The second.
        settings: What was set otherwise.
        photos: The photos of both.
        faces: Faces that were found in both runs.
        changes: Decisions that differ, in the order of the second run's photos.
    """

    before: Run
    after: Run
    settings: tuple[Setting, ...]
    photos: PairedPhotos
    faces: int
    changes: tuple[Change, ...]

    @property
    def nothing(self) -> bool:
        """Whether both runs did the same with the same photos, however they were set."""
        return not (self.changes or self.photos.before or self.photos.after or self.failed_once or self.edited)

    @property
    def failed_once(self) -> tuple[PairedPhoto, ...]:
        """Photos of which something came in only one of the runs."""
        return tuple(pair for pair in self.photos.both if pair.failed_once)

    @property
    def edited(self) -> tuple[PairedPhoto, ...]:
        """Photos whose file holds other bytes."""
        return tuple(pair for pair in self.photos.both if pair.edited)

    @property
    def by_cause(self) -> dict[Cause, int]:
        """How many of the changes each cause was decisive for, in the order of the causes."""
        counted = Counter(change.causes[0] for change in self.changes)
        return {cause: counted[cause] for cause in Cause if counted[cause]}


def difference(before: Run, after: Run) -> Difference:
    """Compares two runs.

    A photo that an earlier run had done counts with the decisions of that run. The faces of a photo of which nothing
    came in one of the runs are not compared: there is no output in which they could be seen.

    Raises:
        BadArgument: If both are the same run.
        UnknownName: If the decisions of one were removed.
    """
    if before.summary.id == after.summary.id:
        raise BadArgument(
            f"Run {before.summary.id} cannot differ from itself.", "Name two runs; 'gallery audit' lists them all."
        )
    for run in (before, after):
        if run.summary.pruned is not None:
            raise UnknownName(
                f"Run {run.summary.id} was pruned: its photos and decisions are not on record any more.",
                "'gallery audit' lists all runs.",
            )
    photos = pair_photos(before.images, after.images)
    pairs = [(photo, *pair) for photo in photos.both if not _failed(photo) for pair in _faces_of(photo)]
    return Difference(
        before,
        after,
        settings_between(before.settings, after.settings),
        photos,
        sum(i is not None and j is not None for _, i, j in pairs),
        tuple(change for photo, i, j in pairs for change in _changes(before.settings, after.settings, photo, i, j)),
    )


def _failed(photo: PairedPhoto) -> bool:
    return photo.before.failed or photo.after.failed


def _faces_of(photo: PairedPhoto) -> list[tuple[int | None, int | None]]:
    before, after = ([face.detection.box for face in side.faces] for side in (photo.before, photo.after))
    return pair_faces(before, after)


def _changes(
    before: RunSettings, after: RunSettings, photo: PairedPhoto, i: int | None, j: int | None
) -> Iterator[Change]:
    """The change of one face, if there is one."""
    one, other = _numbered(photo.before, i), _numbered(photo.after, j)
    if i is None or j is None:
        yield Change(photo, one, other, causes_of_finding(before, after, photo.edited))
    elif changed(photo.before.faces[i], photo.after.faces[j]):
        looked = Looked(before, photo.before, i), Looked(after, photo.after, j)
        yield Change(photo, one, other, causes(*looked, edited=photo.edited))


def _numbered(image: ImageRecord, place: int | None) -> Numbered | None:
    return None if place is None else Numbered(place + 1, image.faces[place])


_NOT_COMPARED = ("output", "base", "reviewed")


def settings_between(before: RunSettings, after: RunSettings) -> tuple[Setting, ...]:
    """What of two runs' settings differs, aside from where and what for they were made."""
    one, other = _flat(_compared(before)), _flat(_compared(after))
    names = [*one, *(name for name in other if name not in one)]
    return tuple(Setting(name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name))


def _compared(settings: RunSettings) -> dict[str, Any]:
    found = {name: value for name, value in asdict(settings).items() if name not in _NOT_COMPARED}
    space, policy = found.pop("space"), found.pop("policy")
    return {
        "program": found.pop("program"),
        "model": {"": space.pop("model"), **space},
        "detector": {"": found.pop("detector"), "sha256": found.pop("detector_sha256"), **policy.pop("detector", {})},
        "thresholds": found.pop("thresholds"),
        "thresholds of": policy.pop("personal", {}),
        "gallery": {"people": found.pop("identities"), "templates": found.pop("templates")},
        **policy,
        **found,
    }


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings as one list, the inner names after the outer."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{above} {key.replace('_', ' ')}".strip() if above != "thresholds of" else f"{above} {key}"
        found |= _flat(value, name) if isinstance(value, Mapping) else {name: value}
    return found
