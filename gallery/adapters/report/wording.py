"""What the page says of a run, in words."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from gallery.domain.deciding import Rule
from gallery.domain.models import Thresholds
from gallery.domain.reporting import Report, ReportedFace, ReportedPhoto, faces_of
from gallery.domain.runs import ImageStatus, Run

LISTED = 100
"""Entries of a list of what needs review; the rest is found in the table."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and a value.

    Attributes:
        name: What it is.
        value: In words.
        code: Whether it is a hash, which is set in letters of equal width.
    """

    name: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be looked at.

    Attributes:
        photo: Number of the photo on the page, from 1.
        path: The photo's.
        says: Why.
        name: Whom it may show.
    """

    photo: int
    path: str
    says: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Things to be looked at for one reason.

    Attributes:
        title: The reason.
        hint: What to look for.
        entries: The first of them.
        more: How many more there are.
    """

    title: str
    hint: str
    entries: tuple[Entry, ...]
    more: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.entries) + self.more


def folder(run: Run) -> str:
    """The folder that all photos lie in, with what separates it from their names; empty where there is none."""
    parents = [PurePath(image.source).parent.as_posix() for image in run.images]
    if not parents or len({parent.startswith("/") for parent in parents}) > 1:
        return ""
    common = posixpath.commonpath(parents)
    inside = common if common.endswith("/") else f"{common}/"
    return inside if common and all(image.source.startswith(inside) for image in run.images) else ""


def counts(report: Report) -> list[tuple[str, int]]:
    """The numbers at the top."""
    images = [photo.image for photo in report.photos]
    kept, blurred = sum(i.kept for i in images), sum(i.blurred for i in images)
    before = sum(i.status is ImageStatus.DONE_BEFORE for i in images)
    return [
        ("photos", len(images)),
        ("faces", kept + blurred),
        ("kept", kept),
        ("blurred", blurred),
        ("faces to review", sum(i.waiting for i in images)),
        ("photos, no face found", sum(not (i.faces or i.failed) for i in images)),
        ("photos failed", sum(i.failed for i in images)),
        *([("done in earlier runs", before)] if before else []),
    ]


def visible(run: Run) -> list[tuple[str, int]]:
    """Who stayed visible in how many photos, the most frequent first; those kept by hand are nobody's."""
    found: Counter[str] = Counter()
    for image in run.images:
        matches = (face.decision for face in image.faces if face.decision.rule is Rule.MATCH)
        found.update({decision.candidate.identity for decision in matches if decision.candidate})
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def review(report: Report) -> list[Group]:
    """What somebody should look at, by the reason; reasons for which there is nothing are left out."""
    numbered = list(enumerate(report.photos, 1))
    waits = [one for one in faces_of(report.run) if one.face.decision.waits]
    waiting = [
        Entry(one.photo + 1, report.photos[one.photo].image.source, _doubt(one), _closest(one))
        for one in sorted(waits, key=lambda one: abs(one.share - 1))
    ]
    failed = [Entry(n, p.image.source, p.image.error or "") for n, p in numbered if p.image.failed]
    without = [Entry(n, p.image.source, "") for n, p in numbered if not (p.image.faces or p.image.failed)]
    faults = [Entry(n, p.image.source, _faulty(p)) for n, p in numbered if p.faults]
    groups = [
        ("Faces that wait", "They were blurred by a doubt that a person can settle.", waiting),
        ("Photos that failed", "Nothing came of them.", failed),
        ("Photos in which no face was found", "A face that was not found is visible in the output.", without),
        ("Files that are not as they were recorded", "They are not shown here.", faults),
    ]
    return [
        Group(title, hint, tuple(entries[:LISTED]), max(0, len(entries) - LISTED))
        for title, hint, entries in groups
        if entries
    ]


def _faulty(photo: ReportedPhoto) -> str:
    return " ".join(slot.sentence for slot in (photo.after, photo.before) if slot is not None and slot.fault)


def _closest(one: ReportedFace) -> str:
    candidate = one.face.decision.candidate
    return candidate.identity if candidate else ""


def _doubt(one: ReportedFace) -> str:
    decision, candidate = one.face.decision, one.face.decision.candidate
    if candidate is None:
        return f"face {one.number}: {decision.reason}"
    return f"face {one.number}, cosine {candidate.cosine:.3f} against {one.limits.cosine:.3f}: {decision.reason}"


def settings(report: Report) -> list[Pair]:
    """How the run decided."""
    summary, found = report.run.summary, report.run.settings
    rules = {name: value for name, value in found.policy.items() if name not in ("personal", "scores")}
    return [
        Pair("Program", f"gallery {found.program}; this page by gallery {report.program}"),
        Pair("Embedder", f"{found.space.model} ({found.space.preparation}, {found.space.dimension} numbers a face)"),
        Pair("Embedder’s SHA-256", found.space.sha256, code=True),
        Pair("Detector", found.detector),
        Pair("Detector’s SHA-256", found.detector_sha256, code=True),
        Pair("Thresholds", limits(found.thresholds)),
        Pair("Score", found.scores.sentence if found.scores else "not measured: only distances count"),
        Pair("Rules", _flat_text(rules)),
        Pair("Redaction", _flat_text(found.redaction)),
        Pair("Gallery", f"{found.identities:,} people with {found.templates:,} templates"),
        Pair("Output folder", found.output),
        Pair("Started", f"{summary.started:%Y-%m-%d %H:%M:%S} UTC"),
        Pair("Finished", f"{summary.finished:%Y-%m-%d %H:%M:%S} UTC" if summary.finished else "not finished"),
    ]


def personal(run: Run) -> list[tuple[str, str]]:
    """The thresholds of people who have their own, by name."""
    return [(name, limits(own)) for name, own in sorted(run.settings.personal.items())]


def limits(thresholds: Thresholds) -> str:
    """Both thresholds and where they come from."""
    euclidean = f"{thresholds.euclidean:.3f}" if thresholds.euclidean < 10 else f"{thresholds.euclidean:.1f}"
    both = f"cosine ≤ {thresholds.cosine:.3f}, Euclidean ≤ {euclidean}"
    return f"{both}; origin: {thresholds.origin}" if thresholds.origin else both


def _flat_text(values: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_value(value)}" for name, value in sorted(_flat(values))) or "none"


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Nested settings as one list, the inner names after the outer."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{before} {key}".strip().replace("_", " ")
        found += _flat(value, name) if isinstance(value, Mapping) else [(name, value)]
    return found


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value))
    return str(value)
