"""Which photos are meant, and what their outputs are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from gallery.domain.errors import BadArgument
from gallery.domain.paths import shown


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken of the paths a user names.

    Attributes:
        recursive: Whether a folder stands for its subfolders' photos, too.
        exclude: Patterns of what is left out, see `fitting`.
        listed: Paths from a list, besides those that are named; their outputs keep their places relative to each other.
    """

    recursive: bool = False
    exclude: tuple[str, ...] = ()
    listed: tuple[Path, ...] = ()

    def fitting(self, place: PurePath, *spellings: PurePath) -> list[str]:
        """The patterns (`*`, `?`, `[…]`) that leave a photo out; upper and lower case count.

        One without a slash fits the name of the file, or of a folder on its way below the folder that was named. One
        with a slash fits a path, or that of a folder on its way, in any of its spellings; `./` before it and a slash
        after it make no difference.

        Args:
            place: Below the folder that was named, or the path as it was given.
            spellings: Other ways to write the path: as it was given, from the root.
        """
        paths = {way.as_posix() for path in (place, *spellings) for way in (path, *path.parents)}
        return [
            pattern
            for pattern in self.exclude
            if any(fnmatchcase(word, _plain(pattern)) for word in (paths if "/" in _plain(pattern) else place.parts))
        ]


def _plain(pattern: str) -> str:
    return pattern.removeprefix("./").rstrip("/") or pattern


def require_own_targets(files: Iterable[tuple[Path, Path]]) -> None:
    """Checks that no two files get the same output, nor one where a disk takes no notice of case or Unicode form.

    Args:
        files: Each with the path of its output below the output folder.

    Raises:
        BadArgument: If two do.
    """
    taken: dict[str, tuple[Path, Path]] = {}
    for file, target in files:
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFD", target.as_posix()).casefold())
        if key not in taken:
            taken[key] = file, target
            continue
        other, its_target = taken[key]
        what = f"would both be written as {shown(target)}"
        if target != its_target:
            what = f"would be written as {shown(its_target)} and {shown(target)}, which many disks do not tell apart"
        raise BadArgument(
            f"{shown(other)} and {shown(file)} {what}.",
            "Rename one of them, or anonymise them in two runs with different output folders.",
        )
