"""Writes the photos of a run anew on which a person's word is not carried out yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.domain.errors import NotWritten
from gallery.domain.paths import current
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.domain.reviewing import Touched, below_output
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
            GalleryError: As `gallery.usecases.anonymise.Anonymise` does.
        """
        options = replace(options or Options(), verification=Verification.FULL)
        start = self._start(run)
        options = replace(options, base=start)
        unreached = [found for one in photos if (found := self._unreached(one.image, run, start)) is not None]
        missing = {one.source for one in unreached}
        output, outcomes = self._at(run.settings.output, start), []
        for solid in (False, True):
            chosen = [one.image for one in photos if one.solid is solid and one.image.source not in missing]
            if not chosen or options.stopped():
                continue
            pairs = tuple(self._pair(self._at(image.source, start), image, run, output) for image in chosen)
            outcomes.append(self.again(solid)((), output, replace(options, pairs=pairs), report, advance))
        return Rewritten(tuple(outcomes), tuple(unreached))

    def _start(self, run: Run) -> Path | None:
        """The folder at which relative paths start, if it is not the current one.

        It is the one that the run was made in, if that still holds any file of it; else it was moved, and whoever
        stands in it now means the files that are there.
        """
        base = run.settings.base
        if not base or base == current():
            return None
        with suppress(NotWritten, OSError):
            start = self.on_disk(Path(base))
            files = [one.output for one in run.images if one.output] or [one.source for one in run.images]
            if any(self.photos.fingerprint(self._at(one, start)) is not None for one in files[:MOST_LOOKED_FOR]):
                return start
        return None

    def _at(self, path: str, start: Path | None) -> Path:
        """Where a recorded file lies."""
        return self.on_disk(Path(path) if start is None else start / path)

    def _unreached(self, image: ImageRecord, run: Run, start: Path | None) -> Unreached | None:
        try:
            found = self.photos.fingerprint(self._at(image.source, start))
            written = self._has_output(image, run, start)
        except (NotWritten, OSError) as error:
            return Unreached(image.source, f"It cannot be read: {error}")
        if found is None:
            return Unreached(image.source, "It is not there.")
        if found != image.sha256:
            return Unreached(image.source, "It was changed since the run.")
        if not written:
            place = image.output or run.settings.output
            return Unreached(image.source, f"Its output is not at {place}, as the run was made in another folder.")
        return None

    def _has_output(self, image: ImageRecord, run: Run, start: Path | None) -> bool:
        """Whether the output to be replaced is there; of a photo that has none, whether any of the run is.

        A relative path means another file in another folder: what is written there would leave the output as it is.
        """
        outputs = [image.output] if image.output else [one.output for one in run.images if one.output][:MOST_LOOKED_FOR]
        return not outputs or any(self.photos.fingerprint(self._at(one, start)) is not None for one in outputs)

    def _pair(self, source: Path, image: ImageRecord, run: Run, output: Path) -> tuple[Path, Path]:
        below = Path(below_output(image, run))
        if image.output is None:  # the name may have another ending, where another format was asked for
            ((_, named),) = self.photos.expand([source])
            below = below.with_name(named.name)
        return source, self.on_disk(output / below).relative_to(output)
