"""Shows that the record, and the outputs it speaks of, are as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gallery.domain import marks
from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.paths import moved, on_disk, places, real, shown
from gallery.domain.ports import PhotoFiles, Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.trail import OutputOnRecord, TrailCheck


@dataclass(frozen=True, slots=True)
class Differing:
    """An output that is not as it was written.

    Attributes:
        output: As it is on record.
        path: Where it was looked for.
        why: A sentence.
        missing: Whether nothing is there.
    """

    output: OutputOnRecord
    path: str
    why: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class VerifiedRecord:
    """What was found.

    Attributes:
        trail: Of the chain and the record.
        outputs: How many outputs were looked at; None if they were left out.
        differing: Those that are missing or changed.
        unplaced: How many could not be looked for, because the path of their folder named somebody who was forgotten.
    """

    trail: TrailCheck
    outputs: int | None
    differing: tuple[Differing, ...]
    unplaced: int = 0

    @property
    def misfit(self) -> str | None:
        """The first thing that does not fit, as a sentence; None if all does."""
        if self.trail.misfit is not None:
            return self.trail.misfit
        if self.trail.known_head is False:
            return "The head that was given is no entry's: the trail was begun anew, or was never of this gallery."
        return self.differing[0].why if self.differing else None


@dataclass(frozen=True, slots=True)
class VerifyRecord:
    """The use case.

    Attributes:
        store: The gallery.
        photos: Reads the outputs.
    """

    store: Store
    photos: PhotoFiles

    def __call__(
        self,
        run: int | None = None,
        folder: Path | None = None,
        outputs: bool = True,
        head: str | None = None,
        advance: Advance = unwatched,
    ) -> VerifiedRecord:
        """Recomputes the chain and the hashes of the outputs.

        Args:
            run: Whose outputs are looked at; None for all. The chain is always looked at as a whole.
            folder: Where the outputs are now; None for where they were written.
            outputs: Whether they are looked at.
            head: The hash of an entry that was noted earlier.
            advance: Is told how many outputs are done.

        Raises:
            UnknownName: If there is no run of that number.
            BadArgument: If no run wrote to that folder, and several wrote elsewhere.
        """
        if run is not None:
            self.store.run(run)
        trail = self.store.check_trail(head)
        if not outputs:
            return VerifiedRecord(trail, None, ())
        wanted = [one for one in self.store.outputs_on_record() if run in (None, one.run)]
        if folder is not None and run is None:
            wanted = _of_folder(wanted, folder)
        differing, unplaced, there = [], 0, _Folders(self.photos)
        for done, one in enumerate(wanted, 1):
            looked = places(one.path, one.base) if folder is None else (moved(one.path, one.folder, folder),)
            known = [place for path in looked if (place := there.place(one, path)) is not None] if one.mark else looked
            unplaced += not known
            differing += self._differing(one, known) if known else []
            advance(done, len(wanted))
        return VerifiedRecord(trail, len(wanted) - unplaced, tuple(differing), unplaced)

    def _differing(self, output: OutputOnRecord, looked: Sequence[Path]) -> list[Differing]:
        """What is wrong with an output at the first of the places where it may lie.

        A further place counts only where nothing is at the first: what was published may not be as it was written, even
        if a copy of it still is.
        """
        found = (self._differing_at(output, path) for path in looked)
        first = next(found)
        return [] if first is None or (first.missing and None in found) else [first]

    def _differing_at(self, output: OutputOnRecord, path: Path) -> Differing | None:
        try:
            found = self.photos.fingerprint(on_disk(path))
        except (NotWritten, OSError) as error:
            return Differing(output, shown(path), getattr(error, "message", f"{shown(path)} cannot be read."))
        if found == output.sha256:
            return None
        state = "is missing" if found is None else "is not as it was written"
        why = f"The output {shown(path)} of run {output.run} {state}."
        return Differing(output, shown(path), why, missing=found is None)


@dataclass
class _Folders:
    """Finds outputs whose paths were replaced in the record, in the folders that are still known.

    Attributes:
        photos: Reads the files.
    """

    photos: PhotoFiles
    _names: dict[Path, list[Path]] = field(default_factory=dict)
    _hashes: dict[Path, dict[str, Path]] = field(default_factory=dict)

    def place(self, output: OutputOnRecord, path: Path) -> Path | None:
        """Where an output is: at its former path, or, where its folder was moved, wherever its content is.

        Returns:
            The recorded path, where nothing is, if the folder is there and does not hold it; None if the folder cannot
            be known.
        """
        folder = path.parent
        if folder not in self._names:
            with suppress(OSError):
                self._names[folder] = [one for one in sorted(folder.iterdir()) if one.is_file()]
        files = self._names.get(folder)
        if files is None:
            return None
        found = next((one for one in files if marks.is_output(output.mark, shown(real(one)))), None)
        found = found or next((one for one in files if marks.is_output(output.mark, shown(one))), None)
        return found or self._of_content(folder, files).get(output.sha256, path)

    def _of_content(self, folder: Path, files: Sequence[Path]) -> dict[str, Path]:
        if folder not in self._hashes:
            self._hashes[folder] = {}
            for one in files:
                with suppress(NotWritten, OSError):
                    self._hashes[folder][self.photos.fingerprint(one) or ""] = one
        return self._hashes[folder]


def _of_folder(outputs: Sequence[OutputOnRecord], folder: Path) -> list[OutputOnRecord]:
    """Those that were written to that folder; or all, where all were written to one."""
    those = [one for one in outputs if real(folder) in map(real, places(one.folder, one.base))]
    if those or len({(one.folder, one.base) for one in outputs}) <= 1:
        return those or list(outputs)
    raise BadArgument(
        f"No run on record wrote to {shown(folder)}.",
        "If the outputs were moved there, name their run: gallery audit verify RUN --outputs FOLDER",
    )
