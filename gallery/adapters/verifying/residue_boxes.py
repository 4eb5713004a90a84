"""Residue in AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gallery.adapters.photos.isobmff import box_spans
from gallery.adapters.verifying.residue_parts import Kept, named, require
from gallery.adapters.verifying.residue_tiff import require_exif

_TOP = frozenset((b"ftyp", b"meta", b"mdat"))
_META = frozenset((b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp"))
_CODES = {"AVIF": b"av01", "HEIF": b"hvc1"}
_NAMES = frozenset((b"", b"\0", b"Color\0", b"Alpha\0", b"Exif\0"))  # the last field of an item, a text for people
_HANDLER_NAMES = frozenset((b"", b"\0", b"libavif\0"))
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_BRANDS = frozenset((b"avif", b"mif1", b"miaf", b"MA1A", b"MA1B", b"mif2", b"heic", b"heix", b"msf1", b"tmap"))
_FULL = 4  # version and flags of a full box


@dataclass(frozen=True, slots=True)
class _Extent:
    item: int
    start: int
    end: int


def require_bare_boxes(data: bytes, kind: str, kept: Kept) -> None:
    """Checks that an AVIF or HEIC file is one picture, with its opacity, and nothing else.

    Every byte of the media data must belong to an item, every item must be the picture, its opacity or, where
    something may be kept, EXIF data.

    Args:
        data: The file's bytes.
        kind: `AVIF` or `HEIF`.
        kept: What may be kept.

    Raises:
        Residue: If there is anything more: XMP, a thumbnail, a depth map, a colour profile, a second picture.
    """
    top = _unique(data, _TOP)
    brands = top.get(b"ftyp", b"")
    named_brands = {brands[:4], *(brands[place : place + 4] for place in range(8, len(brands), 4))}
    require(named_brands <= _BRANDS and not any(brands[4:8]), "an unknown brand")
    meta = _unique(top.get(b"meta", b"")[_FULL:], _META)
    handler = meta.get(b"hdlr", b"")
    require(handler[8:12] == b"pict" and not any(handler[12:24]) and handler[24:] in _HANDLER_NAMES, "a named handler")
    items = _items(meta.get(b"iinf", b""))
    main = int.from_bytes(meta.get(b"pitm", b"")[_FULL:])
    require(len(meta.get(b"pitm", b"")) == _FULL + 2, "a strange main item")
    require(items.get(main) == _CODES[kind], "no picture")
    _require_properties(meta.get(b"iprp", b""))
    extents = list(_extents(meta.get(b"iloc", b"")))
    require({extent.item for extent in extents} == set(items), "an item that has no content")
    _require_items(items, main, meta.get(b"iref", b""), kept)
    _require_media_covered(data, extents)
    for extent in extents:
        if items[extent.item] == b"Exif":
            _require_exif_item(data[extent.start : extent.end], kept)


def _whole(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a piece, which must fill it to the last byte."""
    filled = 0
    for kind, _, start, filled in box_spans(data):
        yield kind, data[start:filled]
    require(filled == len(data), "bytes that are no box")


def _unique(data: bytes, allowed: Iterable[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for kind, content in _whole(data):
        require(kind in allowed, f"a box {named(kind)}")
        require(kind not in found, f"a second box {named(kind)}")
        found[kind] = content
    return found


def _items(iinf: bytes) -> dict[int, bytes]:
    """The kind of each item (ISO/IEC 14496-12, section 8.11.6)."""
    found: dict[int, bytes] = {}
    for kind, entry in _whole(iinf[_FULL + (2 if iinf[:1] == b"\0" else 4) :]):
        require(kind == b"infe" and entry[:1] in (b"\2", b"\3"), "an item of an unknown form")
        wide = 2 if entry[0] == 2 else 4
        rest = entry[_FULL + wide + 2 :]
        require(rest[4:] in _NAMES, "an item with a name")
        require(not any(entry[_FULL + wide : _FULL + wide + 2]), "a protected item")
        found[int.from_bytes(entry[_FULL : _FULL + wide])] = rest[:4]
    return found


def _require_items(items: dict[int, bytes], main: int, iref: bytes, kept: Kept) -> None:
    references = {(int.from_bytes(entry[:2]), kind): entry[2:] for kind, entry in _whole(iref[_FULL:])}
    to_main = b"\0\1" + main.to_bytes(2)
    helpers = {item: kind for item, kind in items.items() if item != main}
    for item, kind in helpers.items():
        of_picture = kind == items[main]
        require(of_picture or (kind == b"Exif" and kept is not None), f"an item {named(kind)}")
        relation = b"auxl" if of_picture else b"cdsc"
        require(references.pop((item, relation), b"") == to_main, "a second picture")
    require(len(set(helpers.values())) == len(helpers), "a second picture")
    require(not references, "a reference to more")


def _require_properties(iprp: bytes) -> None:
    inside = _unique(iprp, (b"ipco", b"ipma"))
    for kind, content in _whole(inside.get(b"ipco", b"")):
        require(kind in _PROPERTIES, f"a property {named(kind)}")
        require(_PROPERTIES[kind](content), f"more than belongs into a property {named(kind)}")
    require(_association_ends(inside.get(b"ipma", b"")), "bytes behind its list of properties")


def _is_colour(content: bytes) -> bool:
    require(content[:4] == b"nclx" and len(content) == 11, "a colour profile")
    return True


def _is_opacity(content: bytes) -> bool:
    name, _, rest = content[_FULL:].partition(b"\0")
    require(name in _ALPHA and not rest, "an auxiliary picture other than opacity")
    return True


def _is_hevc(content: bytes) -> bool:
    """Parameter sets alone, which end with the box (ISO/IEC 14496-15, section 8.3.3.1)."""
    place = 23
    for _ in range(content[22]):
        require(content[place] & 0x3F in _PARAMETER_SETS, "a message beside the picture")
        units, place = int.from_bytes(content[place + 1 : place + 3]), place + 3
        for _ in range(units):
            place += 2 + int.from_bytes(content[place : place + 2])
    return place == len(content)


def _association_ends(ipma: bytes) -> bool:
    """Whether the list of each item's properties fills its box (ISO/IEC 14496-12, section 8.11.14)."""
    wide, place = 2 if ipma[3] & 1 else 1, _FULL + 4
    for _ in range(int.from_bytes(ipma[_FULL : _FULL + 4])):
        place += 3 + wide * ipma[place + 2]
    return ipma[0] == 0 and place == len(ipma)


_PARAMETER_SETS = frozenset((32, 33, 34))  # of video, sequence and picture (ITU-T H.265, table 7-1)
_PROPERTIES: dict[bytes, Callable[[bytes], bool]] = {
    b"ispe": lambda content: len(content) == _FULL + 8,
    b"pixi": lambda content: len(content) == _FULL + 1 + content[_FULL],
    b"av1C": lambda content: len(content) == 4,
    b"hvcC": _is_hevc,
    b"colr": _is_colour,
    b"auxC": _is_opacity,
    b"clap": lambda content: len(content) == 32,
}
"""The properties that a picture needs, each with whether it holds what belongs into it, and nothing else."""


def _extents(iloc: bytes) -> Iterator[_Extent]:
    """Where the items lie in the file (ISO/IEC 14496-12, section 8.11.3), in the two versions that are written."""
    require(len(iloc) >= 8 and iloc[0] in (0, 1), "a list of places of an unknown form")
    sizes = iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4, iloc[5] & 15
    place = 6

    def take(size: int) -> int:
        nonlocal place
        require(place + size <= len(iloc), "a list of places that is cut off")
        place += size
        return int.from_bytes(iloc[place - size : place])

    for _ in range(take(2)):
        item = take(2)
        method = take(2) if iloc[0] == 1 else 0
        require(method == 0 and take(2) == 0, "an item that lies elsewhere")
        base = take(sizes[2])
        for _ in range(take(2)):
            take(sizes[3] if iloc[0] == 1 else 0)
            start = base + take(sizes[0])
            yield _Extent(item, start, start + take(sizes[1]))
    require(place == len(iloc), "bytes behind its list of places")


def _require_media_covered(data: bytes, extents: list[_Extent]) -> None:
    for kind, _, start, end in box_spans(data):
        if kind == b"mdat":
            place = start
            for extent in sorted(extents, key=lambda one: one.start):
                require(start <= extent.start <= place, "bytes that belong to no item")
                place = max(place, extent.end)
            require(place == end, "bytes that belong to no item")


def _require_exif_item(content: bytes, kept: Kept) -> None:
    """EXIF data in an item begins with how far its header is away (ISO/IEC 23008-12, annex A.2.1)."""
    rest = content[4:]
    away = int.from_bytes(content[:4])
    require(away in (0, 6) and rest[:away] in (b"", b"Exif\0\0"), "EXIF data of an unknown form")
    require_exif(rest[away:], kept)
