"""What the searches for residue in the several formats share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Kept = dict[str, Any] | None
"""What may go along (`gallery.adapters.photos.kept_metadata`); None where nothing may."""


class Residue(ValueError):
    """Something in a written file that has no place there; the text is a noun phrase that names it."""


def require(holds: bool, what: str) -> None:
    """Raises `Residue` of that name unless the condition holds."""
    if not holds:
        raise Residue(what)


def named(kind: bytes) -> str:
    """A chunk's or box's letters as text that can be printed."""
    return "".join(chr(byte) if 32 < byte < 127 else f"\\x{byte:02x}" for byte in kind)


def require_covered(data: bytes, spans: Iterable[tuple[int, int]], start: int, end: int) -> None:
    """Checks that every byte from `start` to `end` belongs to a known part; a zero byte may go before an even place.

    Args:
        data: The file's bytes.
        spans: First byte of each part, and the one after its last.
        start: First byte to be accounted for.
        end: The one after the last.
    """
    place = start
    for first, last in sorted(spans):
        require(last <= end, "a part that reaches beyond its end")
        gap = data[place:first]
        require(not gap or _fills(gap, first), f"{len(gap)} bytes that belong to no part of it")
        place = max(place, last)
    rest = data[place:end]
    require(not rest or _fills(rest, end), f"{len(rest)} bytes that belong to no part of it")


def _fills(gap: bytes, following: int) -> bool:
    return gap == b"\0" and following % 2 == 0
