"""From the files, folders and patterns a user names to the photo files meant, and the name each output gets."""

from __future__ import annotations

import glob
import itertools
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gallery.adapters.photos.formats import READ_AS_TEXT, SUFFIXES
from gallery.adapters.photos.listing import can_be_listed, contents
from gallery.domain.errors import BadPhoto
from gallery.domain.paths import shown
from gallery.domain.selecting import Selection, require_own_targets

_log = logging.getLogger(__name__)
_SOME = 5

Output = tuple[Path, Path]
"""A file, and the path of its output below the output folder."""


def find(paths: Sequence[Path]) -> list[Path]:
    """The photo files among files and folders, each once.

    A file that is named is taken whatever it is called, even one that does not exist: reading it says so, and the
    others still get their turn. Of a folder the files directly inside whose names end like a photo's are taken,
    in natural order (`img2` before `img10`), hidden ones left out.

    Args:
        paths: As the user gave them.

    Raises:
        BadPhoto: If a folder holds no photo, or cannot be listed.
    """
    found: dict[tuple[str, Path], Path] = {}
    for path in paths:
        for file in _photos_in(path) if _is_folder(path) else (path,):
            found.setdefault((file.name, _resolved(file)), file)
    return list(found.values())


def expand(
    paths: Sequence[Path], selection: Selection | None = None, output: Path | None = None
) -> list[tuple[Path, Path]]:
    """The photo files among files, folders and patterns, each once, and where each output goes.

    A file's output has the file's name. A folder's photos keep their places below it, and so do those that a pattern
    such as `photos/*/*.jpg` fits, below its part without wildcards; and those of a list, below the folder that holds
    them all. A path that exists is no pattern, whatever is in it, and neither is one of a list. A path that is both
    named and listed gets both places.

    A subfolder that cannot be listed is given back among the photos: reading it says so, and the others still get
    their turn.

    Args:
        paths: As the user gave them.
        selection: What is taken of them.
        output: The output folder: one inside a folder that is named is not searched.

    Returns:
        For each file its path, and the path of its output below the output folder.

    Raises:
        BadPhoto: If a folder that was named holds no photo, or cannot be listed, a pattern fits none, or all were
            left out.
        BadArgument: If two different files would get the same output.
    """
    selection = selection or Selection()
    skipped = None if output is None else _resolved(output)
    common = _common_folder(selection.listed)
    taken = _Taken(selection, skipped)
    outputs = [_named(path, taken) for path in paths]
    outputs += [_of_list(path, common, taken) for path in selection.listed]
    taken.remark()
    found: dict[tuple[Path, Path], Path] = {}
    for file, target in itertools.chain.from_iterable(outputs):
        found.setdefault((target, _resolved(file)), file)
    if not found and (paths or selection.listed):
        raise BadPhoto("No photo is left after --exclude.", "Leave out fewer.")
    chosen = [(file, target) for (target, _), file in found.items()]
    require_own_targets(chosen)
    return chosen


def require_any(files: Sequence[Output]) -> None:
    """Checks that at least one of the photos is there; of those that are not, reading says so.

    Raises:
        BadPhoto: If none is.
    """
    if files and all(_is_missing(file) for file, _ in files):
        names = ", ".join(shown(file) for file, _ in files[:_SOME]) + (", …" if len(files) > _SOME else "")
        raise BadPhoto(f"There is no such file or folder: {names}.", "Check the spelling of the path.")


def _is_missing(file: Path) -> bool:
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    except OSError:
        return False
    return False


@dataclass(slots=True)
class _Taken:
    """What is taken of what is found, and what is not."""

    selection: Selection
    skipped: Path | None
    fitted: set[str] = field(default_factory=set)
    passed_over: list[Path] = field(default_factory=list)

    def keeps(self, file: Path, place: Path) -> bool:
        patterns = self.selection.fitting(place, file, Path(_written_out(file)))
        self.fitted.update(patterns)
        return not patterns

    def remark(self) -> None:
        for pattern in self.selection.exclude:
            if pattern not in self.fitted:
                _log.warning("--exclude %s leaves nothing out.", pattern)
        if self.passed_over:
            names = ", ".join(shown(Path(file.name)) for file in self.passed_over[:_SOME])
            _log.warning(
                "Not called like a photo and passed over: %d (%s%s). To have one anonymised, name it.",
                len(self.passed_over),
                names,
                ", …" if len(self.passed_over) > _SOME else "",
            )


def _named(path: Path, taken: _Taken) -> list[Output]:
    """The photos of one path that a user named and where their outputs go, without those that are left out."""
    if _is_folder(path):
        return _in_folder(path, taken)
    if _is_pattern(path):
        return [(file, target) for file, target in _fitting(path, taken.skipped) if taken.keeps(file, target)]
    return [(path, Path(path.name))] if taken.keeps(path, path) else []


def _in_folder(folder: Path, taken: _Taken) -> list[Output]:
    if taken.selection.recursive:
        files = below(folder, taken.skipped, taken.passed_over)
    else:
        files = _photos_in(folder, taken.passed_over)
    places = [(file, file.relative_to(folder)) for file in files]
    return [(file, target) for file, target in places if taken.keeps(file, target)]


def _of_list(path: Path, common: Path, taken: _Taken) -> list[Output]:
    """The same for one path of a list."""
    place = Path(_written_out(path)).relative_to(common)
    if _is_folder(path):
        return [(file, place / target) for file, target in _in_folder(path, taken)]
    return [(path, place)] if taken.keeps(path, path) else []


def _common_folder(listed: Sequence[Path]) -> Path:
    """The folder that holds all paths of a list."""
    return Path(os.path.commonpath([os.path.dirname(_written_out(path)) for path in listed] or ["/"]))  # noqa: PTH120


def _written_out(path: Path) -> str:
    """The path from the root, without `..`, so that no place derived from it leads out of the output folder."""
    return os.path.abspath(path)  # noqa: PTH100 - pathlib's keeps `..`


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def _fitting(pattern: Path, skipped: Path | None) -> list[Output]:
    parts = pattern.parts
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed])
    photos = [file for file in _glob(pattern) if _looks_like_a_photo(file)]
    photos += _closed_folders(parts, fixed)
    linked = "**" in parts  # links can lead round in a circle
    photos = [file for file in photos if not (_lies_in(file, skipped) or (linked and _through_link(file, root)))]
    if not photos:
        raise BadPhoto(
            f"No photo fits the pattern {shown(pattern)}.",
            f"Check its spelling; the names must end like a photo's ({READ_AS_TEXT}).",
        )
    photos.sort(key=lambda file: [(_natural(part), part) for part in file.parts])
    return [(file, _place(file, root)) for file in photos]


def _glob(pattern: Path) -> list[Path]:
    if not glob.has_magic(str(pattern)):
        return [pattern]
    return [Path(name) for name in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207 - keeps the form given


def _closed_folders(parts: Sequence[str], fixed: int) -> list[Path]:
    """The folders that would have to be listed for a pattern, and cannot be; `glob` passes them over in silence."""
    ends = [end for end in range(fixed, len(parts)) if glob.has_magic(parts[end])]
    if parts[-1] == "**":
        ends.append(len(parts))
    folders = {folder: None for end in ends for folder in _glob(Path(*parts[:end])) if _is_folder(folder)}
    return [folder for folder in folders if not can_be_listed(folder)]


def _place(file: Path, root: Path) -> Path:
    place = file.relative_to(root)
    return Path(file.name) if ".." in place.parts else place  # never out of the output folder


def _through_link(file: Path, root: Path) -> bool:
    return any(folder.is_symlink() for folder in file.parents if folder != root and folder.is_relative_to(root))


def _lies_in(file: Path, folder: Path | None) -> bool:
    return folder is not None and folder in _resolved(file.parent / "x").parents


def below(folder: Path, skipped: Path | None = None, passed_over: list[Path] | None = None) -> list[Path]:
    """The photo files in a folder and all its subfolders, in natural order; hidden ones and linked folders left out.

    A subfolder that cannot be listed is given back among them: reading it says so.

    Args:
        folder: Where to look.
        skipped: A subfolder, its links followed, that is not searched.
        passed_over: Takes the files that are not called like a photo, but for hidden ones.

    Raises:
        BadPhoto: If it is no folder, holds no photo at any depth, or cannot be listed.
    """
    if not _is_folder(folder):
        raise BadPhoto(f"There is no folder {shown(folder)}.", "Name a folder of photos.")
    photos = _photos_below(folder, skipped, [] if passed_over is None else passed_over)
    if not photos:
        raise BadPhoto(
            f"The folder {shown(folder)} holds no photo.", f"Name a folder that contains photos ({READ_AS_TEXT})."
        )
    return photos


def _photos_below(top: Path, skipped: Path | None, passed_over: list[Path]) -> list[Path]:
    found: list[Path] = []
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            files, folders = contents(folder)
        except BadPhoto:
            if folder == top:
                raise
            found.append(folder)
            continue
        found += naturally_sorted(file for file in files if _looks_like_a_photo(file))
        passed_over += naturally_sorted(file for file in files if _is_something_else(file))
        searched = [inner for inner in folders if not inner.name.startswith(".")]
        waiting += reversed(naturally_sorted(inner for inner in searched if _resolved(inner) != skipped))
    return found


def _photos_in(folder: Path, passed_over: list[Path] | None = None) -> list[Path]:
    files = contents(folder)[0]
    photos = [file for file in files if _looks_like_a_photo(file)]
    if passed_over is not None:
        passed_over += naturally_sorted(file for file in files if _is_something_else(file))
    if not photos:
        raise BadPhoto(
            f"The folder {shown(folder)} holds no photo.",
            f"Name a folder that directly contains photos ({READ_AS_TEXT}), or name the files themselves.",
        )
    return naturally_sorted(photos)


def _looks_like_a_photo(file: Path) -> bool:
    return not file.name.startswith(".") and file.suffix.lower() in SUFFIXES and not _is_folder(file)


def _is_something_else(file: Path) -> bool:
    return not (file.name.startswith(".") or _looks_like_a_photo(file) or _is_folder(file))


def naturally_sorted(paths: Iterable[Path]) -> list[Path]:
    """Sorted by name the way people count: numbers by value, letters whatever their case."""
    return sorted(paths, key=lambda path: (_natural(path.name), path.name))


def _natural(name: str) -> list[tuple[int, str]]:
    # Splitting at runs of ASCII digits leaves text at even places and digits at odd ones, so pairs always compare.
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, a parent that may not be entered, a NUL byte
        return False


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # symbolic links in a circle, a NUL byte
        return path.absolute()
