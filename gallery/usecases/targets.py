"""Which files a run's outputs may take the place of: the same photos' earlier outputs, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gallery.domain import marks
from gallery.domain.errors import BadPhoto, NotWritten
from gallery.domain.paths import current, joined, on_disk, real, shown
from gallery.domain.ports import PhotoFiles, Store
from gallery.domain.trail import OutputOnRecord

_log = logging.getLogger(__name__)

_NAMED, _SOME = 20, 5
"""Outputs that are named in one message, each with its reason, or in a row."""

Pair = tuple[Path, Path]
"""A photo, and a path of its output."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Looks at what lies where outputs are to go.

    A photo is the same if its path is, whatever is in it now, because photos are edited; or if its content is, wherever
    it lies now. Another month's photo that has the same name is neither.

    Attributes:
        photos: The files.
        store: The gallery.
        sources: The photos of the run, their links followed.
    """

    photos: PhotoFiles
    store: Store
    sources: frozenset[Path] = field(default_factory=frozenset)

    def free(self, photo: Path, target: Path) -> str | None:
        """The hash of the earlier output that is replaced there; None where nothing is.

        Raises:
            NotWritten: If what lies there is one of the run's photos, another photo's output, or no run's.
        """
        if real(target) in self.sources:
            raise NotWritten(
                f"The output {shown(target)} is one of the photos to be anonymised.", "Choose another --output folder."
            )
        there = self.photos.fingerprint(target)
        if there is None:
            return None
        written_of = self.store.photos_of(there)
        if not any(_is(path, target) for path in self.store.outputs(there)) and not any(
            _is_marked(marks.is_output, one, target) for one in written_of
        ):
            raise NotWritten(
                f"{shown(target)} is there already, and no run on record wrote it as it is.",
                "Choose another --output folder, or move that file away.",
            )
        self._require_same(photo, target, written_of)
        return there

    def _require_same(self, photo: Path, target: Path, written_of: Sequence[OutputOnRecord]) -> None:
        if any(
            _is(joined(one.source, one.base), photo) or _is_marked(marks.is_source, one, photo) for one in written_of
        ):
            return
        with suppress(NotWritten):  # a photo that cannot be read is not known to be the same
            if self.photos.fingerprint(photo) in {one.photo for one in written_of}:
                return
        others = " or ".join(dict.fromkeys(joined(one.source, one.base) for one in written_of))
        raise NotWritten(
            f"{shown(target)} is there already, and is the output of {others}, not of {shown(photo)}.",
            "Choose another --output folder, or move that file away.",
        )

    def require_free(self, pairs: Sequence[Pair]) -> None:
        """Checks all of a run's outputs before it begins.

        Raises:
            NotWritten: If any of them must not be written; all are named.
        """
        onto = [target for _, target in pairs if real(target) in self.sources]
        if onto:
            raise NotWritten(
                f"{_listed(onto)} would take the place of the photos themselves; nothing was begun.",
                "Choose another --output folder.",
            )
        wrong = list(filter(None, map(self._refusal, self._doubtful(pairs))))
        if not wrong:
            return
        if len(wrong) == 1:
            raise wrong[0]
        more = f" And {len(wrong) - _NAMED} more." if len(wrong) > _NAMED else ""
        said = " ".join(error.message for error in wrong[:_NAMED])
        raise NotWritten(f"{len(wrong)} outputs must not be written, so nothing was begun. {said}{more}", wrong[0].hint)

    def _doubtful(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those that may have to be refused, without reading a single file: what lies there is not the same path's."""
        there = [(photo, target) for photo, target in pairs if self.photos.is_there(target)]
        known = _Known.of(self.store.outputs_on_record() if there else ())
        return [
            (photo, target)
            for photo, target in there
            if not any(_is(joined(one.source, one.base), photo) for one in known.at(target))
        ]

    def _refusal(self, pair: Pair) -> NotWritten | None:
        try:
            self.free(*pair)
        except NotWritten as error:
            return error
        return None

    def without_own_outputs(self, files: Sequence[Pair], named: Sequence[Path]) -> list[Pair]:
        """The photos without those that earlier runs wrote, and that were found in folders rather than named.

        Args:
            files: Photos with their outputs' paths.
            named: Paths that were given.

        Raises:
            BadPhoto: If none is left.
        """
        folders = {real(on_disk(Path(joined(*place)))) for place in self.store.output_folders()}
        inside = [path for path, _ in files if folders & set(real(path).parents)] if folders else []
        known = _Known.of(self.store.outputs_on_record() if inside else ())
        own = {path for path in inside if path not in named and self._is_output(path, known)}
        if own:
            some = _listed(sorted(own))
            if len(own) == len({path for path, _ in files}):
                raise BadPhoto(
                    f"All photos here are outputs of earlier runs: {some}.",
                    "Name the photos as they were, or single outputs.",
                )
            _log.warning(
                "Outputs of earlier runs were left out: %d (%s). To have one anonymised, name it.", len(own), some
            )
        return [(path, target) for path, target in files if path not in own]

    def _is_output(self, path: Path, known: _Known) -> bool:
        with suppress(NotWritten):
            there = self.photos.fingerprint(path)
            return there in {one.sha256 for one in known.at(path)} or any(
                _is_marked(marks.is_output, one, path) for one in known.marked.get(there or "", ())
            )
        return False


@dataclass(frozen=True, slots=True)
class _Known:
    """Recorded outputs by their files' names, so that few paths have to be followed.

    Attributes:
        by_name: All of them.
        marked: Those whose paths were replaced in the record, by their content's hash.
    """

    by_name: dict[str, list[OutputOnRecord]]
    marked: dict[str, list[OutputOnRecord]]

    @classmethod
    def of(cls, outputs: Sequence[OutputOnRecord]) -> _Known:
        found: dict[str, list[OutputOnRecord]] = {}
        marked: dict[str, list[OutputOnRecord]] = {}
        for one in outputs:
            found.setdefault(Path(one.path).name, []).append(one)
            if one.mark:
                marked.setdefault(one.sha256, []).append(one)
        return cls(found, marked)

    def at(self, path: Path) -> list[OutputOnRecord]:
        """Those that were written there."""
        candidates = self.by_name.get(shown(Path(path.name)), [])
        return [one for one in candidates if _is(joined(one.path, one.base), path)]


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(shown, paths[:_SOME])) + (", …" if len(paths) > _SOME else "")


def _is_marked(fits: Callable[[str, str], bool], one: OutputOnRecord, file: Path) -> bool:
    """Whether a file is the one whose path was replaced in the record, as it was given or its links followed."""
    seen = {shown(file), shown(Path(joined(shown(file), current()))), shown(real(file))}
    return any(fits(one.mark, path) for path in seen)


def _is(recorded: str, file: Path) -> bool:
    """Whether a recorded path means that file."""
    with suppress(OSError):
        return real(on_disk(Path(recorded))) == real(file)
    return False
