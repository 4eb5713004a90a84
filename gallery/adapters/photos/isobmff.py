"""What the container of AVIF and HEIF files says of the pictures in it (ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

_PICTURES = frozenset((b"av01", b"hvc1", b"grid", b"iden", b"iovl", b"jpeg", b"unci", b"tmap"))
_GAIN_MAP = b"tmap"  # ISO/IEC 23008-12, amendment 1: a picture computed from a base and a gain map
_PARTS = frozenset((b"dimg", b"thmb", b"auxl"))
_OPACITY = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_METADATA = frozenset((b"Exif", b"mime"))
_FULL = 4  # version and flags of a full box

Properties = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Container:
    """What a file holds besides its main picture.

    Attributes:
        pictures: How many pictures stand for themselves, the main one included; at least 1.
        gain_map: Whether there is one, for screens of high dynamic range.
        helpers: Whether there are thumbnails or auxiliary pictures other than opacity, such as a depth map or a matte.
        sequence: Whether there are tracks: a film, a burst, an animation.
        properties: Those of the main picture, by their four letters, such as `colr` or `av1C`.
    """

    pictures: int
    gain_map: bool
    helpers: bool
    sequence: bool
    properties: Properties


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a piece of such a file: the four letters of each, and its content. Stops where they make none."""
    for kind, _, start, end in box_spans(data):
        yield kind, data[start:end]


def box_spans(data: bytes) -> Iterator[tuple[bytes, int, int, int]]:
    """Of each box its four letters, where its header starts, where its content starts, and where both end."""
    place = 0
    while place + 8 <= len(data):
        size, kind, start = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8], place + 8
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8]), start + 8
        end = len(data) if size == 0 else place + size
        if end < start or end > len(data):
            return
        yield kind, place, start, end
        place = end


def container(data: bytes) -> Container:
    """What a file of this kind holds; of one that is damaged, as much as can be seen."""
    top = dict(boxes(data))
    meta = dict(boxes(top.get(b"meta", b"")[_FULL:]))
    items = _items(meta.get(b"iinf", b""))
    references = list(_references(meta.get(b"iref", b"")))
    parts = {item for kind, source, targets in references for item in _parts(kind, source, targets)}
    shown = [item for item, (kind, hidden) in items.items() if kind in _PICTURES and not hidden and item not in parts]
    gain_map = any(kind == _GAIN_MAP for kind, _ in items.values())
    main = _number(meta.get(b"pitm", b""))
    iprp = meta.get(b"iprp", b"")
    if gain_map:  # the computed picture and its base are one picture
        shown = [item for item in shown if items[item][0] != _GAIN_MAP and item != main]
        shown.append(main)
    return Container(
        pictures=max(1, len(shown)),
        gain_map=gain_map,
        helpers=any(
            kind == b"thmb" or (kind == b"auxl" and not _is_opacity(_properties(iprp, source)))
            for kind, source, _ in references
        ),
        sequence=b"moov" in top,
        properties=_properties(iprp, main),
    )


def codings(data: bytes) -> frozenset[bytes]:
    """The kinds of all items, by their four letters."""
    meta = dict(boxes(dict(boxes(data)).get(b"meta", b"")[_FULL:]))
    return frozenset(kind for kind, _ in _items(meta.get(b"iinf", b"")).values())


def metadata_items(data: bytes) -> Iterator[bytes]:
    """The content of every item of EXIF data or XMP, whichever picture it belongs to."""
    meta = dict(boxes(dict(boxes(data)).get(b"meta", b"")[_FULL:]))
    kinds = _items(meta.get(b"iinf", b""))
    places = {1: meta.get(b"idat", b"")}
    for item, method, start, length in _extents(meta.get(b"iloc", b"")):
        if kinds.get(item, (b"", False))[0] in _METADATA:
            whole = places.get(method, data)
            yield whole[start : start + length] if length else whole[start:]


def _extents(iloc: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Of each piece of an item its item, method, place and length (ISO/IEC 14496-12, section 8.11.3)."""
    if len(iloc) < 6 or iloc[0] > 2:
        return
    version, stream = iloc[0], io.BytesIO(iloc[6:])
    sizes = iloc[4] >> 4, iloc[4] & 15, iloc[5] >> 4, iloc[5] & 15 if version else 0
    wide = 4 if version == 2 else 2

    def take(size: int) -> int:
        return int.from_bytes(stream.read(size))

    for _ in range(take(wide)):
        item, method = take(wide), take(2) & 15 if version else 0
        base = take(2) * 0 + take(sizes[2])
        for _ in range(take(2)):
            if stream.tell() >= len(iloc):
                return
            take(sizes[3])
            yield item, method, base + take(sizes[0]), take(sizes[1])


def _is_opacity(properties: Properties) -> bool:
    return properties.get(b"auxC", b"")[_FULL:].startswith(_OPACITY)


def _number(pitm: bytes) -> int:
    wide = pitm[:1] not in (b"", b"\0")
    return int.from_bytes(pitm[_FULL : _FULL + (4 if wide else 2)])


def _items(iinf: bytes) -> dict[int, tuple[bytes, bool]]:
    """The kind of each item, and whether it is hidden."""
    count = 2 if iinf[:1] == b"\0" else 4
    found = {}
    for kind, entry in boxes(iinf[_FULL + count :]):
        if kind != b"infe" or entry[:1] not in (b"\2", b"\3"):
            continue
        wide = 2 if entry[0] == 2 else 4
        number = int.from_bytes(entry[_FULL : _FULL + wide])
        found[number] = (entry[_FULL + wide + 2 : _FULL + wide + 6], bool(entry[3] & 1))
    return found


def _references(iref: bytes) -> Iterator[tuple[bytes, int, list[int]]]:
    wide = 2 if iref[:1] == b"\0" else 4
    for kind, entry in boxes(iref[_FULL:]):
        count = int.from_bytes(entry[wide : wide + 2])
        numbers = entry[wide + 2 : wide + 2 + wide * count]
        targets = [int.from_bytes(numbers[place : place + wide]) for place in range(0, len(numbers), wide)]
        yield kind, int.from_bytes(entry[:wide]), targets


def _parts(kind: bytes, source: int, targets: list[int]) -> list[int]:
    """The items that a reference makes a part of another: of `dimg` what is derived from, of the others the helper."""
    if kind not in _PARTS:
        return []
    return targets if kind == b"dimg" else [source]


def _properties(iprp: bytes, item: int) -> Properties:
    inside = dict(boxes(iprp))
    listed = list(boxes(inside.get(b"ipco", b"")))
    chosen = [listed[index - 1] for index in _associated(inside.get(b"ipma", b""), item) if 0 < index <= len(listed)]
    found: Properties = {}
    for kind, content in chosen:
        found.setdefault(kind + content[:4] if kind == b"colr" else kind, content)
    return found


def _associated(ipma: bytes, item: int) -> list[int]:
    if len(ipma) < 8:
        return []
    number, wide = (2 if ipma[0] == 0 else 4), (2 if ipma[3] & 1 else 1)
    place = 8
    for _ in range(int.from_bytes(ipma[_FULL:8])):
        if place + number >= len(ipma):
            break
        owner, count = int.from_bytes(ipma[place : place + number]), ipma[place + number]
        place += number + 1
        numbers = ipma[place : place + count * wide]
        place += count * wide
        if owner == item:
            mask = (1 << (8 * wide - 1)) - 1  # the highest bit says whether the property is essential
            return [int.from_bytes(numbers[at : at + wide]) & mask for at in range(0, len(numbers), wide)]
    return []
