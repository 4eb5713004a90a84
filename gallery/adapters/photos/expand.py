"""From the files, folders and patterns a user names to the photo files meant, and the name each output gets."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from gallery.adapters.photos.formats import READ_AS_TEXT, SUFFIXES
from gallery.domain.errors import BadPhoto
from gallery.domain.paths import shown
from gallery.domain.selecting import Selection, require_own_targets


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
    them all. A path that exists is no pattern, whatever is in it.

    Args:
        paths: As the user gave them.
        selection: What is taken of them.
        output: The output folder: one inside a folder that is named is not searched.

    Returns:
        For each file its path, and the path of its output below the output folder.

    Raises:
        BadPhoto: If a folder holds no photo, or cannot be listed, a pattern fits none, or all were left out.
        BadArgument: If two different files would get the same output.
    """
    selection = selection or Selection()
    found: dict[tuple[Path, Path], Path] = {}
    common = _common_folder(selection.listed)
    for path in [*paths, *selection.listed]:
        for file, target in _outputs(path, selection, output, common if path in selection.listed else None):
            found.setdefault((target, _resolved(file)), file)
    if not found and (paths or selection.listed):
        raise BadPhoto("No photo is left after --exclude.", "Leave out fewer.")
    chosen = [(file, target) for (target, _), file in found.items()]
    require_own_targets(chosen)
    return chosen


def _outputs(path: Path, selection: Selection, output: Path | None, common: Path | None) -> list[tuple[Path, Path]]:
    """One path's photos and where their outputs go, without those that are left out."""
    skipped = None if output is None else _resolved(output)
    if _is_folder(path):
        files = below(path, skipped) if selection.recursive else _photos_in(path)
        targets = [(file, file.relative_to(path)) for file in files]
    elif _is_pattern(path):
        targets = _fitting(path, skipped)
    else:
        targets = [(path, path.relative_to(common) if common is not None else Path(path.name))]
        return [(file, target) for file, target in targets if not selection.excluded(file)]
    return [(file, target) for file, target in targets if not selection.excluded(target)]


def _common_folder(listed: Sequence[Path]) -> Path | None:
    """The folder that holds all files of a list, as they are written; None where they share none."""
    try:
        return Path(os.path.commonpath([path.parent for path in listed]))
    except ValueError:  # an empty list, or absolute paths among relative ones
        return None


def _is_pattern(path: Path) -> bool:
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def _fitting(pattern: Path, skipped: Path | None) -> list[tuple[Path, Path]]:
    parts = [*pattern.parts]
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:fixed])
    found = [Path(name) for name in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207 - keeps the form given
    photos = [file for file in found if _looks_like_a_photo(file) and not _lies_in(file, skipped)]
    if not photos:
        raise BadPhoto(
            f"No photo fits the pattern {shown(pattern)}.",
            f"Check its spelling; the names must end like a photo's ({READ_AS_TEXT}).",
        )
    photos.sort(key=lambda file: [(_natural(part), part) for part in file.parts])
    return [(file, file.relative_to(root)) for file in photos]


def _lies_in(file: Path, folder: Path | None) -> bool:
    return folder is not None and folder in _resolved(file.parent / "x").parents


def below(folder: Path, skipped: Path | None = None) -> list[Path]:
    """The photo files in a folder and all its subfolders, in natural order; hidden ones and linked folders left out.

    Args:
        folder: Where to look.
        skipped: A subfolder, its links followed, that is not searched.

    Raises:
        BadPhoto: If it is no folder, holds no photo at any depth, or it or a subfolder cannot be listed.
    """
    if not _is_folder(folder):
        raise BadPhoto(f"There is no folder {shown(folder)}.", "Name a folder of photos.")
    photos = _photos_below(folder, skipped)
    if not photos:
        raise BadPhoto(
            f"The folder {shown(folder)} holds no photo.", f"Name a folder that contains photos ({READ_AS_TEXT})."
        )
    return photos


def _photos_below(folder: Path, skipped: Path | None) -> list[Path]:
    entries = _listed(folder)
    found = naturally_sorted(file for file in entries if _looks_like_a_photo(file))
    for entry in naturally_sorted(entries):
        searched = not entry.name.startswith(".") and _is_folder(entry) and not entry.is_symlink()
        if searched and (skipped is None or _resolved(entry) != skipped):
            found += _photos_below(entry, skipped)
    return found


def _photos_in(folder: Path) -> list[Path]:
    photos = [file for file in _listed(folder) if _looks_like_a_photo(file)]
    if not photos:
        raise BadPhoto(
            f"The folder {shown(folder)} holds no photo.",
            f"Name a folder that directly contains photos ({READ_AS_TEXT}), or name the files themselves.",
        )
    return naturally_sorted(photos)


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise BadPhoto(
            f"The folder {shown(folder)} cannot be listed: {error.strerror}.", "Check its permissions."
        ) from error


def _looks_like_a_photo(file: Path) -> bool:
    return not file.name.startswith(".") and file.suffix.lower() in SUFFIXES and not _is_folder(file)


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
