"""Looks for what a deleted row may have left behind in the bytes of a file."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PIECE = 32
"""Bytes of a template or a crop that are looked for: a part of one betrays it as well as the whole, and 32 bytes of
either are nowhere by chance."""
SHORTEST_NAME = 6
"""Bytes; a shorter name stands in any large file by chance, between the bytes of something else."""
SEPARATOR = bytes(64)
"""What is put between the values of a row, so that no needle begins in one and ends in another."""
AROUND = 16
"""Bytes by which a place that may be in a file is known on either side."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A byte string that must not be in a file.

    Attributes:
        what: What it is, in words.
        content: The bytes.
        allowed: Longer byte strings that hold it and may be there, as another person's name does.
    """

    what: str
    content: bytes
    allowed: tuple[bytes, ...] = ()


def pieces(what: str, blob: bytes) -> list[Needle]:
    """Parts of a template or crop: near the beginning, in the middle, at the end; the whole where it is short."""
    if len(blob) < 4 * PIECE:
        return [Needle(what, blob)]
    places = (len(blob) // 4, len(blob) // 2, len(blob) - PIECE)
    return [Needle(what, blob[place : place + PIECE]) for place in places]


def surroundings(content: bytes, texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """A few bytes around each place where something stands in texts that may be in a file.

    Only a few, because a file holds a long text in several pieces.
    """
    found = set()
    for text in texts:
        place = text.find(content)
        while place >= 0:
            found.add(text[max(0, place - AROUND) : place + len(content) + AROUND])
            place = text.find(content, place + 1)
    return tuple(sorted(found))


def search(path: Path, needles: Iterable[Needle]) -> list[str]:
    """What of the needles is in a file, in words; nothing where there is no such file, or it is empty."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return []
    if not size:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [needle.what for needle in needles if is_in(content, needle)]


def is_in(content: mmap.mmap | bytes, needle: Needle) -> bool:
    """Whether a needle is in some bytes other than where it may be."""
    place = content.find(needle.content)
    while place >= 0:
        if not any(_surrounds(content, place, needle.content, allowed) for allowed in needle.allowed):
            return True
        place = content.find(needle.content, place + 1)
    return False


def _surrounds(content: mmap.mmap | bytes, place: int, inner: bytes, outer: bytes) -> bool:
    """Whether the bytes found at a place are part of a longer string that may be there."""
    offset = outer.find(inner)
    while offset >= 0:
        start = place - offset
        if start >= 0 and content[start : start + len(outer)] == outer:
            return True
        offset = outer.find(inner, offset + 1)
    return False
