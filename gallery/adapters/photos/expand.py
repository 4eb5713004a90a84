"""From the files and folders a user names to the photo files meant, and the name each output gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from gallery.adapters.photos.formats import READ_AS_TEXT, SUFFIXES
from gallery.domain.errors import BadArgument, BadPhoto
from gallery.domain.paths import shown


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


def expand(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """The photo files among files and folders, as `find` gives them, and where each output goes.

    Args:
        paths: As the user gave them.

    Returns:
        For each file its path, and the path of its output below the output folder: the file's own name.

    Raises:
        BadPhoto: If a folder holds no photo, or cannot be listed.
        BadArgument: If two different files would get the same output.
    """
    taken: dict[Path, Path] = {}
    for file in find(paths):
        target = Path(file.name)
        if target in taken:
            raise BadArgument(
                f"{shown(taken[target])} and {shown(file)} would both be written as {shown(target)}.",
                "Rename one of them, or anonymise them in two runs with different output folders.",
            )
        taken[target] = file
    return [(file, target) for target, file in taken.items()]


def below(folder: Path) -> list[Path]:
    """The photo files in a folder and all its subfolders, in natural order; hidden ones and linked folders left out.

    Raises:
        BadPhoto: If it is no folder, holds no photo at any depth, or it or a subfolder cannot be listed.
    """
    if not _is_folder(folder):
        raise BadPhoto(f"There is no folder {shown(folder)}.", "Name a folder of photos.")
    photos = _photos_below(folder)
    if not photos:
        raise BadPhoto(
            f"The folder {shown(folder)} holds no photo.", f"Name a folder that contains photos ({READ_AS_TEXT})."
        )
    return photos


def _photos_below(folder: Path) -> list[Path]:
    entries = _listed(folder)
    found = naturally_sorted(file for file in entries if _looks_like_a_photo(file))
    for entry in naturally_sorted(entries):
        if not entry.name.startswith(".") and _is_folder(entry) and not entry.is_symlink():
            found += _photos_below(entry)
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
