"""Residue in TIFF files and in EXIF data, which has the same structure (TIFF 6.0, section 2; CIPA DC-008)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from gallery.adapters.verifying.residue_parts import Kept, Residue, require, require_covered

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}

_COPYRIGHT, _EXIF_IFD, _COLOUR_SPACE = 0x8298, 0x8769, 0xA001
_STRIPS, _STRIP_SIZES = 273, 279
_RESOLUTION = frozenset((282, 283, 296))
# Size, bits, compression, colours, place of the strips, samples, rows per strip, arrangement, predictor, which
# sample is the opacity, and whether samples are numbers without sign. None of them holds a text.
_PICTURE = frozenset((256, 257, 258, 259, 262, _STRIPS, 277, 278, _STRIP_SIZES, 284, 317, 338, 339))
_SHORT, _ASCII = 3, 2
_SRGB = 1


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    value: bytes


@dataclass(frozen=True, slots=True)
class _Directory:
    entries: tuple[_Entry, ...]
    following: int
    spans: tuple[tuple[int, int], ...]


def require_bare_tiff(data: bytes, kept: Kept) -> None:
    """Checks that a TIFF file is one picture and nothing else.

    Allowed are the tags that describe the strips. Every byte must belong to the header, the directory, a value or a
    strip.

    Raises:
        Residue: If there is anything more.
    """
    number = _numbers(data)
    first = _directory(data, number(data[4:8]), number)
    require(first.following == 0, "a second picture")
    _require_tags(first, kept, _PICTURE)
    spans = [(0, 8), *first.spans, *_inner(data, first, number), *_strips(first, number)]
    require_covered(data, spans, 0, len(data))


def require_exif(data: bytes, kept: Kept) -> None:
    """Checks that EXIF data, from its byte order on, holds what may be kept, and nothing else.

    Raises:
        Residue: If there is anything more: a thumbnail, a place, a maker note, a tag that is not on the list.
    """
    number = _numbers(data)
    first = _directory(data, number(data[4:8]), number)
    require(first.following == 0, "a thumbnail")
    _require_tags(first, kept, frozenset())
    require_covered(data, [(0, 8), *first.spans, *_inner(data, first, number)], 0, len(data))


Number = Callable[[bytes], int]


def _numbers(data: bytes) -> Number:
    order = _ORDERS.get(data[:4])
    if order is None:
        raise Residue("an unknown header")

    def number(field: bytes) -> int:
        return int.from_bytes(field, order)

    return number


def _directory(data: bytes, place: int, number: Number) -> _Directory:
    count = number(data[place : place + 2])
    end = place + 2 + 12 * count + 4
    require(0 < place < end <= len(data), "a directory that is cut off")
    entries, spans = [], [(place, end)]
    for at in range(place + 2, end - 4, 12):
        tag, kind, many = number(data[at : at + 2]), number(data[at + 2 : at + 4]), number(data[at + 4 : at + 8])
        require(kind in _SIZES, f"the tag {tag} of an unknown type")
        start, size = at + 8, many * _SIZES[kind]
        if size > 4:
            start = number(data[at + 8 : at + 12])
            spans.append((start, start + size))
        else:
            require(not any(data[start + size : at + 12]), f"bytes behind the value of the tag {tag}")
        entries.append(_Entry(tag, kind, data[start : start + size]))
    require(
        all(a.tag < b.tag for a, b in pairwise(sorted(entries, key=lambda one: one.tag))), "a tag that stands twice"
    )
    return _Directory(tuple(entries), number(data[end - 4 : end]), tuple(spans))


def _strips(directory: _Directory, number: Number) -> list[tuple[int, int]]:
    found = {entry.tag: entry for entry in directory.entries}
    require(_STRIPS in found and _STRIP_SIZES in found, "no strips")
    starts, sizes = (_values(found[tag], number) for tag in (_STRIPS, _STRIP_SIZES))
    require(len(starts) == len(sizes), "strips without a size")
    return [(start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _values(entry: _Entry, number: Number) -> list[int]:
    size = _SIZES[entry.kind]
    return [number(entry.value[at : at + size]) for at in range(0, len(entry.value), size)]


def _require_tags(directory: _Directory, kept: Kept, allowed: frozenset[int]) -> None:
    for entry in directory.entries:
        if entry.tag in allowed:
            require(entry.kind != _ASCII, f"a text in the tag {entry.tag}")
        else:
            require(kept is not None and _may_be_kept(entry, kept), f"the tag {entry.tag}")


def _inner(data: bytes, directory: _Directory, number: Number) -> tuple[tuple[int, int], ...]:
    """The spans of the EXIF directory, if there is one, which may hold nothing but the colour space."""
    pointer = next((entry for entry in directory.entries if entry.tag == _EXIF_IFD), None)
    if pointer is None:
        return ()
    within = _directory(data, number(pointer.value), number)
    require(within.following == 0, "a third directory")
    for entry in within.entries:
        right = entry.tag == _COLOUR_SPACE and entry.kind == _SHORT and number(entry.value) == _SRGB
        require(right, f"the EXIF tag {entry.tag}")
    return within.spans


def _may_be_kept(entry: _Entry, kept: dict[str, Any]) -> bool:
    if entry.tag == _EXIF_IFD:
        return True
    if entry.tag in _RESOLUTION:
        return "dpi" in kept and entry.kind in (_SHORT, 5)
    if entry.tag != _COPYRIGHT or entry.kind != _ASCII:
        return False
    notice = kept.get("copyright")
    texts = (
        {notice.encode(code, "replace") for code in ("ascii", "latin-1", "utf-8")} if isinstance(notice, str) else ()
    )
    return entry.value.removesuffix(b"\0") in texts
