"""Damages photos at random, reads them, and writes what could be read. Run as a program of its own, because the
decoders are native code: what breaks there ends the process, and what they print goes past Python."""

from __future__ import annotations

import json
import resource
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gallery.adapters.photos.read import read
from gallery.adapters.photos.write import write
from gallery.domain.errors import GalleryError
from gallery.domain.faces import Photo

MAX_PIXELS = 4_000_000
LOSSLESS = frozenset(("PNG", "TIFF", "BMP"))
Chance = np.random.Generator


def _flipped(data: bytearray, chance: Chance, _: bytes) -> None:
    for _number in range(int(chance.integers(1, 33))):
        data[int(chance.integers(len(data)))] ^= 1 << int(chance.integers(8))


def _header_flipped(data: bytearray, chance: Chance, _: bytes) -> None:
    for _number in range(int(chance.integers(1, 9))):
        data[int(chance.integers(min(len(data), 800)))] = int(chance.integers(256))


def _cut(data: bytearray, chance: Chance, _: bytes) -> None:
    del data[int(chance.integers(1, len(data))) :]


def _hole(data: bytearray, chance: Chance, _: bytes) -> None:
    start, size = _piece(data, chance)
    del data[start : start + size]


def _zeroes(data: bytearray, chance: Chance, _: bytes) -> None:
    start, size = _piece(data, chance)
    data[start : start + size] = bytes(size)


def _swapped(data: bytearray, chance: Chance, _: bytes) -> None:
    size = max(1, len(data) // int(chance.integers(4, 200)))
    one, other = sorted(int(number) for number in chance.integers(len(data) // size, size=2))
    if one != other:
        first, second = slice(one * size, (one + 1) * size), slice(other * size, (other + 1) * size)
        data[first], data[second] = data[second], data[first]


def _doubled(data: bytearray, chance: Chance, _: bytes) -> None:
    start, size = _piece(data, chance)
    data[start:start] = data[start : start + size]


def _grafted(data: bytearray, chance: Chance, other: bytes) -> None:
    start, size = _piece(data, chance)
    place = int(chance.integers(len(other)))
    data[start : start + size] = other[place : place + size]


def _piece(data: bytearray, chance: Chance) -> tuple[int, int]:
    return int(chance.integers(len(data))), int(chance.integers(1, max(2, len(data) // 8)))


WAYS: tuple[Callable[[bytearray, Chance, bytes], None], ...] = (
    _flipped,
    _header_flipped,
    _cut,
    _hole,
    _zeroes,
    _swapped,
    _doubled,
    _grafted,
)


def _with_right_sums(data: bytearray) -> None:
    """Makes the checksums of a PNG file right again, so that damage gets past them."""
    place = 8
    while data.startswith(b"\x89PNG") and place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4])
        if end + 4 > len(data):
            return
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4)
        place = end + 4


def damaged(files: list[Path], seed: int) -> bytes:
    """The file that a seed makes of some good ones."""
    chance = np.random.default_rng(seed)
    one, other = (files[int(number)] for number in chance.integers(len(files), size=2))
    data, graft = bytearray(one.read_bytes()), other.read_bytes()
    for way in chance.integers(len(WAYS), size=int(chance.integers(1, 3))):
        if len(data) > 1:
            WAYS[way](data, chance, graft)
    if chance.random() < 0.7:
        _with_right_sums(data)
    return bytes(data)


def tried(path: Path, target: Path) -> str:
    """What became of a file: `refused` or `read`, and then `written`. Whatever else is raised is for the caller."""
    try:
        photo = read(path, MAX_PIXELS)
    except GalleryError as error:
        refusal = error
    else:
        return _written(photo, target)
    _require_a_sentence(refusal, path)
    return "refused"


def _written(photo: Photo, target: Path) -> str:
    pixels = photo.pixels.copy()
    pixels[: pixels.shape[0] // 2, : pixels.shape[1] // 2] = 90
    try:
        write(pixels, photo, target)
    except GalleryError as error:
        refusal = error
    else:
        back = read(target, MAX_PIXELS)
        assert (back.size, back.format) == (photo.size, photo.format)
        if photo.format in LOSSLESS or photo.encoding.get("lossless"):
            assert (back.pixels == pixels).all()
        return "written"
    _require_a_sentence(refusal, target)
    return "read"


def _require_a_sentence(error: GalleryError, path: Path) -> None:
    assert str(path) in error.message, error.message
    assert error.message.endswith("."), error.message
    assert error.message.isprintable(), error.message
    assert error.hint


def main(folder: Path, work: Path, first: int, count: int) -> None:
    """Tries so many seeds and prints, as JSON, how many files had each fate, the slowest, and the memory taken."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    fates: dict[str, int] = {}
    slowest = 0.0
    for seed in range(first, first + count):
        path = work / "damaged"
        path.write_bytes(damaged(files, seed))
        (work / "seed").write_text(str(seed))
        start = time.monotonic()
        fate = tried(path, work / "out")
        slowest = max(slowest, time.monotonic() - start)
        fates[fate] = fates.get(fate, 0) + 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"fates": fates, "slowest": slowest, "memory": memory}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
