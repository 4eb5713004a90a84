"""The members of a ZIP file from elsewhere: which there are, and their bytes. Nothing is ever unpacked to disk."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from gallery.adapters.archive_fields import Fault, brief
from gallery.domain.errors import BadArchive
from gallery.domain.paths import shown

LARGEST_DIRECTORY = 64 << 20
"""Bytes of the list of members; enough for a million."""
PIECE = 1 << 20
"""Bytes read at once."""

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
"""Flags of an encrypted member, a strongly encrypted one, and an encrypted list of members (APPNOTE 4.4.4)."""
_AGAIN = "Export it again where it comes from: gallery export FILE"

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
    LookupError,
    OverflowError,
)
"""What `zipfile` raises at damaged files."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns everything that can be wrong with an archive into one sentence.

    Raises:
        BadArchive: If anything is.
    """
    try:
        yield
    except Fault as fault:
        raise BadArchive(f"{shown(path)} cannot be imported: {fault}.", _AGAIN) from fault
    except _UNREADABLE as error:
        raise BadArchive(
            f"{shown(path)} cannot be imported: it is damaged, or not all of it is there.", _AGAIN
        ) from error
    except OSError as error:
        raise BadArchive(
            f"{shown(path)} cannot be read: {error.strerror or error}.", "Check its path and permissions."
        ) from error


def open_members(file: IO[bytes]) -> zipfile.ZipFile:
    """Opens a ZIP file whose members are neither packed nor encrypted, nor lead anywhere.

    Raises:
        Fault: If it is no such file.
    """
    size = file.seek(0, 2)
    _require_end(file, size)
    archive = zipfile.ZipFile(file)
    try:
        members = archive.infolist()
        for member in members:
            _require_plain(member)
        if len({member.filename for member in members}) < len(members):
            raise Fault("two of its members have one name")
        if sum(member.file_size for member in members) > size:
            raise Fault("its members are said to be larger than the file")
    except BaseException:
        archive.close()
        raise
    return archive


def pieces(archive: zipfile.ZipFile, name: str, size: int = PIECE) -> Iterator[bytes]:
    """The bytes of a member, all pieces but the last of the same size.

    Raises:
        Fault: If there is no such member.
    """
    if name not in archive.NameToInfo:
        raise Fault(f"its member {brief(name)} is missing")
    with archive.open(name) as member:
        while piece := member.read(size):
            yield piece


def _require_end(file: IO[bytes], size: int) -> None:
    """Checks that the file ends as a ZIP file without a comment does, and that its list of members is not too long.

    `zipfile` would search for an end farther up, and reads the whole list at once.
    """
    end = _read(file, size - _END.size, _END)
    if end is None or end[0] != b"PK\5\6" or end[-1] != 0:
        raise Fault("it is no archive of a gallery, or its end is missing")
    directory = end[5]
    locator = _read(file, size - _END.size - _END64_LOCATOR.size, _END64_LOCATOR)
    if locator is not None and locator[0] == b"PK\6\7":
        end64 = _read(file, locator[2], _END64)
        if end64 is None or end64[0] != b"PK\6\6":
            raise Fault("it is damaged: its end leads nowhere")
        directory = max(directory if directory != 0xFFFFFFFF else 0, end64[8])
    if directory > min(size, LARGEST_DIRECTORY):
        raise Fault("its list of members is too long")


def _read(file: IO[bytes], place: int, layout: struct.Struct) -> tuple[Any, ...] | None:
    if place < 0:
        return None
    file.seek(place)
    content = file.read(layout.size)
    return layout.unpack(content) if len(content) == layout.size else None


def _require_plain(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
        raise Fault(f"its member {brief(name)} leads outside; nothing of it was written")
    if member.flag_bits & _ENCRYPTED:
        raise Fault(f"its member {brief(name)} is encrypted")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
        raise Fault(f"its member {brief(name)} is packed, which an archive's members never are")
