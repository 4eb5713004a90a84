"""Making a page of a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gallery.domain.errors import BadArgument, TrailBroken, UnknownName
from gallery.domain.paths import places, shown
from gallery.domain.picture_budget import Plan, plan
from gallery.domain.ports import Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.pseudonyms import Pseudonyms, deciders, mentioned
from gallery.domain.report_ports import Glancer, Pages
from gallery.domain.reporting import Fault, Report, ReportedPhoto
from gallery.domain.runs import Run, RunStatus
from gallery.usecases.public import output_folders, require_private
from gallery.usecases.report_pictures import Pictures, ReportWishes


@dataclass(frozen=True, slots=True)
class Made:
    """A page that was written.

    Attributes:
        target: The file.
        size: Its bytes.
        photos: How many are on it.
        notes: What is not as it should be, as on the page.
        whole: Whether every file was there as it was recorded.
    """

    target: Path
    size: int
    photos: int
    notes: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Gathers what a page shows and has it written.

    Attributes:
        store: The gallery.
        glancer: Looks at the files.
        pages: Writes the page.
        now: The present time, in UTC.
        program: This program's version.
        threads: Files at work at once.
        gallery: The gallery's file; None where it is not to be looked for.
    """

    store: Store
    glancer: Glancer
    pages: Pages
    now: Callable[[], datetime]
    program: str
    threads: int = 1
    gallery: Path | None = None

    def __call__(
        self, number: int, target: Path, wishes: ReportWishes | None = None, advance: Advance = unwatched
    ) -> Made:
        """Makes the page.

        Args:
            number: The run's.
            target: The page's file.
            wishes: What is set of it.
            advance: Is told how many photos are done.

        Raises:
            UnknownName: If there is no such run, or only a stub is left of it.
            BadArgument: If the page would lie where this or another run published photos, or is not called like one.
            TrailBroken: If the record is not as it was written.
            NotWritten: If it could not be written.
        """
        wishes = wishes or ReportWishes()
        self.pages.require_free(target)
        run = self.store.run(number)
        if run.summary.pruned is not None:
            raise UnknownName(
                f"Of run {number} only a stub is left: its photos and decisions were removed on "
                f"{run.summary.pruned:%Y-%m-%d}.",
                "'gallery audit' lists all runs.",
            )
        misfit = self.store.check_trail().misfit
        if misfit is not None:
            raise TrailBroken(f"No page was made, as it would prove nothing: {misfit}", "See: gallery audit verify")
        if wishes.originals:
            _require_known(target, run, wishes.outputs)
        own = places(run.settings.output, run.settings.base)
        moved = [wishes.outputs] if wishes.outputs else []
        published = [*own, *moved, *output_folders(self.store, self.gallery)]
        require_private(target, _SHOWS[wishes.originals], published)
        report = self._gathered(run, wishes, advance)
        size = self.pages.write(report, target)
        return Made(target, size, len(report.photos), report.notes, not report.faults)

    def _gathered(self, run: Run, wishes: ReportWishes, advance: Advance) -> Report:
        names = self._pseudonyms(run) if wishes.pseudonyms else Pseudonyms.of((), ())
        planned = plan(len(run.images), 2 if wishes.originals else 1)
        told = names.run(run)
        photos = tuple(Pictures(self.glancer, wishes, planned, names, self.threads)(run, told, advance))
        return Report(
            told,
            photos,
            self.now(),
            self.program,
            wishes.originals,
            wishes.pseudonyms,
            tuple(_notes(run, photos, planned)),
        )

    def _pseudonyms(self, run: Run) -> Pseudonyms:
        enrolled = [summary.name for summary in self.store.identities()]
        makers = [override.by for override in self.store.overrides()]
        return Pseudonyms.of([*mentioned(run), *enrolled], [run.summary.by, *deciders(run), *makers])


def _require_known(target: Path, run: Run, outputs: Path | None) -> None:
    """Checks that it can be told whether a page with everybody's face would lie in the run's output folder."""
    written = places(run.settings.output, run.settings.base)
    if outputs is None and not any(folder.is_dir() for folder in written):
        raise BadArgument(
            f"The run's output folder {run.settings.output} is not here, so it cannot be told whether "
            f"{shown(target)} would lie in it and show the faces of everybody.",
            "Go to the folder in which the run was made, or name the outputs' folder with --outputs.",
        )


def _notes(run: Run, photos: tuple[ReportedPhoto, ...], planned: Plan) -> Iterator[str]:
    if run.summary.status is RunStatus.RUNNING:
        yield f"Run {run.summary.id} is still going on, or was cut off; what follows is what was recorded so far."
    if run.summary.settled:
        yield (
            f"Since the run ended, somebody has decided on {run.summary.settled:,} of the {run.summary.waiting:,} that "
            "waited for review; this page shows what the run itself did."
        )
    if run.summary.rewritten_in:
        yield f"Photos were written anew after a review, in run {', '.join(map(str, run.summary.rewritten_in))}."
    if run.summary.reviewed is not None:
        yield f"This run wrote photos of run {run.summary.reviewed} anew, after a review."
    for what, slots in (
        ("output", [photo.after for photo in photos]),
        ("original", [photo.before for photo in photos if photo.before is not None]),
    ):
        counts = {fault: sum(slot.fault is fault for slot in slots) for fault in Fault}
        parts = [f"{number} {_STATES[fault]}" for fault, number in counts.items() if number]
        if parts:
            yield f"Not every {what} is as it was recorded: {', '.join(parts)}. Their places say so."
    if planned.photos < len(photos):
        yield (
            f"Pictures of {planned.photos:,} of {len(photos):,} photos are shown, those with faces to review first; "
            "with all of them the page would be too large."
        )


_SHOWS = {True: "would show the faces of everybody", False: "would name everybody and say why they are visible"}
_STATES = {Fault.MISSING: "missing", Fault.CHANGED: "changed since", Fault.UNREADABLE: "not to be shown"}
