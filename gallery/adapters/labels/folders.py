"""Folders that say who a photo shows: one for each person."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gallery.adapters.photos.expand import find, naturally_sorted
from gallery.domain.errors import BadArgument, BadLabels, BadPhoto, GalleryError
from gallery.domain.paths import shown
from gallery.domain.people import clean_name, name_key


def _raise(_folder: Path, error: GalleryError) -> None:
    raise error


def people_folders(
    folder: Path, allow_empty: bool = False, refuse: Callable[[Path, GalleryError], None] = _raise
) -> dict[str, tuple[Path, ...]]:
    """Everybody's photos, in natural order, by the name of their folder. Hidden folders are passed over.

    Args:
        folder: Holds a folder for each person.
        allow_empty: Whether a person's folder may hold no photo.
        refuse: Is told of a person's folder that cannot be used, which is left out then. It may raise.

    Returns:
        At least one person, each with at least one photo unless `allow_empty`; nobody where all were refused.

    Raises:
        BadLabels: If there is no such folder, or it holds no folder; to `refuse` if its name cannot be anybody's, or is
            that of another folder.
        BadPhoto: To `refuse`, if a person's folder holds no photo, or cannot be listed.
    """
    people: dict[str, tuple[Path, ...]] = {}
    taken: dict[str, Path] = {}
    subfolders = naturally_sorted(_subfolders(folder))
    for person in subfolders:
        try:
            name = _free(person, taken)
            people[name] = _photos(person, allow_empty)
        except GalleryError as error:
            refuse(person, error)
    if not subfolders:
        raise BadLabels(
            f"{shown(folder)} holds no folders of people.",
            "Name a folder that holds a folder for each person, with their photos inside.",
        )
    return people


def singles(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Photos of different people: each folder is a person's, and so is each photo beside them.

    Raises:
        BadLabels: If there is no such folder, or two folders' names are one.
        BadPhoto: If it holds no photo, or a person's folder does not, or cannot be listed.
    """
    people = people_folders(folder) if has_people_folders(folder) else {}
    try:
        beside = find([folder])
    except BadPhoto:
        if not people:
            raise
        beside = []
    return people | {shown(path): (path,) for path in beside}


def _free(person: Path, taken: dict[str, Path]) -> str:
    """The name of a person's folder, which no folder before it has."""
    name = _name(person)
    other = taken.setdefault(name_key(name), person)
    if other != person:
        raise BadLabels(
            f"The folders {shown(other)} and {shown(person)} have one name.", "Rename one, or join the two."
        )
    return name


def _photos(person: Path, allow_empty: bool) -> tuple[Path, ...]:
    try:
        return tuple(find([person]))
    except BadPhoto:
        if allow_empty:
            return ()
        raise


def has_people_folders(folder: Path) -> bool:
    """Whether there is a folder for at least one person.

    Raises:
        BadLabels: If there is no such folder.
    """
    return bool(_subfolders(folder))


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    except FileNotFoundError as error:
        raise BadLabels(f"There is no folder {shown(folder)}.", "Check its path.") from error
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise BadLabels(f"{shown(folder)} cannot be listed: {cause}.", "Name a folder.") from error


def _name(folder: Path) -> str:
    try:
        return clean_name(os.fsencode(folder.name).decode("utf-8", "backslashreplace"))
    except BadArgument as error:
        raise BadLabels(f"The folder {shown(folder)} cannot be a person's: {error.message}", error.hint) from error
