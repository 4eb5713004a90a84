"""Residue in AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gallery.adapters.photos.isobmff import boxes
from gallery.adapters.verifying.residue_parts import Kept, named, require
from gallery.adapters.verifying.residue_tiff import require_exif

_TOP = frozenset((b"ftyp", b"meta", b"mdat"))
_META = frozenset((b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp"))
_PROPERTIES = frozenset((b"ispe", b"pixi", b"av1C", b"hvcC", b"colr", b"auxC", b"clap"))
_CODES = {"AVIF": b"av01", "HEIF": b"hvc1"}
_NAMES = frozenset((b"", b"\0", b"Color\0", b"Alpha\0", b"Exif\0"))  # the last field of an item, a text for people
_HANDLER_NAMES = frozenset((b"", b"\0", b"libavif\0"))
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_LONGEST_BRANDS = 64
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
    require(len(top.get(b"ftyp", b"")) <= _LONGEST_BRANDS, "a long list of brands")
    meta = _unique(top.get(b"meta", b"")[_FULL:], _META)
    handler = meta.get(b"hdlr", b"")
    require(handler[8:12] == b"pict" and not any(handler[12:24]) and handler[24:] in _HANDLER_NAMES, "a named handler")
    items = _items(meta.get(b"iinf", b""))
    main = int.from_bytes(meta.get(b"pitm", b"")[_FULL:])
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
    """The boxes of a piece, which must fill it."""
    length = 0
    for kind, content in boxes(data):
        length += 8 + len(content)
        yield kind, content
    require(length in (len(data), len(data) - 8), "bytes that are no box")  # eight more where one box is over 4 GB long


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
        if kind == b"colr":
            require(content[:4] == b"nclx" and len(content) == 11, "a colour profile")
        elif kind == b"auxC":
            name, _, rest = content[_FULL:].partition(b"\0")
            require(name in _ALPHA and not rest, "an auxiliary picture other than opacity")


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
    end = 0
    for kind, content in boxes(data):
        end += 8 + len(content)
        if kind == b"mdat":
            place = end - len(content)
            for extent in sorted(extents, key=lambda one: one.start):
                require(end - len(content) <= extent.start <= place, "bytes that belong to no item")
                place = max(place, extent.end)
            require(place == end, "bytes that belong to no item")


def _require_exif_item(content: bytes, kept: Kept) -> None:
    """EXIF data in an item begins with how far its header is away (ISO/IEC 23008-12, annex A.2.1)."""
    rest = content[4:]
    away = int.from_bytes(content[:4])
    require(away in (0, 6) and rest[:away] in (b"", b"Exif\0\0"), "EXIF data of an unknown form")
    require_exif(rest[away:], kept)
