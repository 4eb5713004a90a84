"""The pictures of a report: which files are looked at, and what is said where one cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gallery.domain.paths import moved, places
from gallery.domain.picture_budget import Fit, Plan
from gallery.domain.progress import Advance
from gallery.domain.pseudonyms import Pseudonyms
from gallery.domain.report_ports import Glancer
from gallery.domain.reporting import Fault, Glance, ReportedPhoto, Slot
from gallery.domain.runs import ImageRecord, ImageStatus, Run
from gallery.usecases.in_order import Job, in_order

_AT_ONCE = 64
"""Photos that are begun before the first of them is taken."""


@dataclass(frozen=True, slots=True)
class ReportWishes:
    """What may be set of a report.

    Attributes:
        originals: Whether the photos are shown as they were, besides.
        pseudonyms: Whether names are replaced.
        outputs: Where the outputs lie now; None for where the run put them.
    """

    originals: bool = False
    pseudonyms: bool = False
    outputs: Path | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """Looks at the files of a run.

    Attributes:
        glancer: Does it.
        wishes: Which files, and where they lie.
        planned: How large the pictures may be.
        names: What stands for people.
        threads: Files at work at once.
    """

    glancer: Glancer
    wishes: ReportWishes
    planned: Plan
    names: Pseudonyms
    threads: int

    def __call__(self, run: Run, told: Run, advance: Advance) -> Iterator[ReportedPhoto]:
        """The photos of the page, in the order of the run.

        Args:
            run: The run, with everybody's names.
            told: The run as it is told on the page.
            advance: Is told how many photos are done.
        """
        pictured = _most_wanted(run.images, self.planned.photos)
        jobs = (
            Job(partial(self._looked_at, run, image, self.planned.fit if place in pictured else None), 1)
            for place, image in enumerate(run.images)
        )
        done = in_order(jobs, self.threads, _AT_ONCE, lambda: False, lambda _: None)
        for count, (image, (after, before)) in enumerate(zip(told.images, done, strict=True), 1):
            advance(count, len(told.images))
            yield ReportedPhoto(
                image,
                self._slot(after, image, "output", image.output),
                self._slot(before, image, "photo", image.source) if self.wishes.originals else None,
            )

    def _looked_at(self, run: Run, image: ImageRecord, fit: Fit | None) -> tuple[Glance | None, Glance | None]:
        """The output and the original, None for what is not to be looked at."""
        after = before = None
        if image.output is not None and image.output_sha256 is not None:
            looked = places(image.output, run.settings.base)
            if self.wishes.outputs is not None:
                looked = (moved(image.output, run.settings.output, self.wishes.outputs),)
            if image.blurred and image.output_sha256 == image.sha256:
                after = Glance(fault=Fault.UNREADABLE, detail="it is the photo itself, with nothing blurred.")
            else:
                after = self._glanced(looked, image.output, image.output_sha256, fit)
        if self.wishes.originals and image.sha256 is not None:
            before = self._glanced(places(image.source, run.settings.base), image.source, image.sha256, fit)
        return after, before

    def _glanced(self, looked: Sequence[Path], recorded: str, sha256: str, fit: Fit | None) -> Glance:
        """The file at the first place where it is as recorded; else what is wrong at the first of all.

        The page names files as they were recorded: whoever is shown it has no business with this machine's folders.
        """
        glances = (self.glancer.glance(place, sha256, fit) for place in looked)
        first = next(glances)
        found = first if _as_recorded(first) else next(filter(_as_recorded, glances), first)
        detail = found.detail
        for place in looked:
            detail = detail.replace(str(place), recorded)
        return replace(found, detail=detail)

    def _slot(self, glance: Glance | None, image: ImageRecord, what: str, path: str | None) -> Slot:
        if glance is None:
            return Slot(sentence=_nothing_to_see(image, what))
        if glance.picture is not None:
            return Slot(glance.picture)
        if glance.fault is None:
            return Slot(sentence="Not shown, so that the page does not become too large.")
        detail = self.names.path(glance.detail)
        return Slot(sentence=_SENTENCES[glance.fault].format(what, path, detail), fault=glance.fault)


def _as_recorded(glance: Glance) -> bool:
    return glance.fault is None or not glance.fault.against_record


def _most_wanted(images: tuple[ImageRecord, ...], most: int) -> frozenset[int]:
    """The places of the photos that get pictures: those with faces that wait first, those with none last."""
    ordered = sorted(range(len(images)), key=lambda place: (-images[place].waiting, not images[place].faces))
    return frozenset(ordered[:most])


_SENTENCES = {
    Fault.MISSING: "The {0} is not at {1} any more.",
    Fault.CHANGED: "The {0} at {1} has been changed since and is not the one on record.",
    Fault.UNREADABLE: "The {0} at {1} cannot be shown: {2}",
}


def _nothing_to_see(image: ImageRecord, what: str) -> str:
    if what == "photo":
        return "The photo could not be read at the time."
    if image.status is ImageStatus.UNVERIFIED:
        return "The output did not hold what was promised, and was removed."
    return "Nothing was written." if image.output is None else "There is no record of what was written."
