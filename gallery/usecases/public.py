"""Which folders are published, as far as the gallery knows: nothing that names or shows people is written there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gallery.domain.inside import lies_in, require_outside
from gallery.domain.paths import on_disk, places
from gallery.domain.ports import Store


def output_folders(store: Store, gallery: Path | None = None) -> Iterator[Path]:
    """The folders that runs wrote to.

    Args:
        store: The gallery.
        gallery: Its file. A folder that holds it is not published as a whole, or everybody's templates would be; None
            where it is not to be looked for.
    """
    found = dict.fromkeys(place for output, base in store.output_folders() for place in places(output, base))
    for place in found:
        with suppress(OSError):
            folder = on_disk(place)
            if gallery is None or not lies_in(gallery, folder):
                yield folder


def require_private(path: Path, shows: str, folders: Sequence[Path]) -> None:
    """Checks that a file for the operator's eyes is not written into any of those folders.

    Args:
        path: The file, or a folder of such files.
        shows: What it would show, to follow "but".
        folders: Those that are published.

    Raises:
        BadArgument: If it would lie there.
    """
    for folder in folders:
        require_outside(path, folder, shows)
