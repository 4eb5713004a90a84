"""Downloads a model's file over HTTP: resumed after a break, hashed before it gets its name.

While a file is on its way it is called `NAME.part`. A break that a few more tries do not mend, or Ctrl-C, leaves that
file, and the next download goes on from its last byte; every other failure removes it. A file under its final name is
always whole and has the hash on record.

What a `.part` file was begun from is not written down, because it does not matter: there is one right content, given
by its hash, and all addresses of a model are addresses of that content. If bytes from before turn out not to belong to
it, the hash says so, and the file is fetched once more from its start. Within one download an entity tag in `If-Range`
spares the detour: a server whose file has changed in between sends all of it.

Because bytes that do not belong to it are thrown away, what has that name must be a plain file of its own: a symbolic
link, a further name of another file, or a pipe is refused.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from pathlib import Path

from gallery.adapters.placing import deleting, folder_of, free_bytes, place, require_room, writing
from gallery.adapters.transfer import Patience, Transfer
from gallery.domain.errors import DownloadFailed, NotWritten
from gallery.domain.models import ModelCard
from gallery.domain.ports import Progress


class HttpDownloader:
    """Brings a model's file from the first of its addresses that has it.

    Args:
        patience: How long to wait, and how often to try.
        free: How many bytes can still be written below a folder.
    """

    def __init__(self, patience: Patience | None = None, free: Callable[[Path], int] = free_bytes) -> None:
        self._patience = patience or Patience()
        self._free = free

    def fetch(self, card: ModelCard, target: Path, progress: Progress) -> None:
        """Downloads a model's file to `target`, all or nothing, going on from `NAME.part` where there is one.

        Raises:
            DownloadFailed: If no address gave the file whose hash is on record, or another process is downloading it.
            NotWritten: If there is no room for it, it could not be written, or `NAME.part` is no plain file of its own.
        """
        if not card.urls:
            raise DownloadFailed(
                f"The registry has no address from which {card.file} could be downloaded.",
                f"Give a file you have: 'gallery models install {card.name} --from FILE'.",
            )
        part = _part(target)
        with writing(part), folder_of(part), _alone(part, card) as file:
            require_room(target, card.size - part.stat().st_size, self._free(part.parent))
            troubles = Transfer(card, file, self._patience, progress).run()
            if troubles:
                raise _failed(card, part, troubles)
            os.fsync(file.fileno())
            place(part, target)

    def left(self, target: Path) -> Path | None:
        """What a download to `target` that broke off has left, to be gone on from; None for nothing."""
        part = _part(target)
        return part if _is_plain(part) else None

    def discard(self, card: ModelCard, target: Path) -> None:
        """Deletes that, if it is there.

        Raises:
            DownloadFailed: If another process is downloading it.
            NotWritten: If it cannot be deleted.
        """
        part = _part(target)
        with deleting(part):
            if _is_plain(part):
                with _locked(part, card):
                    part.unlink(missing_ok=True)


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


@contextmanager
def _alone(part: Path, card: ModelCard) -> Iterator[BufferedRandom]:
    """Opens a `.part` file for this process only; removes it at the end unless it holds the start of the file.

    Raises:
        DownloadFailed: If another process has it.
    """
    with _locked(part, card) as file:
        if os.fstat(file.fileno()).st_nlink > 1:  # what is written would be written to a file of another name, too
            raise _no_plain_file(part)
        try:
            yield file
        except OSError:  # no room, a disk that fails: what was written may be anything
            part.unlink(missing_ok=True)
            raise
        finally:
            if part.exists() and part.stat().st_size == 0:
                part.unlink()


def _locked(part: Path, card: ModelCard) -> BufferedRandom:
    while True:
        file = _opened(part)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise DownloadFailed(
                f"Another process is downloading {card.file} to {part.parent}.", "Wait until it is done."
            ) from error
        if _names(part, file):
            return file
        file.close()  # whoever had it has just finished, and the file has moved on to its final name


def _opened(part: Path) -> BufferedRandom:
    """Opens a file for appending, without following a link or waiting for somebody at the other end of a pipe."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(part, flags, 0o666)
    except OSError as error:
        if os.path.lexists(part) and not _is_plain(part):
            raise _no_plain_file(part) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_plain_file(part)
    return os.fdopen(descriptor, "a+b")


def _is_plain(part: Path) -> bool:
    try:
        return stat.S_ISREG(part.lstat().st_mode)
    except OSError:  # nothing there, a folder that may not be looked into
        return False


def _no_plain_file(part: Path) -> NotWritten:
    return NotWritten(
        f"{part}, to which the download would be written, is a link to something else, or no regular file.",
        "Move it away; only a file that a download has left goes by that name.",
    )


def _names(path: Path, file: BufferedRandom) -> bool:
    """Whether a path still names an open file."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _failed(card: ModelCard, part: Path, troubles: list[str]) -> DownloadFailed:
    kept = part.stat().st_size
    by_hand = f"get the file by hand and run 'gallery models install {card.name} --from FILE'."
    return DownloadFailed(
        f"{card.file} could not be downloaded: {'; '.join(troubles)}.",
        f"The {kept:,} of {card.size:,} bytes that came are kept in {part}, and the same command goes on from there; "
        f"or {by_hand}"
        if kept
        else f"Nothing of it was kept; try again later, or {by_hand}",
    )
