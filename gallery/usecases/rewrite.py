"""Writes the photos of a run anew on which a person's word is not carried out yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath

from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.paths import current, shown
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.domain.reviewing import Touched, below_output, output_roots
from gallery.domain.runs import ImageRecord, Run, Verification
from gallery.usecases.anonymise import Anonymise, Outcome, Report
from gallery.usecases.running import Options

MOST_LOOKED_FOR = 20
"""Outputs of a run that are looked for, to tell whether its output folder is here."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A photo that cannot be written anew. Its earlier output stays as it is.

    Attributes:
        source: Its path as recorded.
        why: As a sentence.
    """

    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What came of it.

    Attributes:
        outcomes: Of the new runs: at most one under the settings of the reviewed run, and one with solid colour.
        unreached: The photos that are not among them.
    """

    outcomes: tuple[Outcome, ...]
    unreached: tuple[Unreached, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The use case. The outputs take the place of the earlier ones, in new runs, and are verified in full.

    Attributes:
        photos: The files.
        on_disk: The file that a recorded path means.
        again: What anonymises under the settings of the reviewed run; with True by solid colour.
    """

    photos: PhotoFiles
    on_disk: Callable[[Path], Path]
    again: Callable[[bool], Anonymise]

    def __call__(
        self,
        run: Run,
        photos: Sequence[Touched],
        options: Options | None = None,
        report: Report = lambda _: None,
        advance: Advance = unwatched,
    ) -> Rewritten:
        """Writes photos of a run anew.

        Args:
            run: The reviewed run with its photos.
            photos: Those to be written.
            options: How to go about it.
            report: Called after each photo.
            advance: Is told how many photos are done.

        Raises:
            BadArgument: If the run's files are where it was made and in the current folder, too.
            GalleryError: As `gallery.usecases.anonymise.Anonymise` does.
        """
        options = replace(options or Options(), verification=Verification.FULL)
        written = frozenset[str]().union(*(one.written for one in photos))
        start = self._start(run, written)
        options = replace(options, base=start)
        folder = cache(lambda: not any(one.output for one in run.images) or self._holds(run, start, written))
        roots = output_roots(run)
        looked = (self._unreached(one.image, run, start, written, folder) for one in photos)
        unreached = [found for found in looked if found is not None]
        missing = {one.source for one in unreached}
        output, outcomes = self._at(run.settings.output, start), []
        for solid in (False, True):
            chosen = [one.image for one in photos if one.solid is solid and one.image.source not in missing]
            if not chosen or options.stopped():
                continue
            pairs = tuple(self._pair(self._at(image.source, start), image, run, output, roots) for image in chosen)
            outcomes.append(self.again(solid)((), output, replace(options, pairs=pairs), report, advance))
        return Rewritten(tuple(outcomes), tuple(unreached))

    def _start(self, run: Run, written: frozenset[str]) -> Path | None:
        """The folder at which relative paths start, if it is not the current one.

        It is the one that the run was made in, if that holds what was written; else it was moved, and whoever stands
        in it now means the files that are there. Where both hold it, one of them is a copy, and only a person knows
        which: a face that is to be blurred would stay visible in the other.
        """
        base = run.settings.base
        if not base or base == current():
            return None
        start = None
        with suppress(NotWritten, OSError):
            start = self.on_disk(Path(base))
        if start is None or not self._holds(run, start, written):
            return None
        if self._holds(run, None, written):
            raise BadArgument(
                f"Run {run.summary.id} was made in {base}, and its files lie in the current folder, too; nothing was "
                "written.",
                f"Go to {base}, or move the files that are not meant out of the way.",
            )
        return start

    def _holds(self, run: Run, start: Path | None, written: frozenset[str]) -> bool:
        """Whether a folder holds any file of the run, as it was: an output, or a photo where there is no output."""
        outputs = [one.output for one in run.images if one.output]
        files = outputs or [one.source for one in run.images]
        fits = written if outputs else {one.sha256 for one in run.images}
        with suppress(NotWritten, OSError):
            return any(self.photos.fingerprint(self._at(one, start)) in fits for one in files[:MOST_LOOKED_FOR])
        return False

    def _at(self, path: str, start: Path | None) -> Path:
        """Where a recorded file lies."""
        return self.on_disk(Path(path) if start is None else start / path)

    def _unreached(
        self, image: ImageRecord, run: Run, start: Path | None, written: frozenset[str], folder: Callable[[], bool]
    ) -> Unreached | None:
        try:
            found = self.photos.fingerprint(self._at(image.source, start))
            there = self._has_output(image, start, written, folder)
        except (NotWritten, OSError) as error:
            return Unreached(image.source, f"It cannot be read: {error}")
        if found is None:
            return Unreached(image.source, "It is not there.")
        if found != image.sha256:
            return Unreached(image.source, "It was changed since the run.")
        if not there:
            place = shown(self._at(image.output or run.settings.output, start))
            return Unreached(
                image.source, f"Its output is not at {place}, or is not what a run wrote there; nothing was replaced."
            )
        return None

    def _has_output(
        self, image: ImageRecord, start: Path | None, written: frozenset[str], folder: Callable[[], bool]
    ) -> bool:
        """Whether the output to be replaced is there; of a photo that has none, whether any of the run is.

        A relative path means another file in another folder: what is written there would leave the output as it is, and
        may be somebody else's.
        """
        if image.output:
            return self.photos.fingerprint(self._at(image.output, start)) in written
        return folder()

    def _pair(
        self, source: Path, image: ImageRecord, run: Run, output: Path, roots: Sequence[PurePath]
    ) -> tuple[Path, Path]:
        below = Path(below_output(image, run, roots))
        if image.output is None:  # the name may have another ending, where another format was asked for
            ((_, named),) = self.photos.expand([source])
            below = below.with_name(named.name)
        return source, self.on_disk(output / below).relative_to(output)
