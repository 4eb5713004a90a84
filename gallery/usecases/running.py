"""A run over many photos: what is done side by side, and what in order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gallery.domain.errors import (
    GalleryChanged,
    GalleryError,
    GalleryReplaced,
    NotWritten,
    StoreUnusable,
    UnknownName,
)
from gallery.domain.paths import real, shown, unjoined
from gallery.domain.ports import Onlooker, Store
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus, Verification, withdrawn
from gallery.domain.selecting import Selection
from gallery.usecases.in_order import Job, in_order
from gallery.usecases.one_photo import Finished, OnePhoto, failed
from gallery.usecases.people_in_force import PeopleInForce
from gallery.usecases.targets import Targets

ATTEMPTS = 20
"""How often a photo is decided anew because the gallery's people were changed meanwhile."""

ROOM = 60_000_000
"""Pixels of all photos that are in memory at once: one of 50 million, or two of 24 and one of 12."""

UNKNOWN_SIZE = 30_000_000
"""What a photo counts whose size is not known before it is read."""


_NAMED = 5
"""Files that are named in a sentence."""

_CUT_OFF = "It was interrupted before its output was in place."


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about its photos.

    Attributes:
        dry_run: Decide and report only: write no file and no record.
        selection: What is taken of the inputs.
        verification: What is checked of each output; None for the usual: in full for up to `FULL_UP_TO` photos.
        resume: Whether photos are passed over that an earlier run has done alike, and whose output is still there.
        fail_fast: Whether the first photo that fails ends the run.
        threads: Photos at work at once.
        stopped: Whether the run is to end after the photos at work.
        onlookers: What else looks at the photos.
        pairs: Photos with their outputs' paths below the output folder, in place of what the inputs come to.
        people: Those who may stay visible, in place of the store's.
        base: A folder whose files are recorded as if the run were made in it; None for the current one.
    """

    dry_run: bool = False
    selection: Selection = field(default_factory=Selection)
    verification: Verification | None = None
    resume: bool = False
    fail_fast: bool = False
    threads: int = 1
    stopped: Callable[[], bool] = lambda: False
    onlookers: tuple[Onlooker, ...] = ()
    pairs: tuple[tuple[Path, Path], ...] = ()
    people: PeopleInForce | None = None
    base: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do.

    Attributes:
        files: Photos, each with its output's path below the output folder.
        output: That folder.
        settings: Under which it is done.
        verification: What is checked of each output.
        people: Those who may stay visible, when it begins.
        number: The run's, in the audit trail; None for a dry run.
    """

    files: Sequence[tuple[Path, Path]]
    output: Path
    settings: RunSettings
    verification: Verification
    people: PeopleInForce
    number: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """A photo after the work on it.

    Attributes:
        finished: What came of it.
        people: Those by whom it was decided. They may have changed since.
        instead_of: SHA-256 of the earlier output that may be replaced; None where there is none.
    """

    finished: Finished
    people: PeopleInForce
    instead_of: str | None = None


class Run:
    """A run while it lasts. All but the work on photos happens in one thread, in the order of the photos.

    Args:
        work: What is done with each photo.
        store: Takes the record.
        plan: What there is to do.
        options: How to go about it.
        reread: Reads the people again, when they have been changed.
    """

    def __init__(
        self, work: OnePhoto, store: Store, plan: Plan, options: Options, reread: Callable[[], PeopleInForce]
    ) -> None:
        self._work, self._store, self._plan, self._options = work, store, plan, options
        self._reread, self._people, self._fingerprint = reread, plan.people, plan.settings.fingerprint
        self._targets = Targets(work.photos, store, frozenset(real(path) for path, _ in plan.files))
        self._tidied: set[Path] = set()
        self._published: dict[Path, str] = {}
        self.done: list[ImageRecord] = []
        self.status = RunStatus.FINISHED

    def images(self) -> Generator[ImageRecord]:
        """Does all photos, and gives each one's record when the store has it."""
        results = in_order(self._jobs(), self._options.threads, ROOM, self._options.stopped, self._abandon)
        with closing(results):
            for (path, relative), worked in zip(self._plan.files, results, strict=False):
                image = self._settled(path, relative, worked)
                self.done.append(image)
                yield image
                if image.failed and self._options.fail_fast:
                    self.status = RunStatus.FAILED
                    return
        if len(self.done) < len(self._plan.files):
            self.status = RunStatus.INTERRUPTED

    def end(self, number: int, status: RunStatus) -> None:
        """Closes the run's record, and makes sure that it holds every output.

        Raises:
            GalleryReplaced: If the gallery that is there now does not know this run, or not all of it; the outputs that
                are on no record are removed.
        """
        cause: GalleryError | None = None
        try:
            self._store.end_run(number, status)
            known = self._store.written(number)
        except (GalleryReplaced, UnknownName) as error:  # the second, where another gallery was copied over this one
            cause, known = error, self._known_now(number)
        lost = [path for path, sha256 in self._published.items() if sha256 not in known]
        for path in lost:
            self._take_back(path)
        if lost or cause is not None:
            raise _off_record(cause, lost, len(self._published))

    def _known_now(self, number: int) -> frozenset[str]:
        with suppress(StoreUnusable):
            return self._store.written(number)
        return frozenset()

    def _take_back(self, path: Path) -> None:
        with suppress(NotWritten, OSError):
            if self._work.photos.fingerprint(path) == self._published[path]:
                self._work.photos.discard(path)

    def _jobs(self) -> Iterator[Job[Worked]]:
        for path, relative in self._plan.files:
            yield self._job(path, None if self._options.dry_run else self._plan.output / relative)

    def _job(self, path: Path, target: Path | None) -> Job[Worked]:
        """The work on a photo, by the people as they are now, whatever they are by the time of the work."""
        people, there = self._people, None
        if target is not None:
            try:
                self._tidy(target.parent)
                there = self._targets.free(path, target)
                known = self._done_before(path, target, there) if self._options.resume and there else None
            except GalleryError as error:
                known = failed(path, None, error.text)
            if known is not None:
                return self._known(path, known, people)
        return Job(
            lambda: Worked(self._looked_for(path, target, people), people, there),
            self._work.photos.size_of(path) or UNKNOWN_SIZE,
        )

    def _known(self, path: Path, known: ImageRecord, people: PeopleInForce) -> Job[Worked]:
        """The work on a photo of which it is known what came of it: none, or to show it to the onlookers once more."""
        if known.failed or not self._options.onlookers:
            return Job(_given(Worked(Finished(known), people)), 0)
        size = self._work.photos.size_of(path) or UNKNOWN_SIZE
        return Job(lambda: Worked(self._shown_again(path, known), people), size)

    def _shown_again(self, path: Path, known: ImageRecord) -> Finished:
        try:
            photo = self._work.photos.read(path)
        except GalleryError as error:
            return Finished(replace(known, remarks=(*known.remarks, f"It could not be shown again: {error.text}")))
        if photo.sha256 != known.sha256:
            return Finished(replace(known, remarks=(*known.remarks, "It was changed meanwhile, and not shown again.")))
        return Finished(known, image=photo.opaque().pixels)

    def _looked_for(self, path: Path, target: Path | None, people: PeopleInForce) -> Finished:
        finished = self._work(path, target, people, self._plan.verification)
        return finished if self._options.onlookers else replace(finished, image=None)

    def _tidy(self, folder: Path) -> None:
        if folder not in self._tidied:
            self._tidied.add(folder)
            self._work.photos.tidy(folder)

    def _done_before(self, path: Path, target: Path, there: str) -> ImageRecord | None:
        photo = self._work.photos.fingerprint(path)
        if photo is None:
            return None
        state = self._people.state(photo)
        earlier = self._store.done_before(self._fingerprint, photo, state, there)
        if earlier is None:
            return None
        return replace(
            earlier.image,
            source=shown(path),
            status=ImageStatus.DONE_BEFORE,
            output=shown(target),
            earlier=earlier.run,
        )

    def _settled(self, path: Path, relative: Path, worked: Worked) -> ImageRecord:
        """Records a photo if the people are still those it was decided by, or else decides it anew."""
        target = self._plan.output / relative
        for _ in range(ATTEMPTS):
            image = worked.finished.record
            if self._plan.number is None:
                return self._looked_at(worked.finished, image, relative)
            if image.failed:
                image = replace(image, error=f"{image.error}{self._withdrawn(path, target)}")
            image = self._as_given(image)
            try:
                image = self._recorded(worked, image, self._plan.number)
            except GalleryChanged:
                self._abandon(worked)
                if worked.people is self._people:
                    self._people = self._reread()
                worked = self._job(path, target).work()
            else:
                return self._looked_at(worked.finished, image, relative)
        raise GalleryChanged("The gallery's people are being changed all the time.", "Run it again when that is over.")

    def _as_given(self, image: ImageRecord) -> ImageRecord:
        """With paths as they are given in the folder that the run is recorded for."""
        if self._options.base is None:
            return image
        base = shown(self._options.base)
        output = None if image.output is None else unjoined(image.output, base)
        error = None if image.error is None else image.error.replace(base.rstrip("/") + "/", "")
        return replace(image, source=unjoined(image.source, base), output=output, error=error)

    def _recorded(self, worked: Worked, image: ImageRecord, number: int) -> ImageRecord:
        """Records a photo and gives its output its name; what is on record is there, and what is there is on record."""
        staged = worked.finished.staged
        try:
            self._store.record(number, image, worked.people.generation, worked.finished.crops)
            if staged is not None:
                self._work.photos.publish(staged, worked.instead_of)
                self._published[staged.target] = staged.sha256
        except GalleryChanged:
            raise
        except NotWritten as error:
            self._abandon(worked)
            gone = replace(_came_to_nothing(image), error=error.text)
            self._store.amend(number, gone, image)
            return gone
        except BaseException:
            self._abandon(worked)
            if staged is not None and self._work.photos.fingerprint(staged.target) != staged.sha256:
                with suppress(UnknownName, StoreUnusable):  # it had not come as far as the record
                    self._store.amend(number, _came_to_nothing(image), image)
            raise
        return image

    def _looked_at(self, finished: Finished, image: ImageRecord, relative: Path) -> ImageRecord:
        """Shows a photo to the onlookers; what they cannot do is remarked, and fails nothing."""
        if finished.image is None or image.failed:
            return image
        said: list[str] = []
        for onlooker in self._options.onlookers:
            try:
                onlooker.add(finished.image, image, relative)
            except GalleryError as error:
                said.append(error.text)
        return replace(image, remarks=(*image.remarks, *said)) if said else image

    def _withdrawn(self, path: Path, target: Path) -> str:
        """Removes an earlier run's output of a photo that has failed now; says so, to be added to the reason."""
        try:
            if self._targets.free(path, target) is None:
                return ""
            self._work.photos.discard(target)
        except (GalleryError, OSError):
            return ""
        return withdrawn(shown(target))

    def _abandon(self, worked: Worked) -> None:
        if worked.finished.staged is not None:
            self._work.photos.discard(worked.finished.staged.path)


def _off_record(cause: GalleryError | None, lost: Sequence[Path], published: int) -> GalleryReplaced:
    """The error for a run whose gallery was removed or replaced meanwhile."""
    what = "The gallery was written by another program while this run used it." if cause is None else cause.message
    named = ", ".join(map(shown, lost[:_NAMED])) + (", …" if len(lost) > _NAMED else "")
    removed = f" {len(lost)} of {published} outputs of this run are on no record, and were removed: {named}."
    return GalleryReplaced(what + (removed if lost else ""), cause.hint if cause else "Look at it: gallery db check")


def _given(worked: Worked) -> Callable[[], Worked]:
    return lambda: worked


def _came_to_nothing(image: ImageRecord) -> ImageRecord:
    return ImageRecord(image.source, ImageStatus.FAILED, image.sha256, image.width, image.height, error=_CUT_OFF)
