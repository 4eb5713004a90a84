"""Photo files of every kind that the tests need, made on the spot."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.photos.read import read
from gallery.domain.faces import Photo

ORIENTATION = 0x0112
RED_GREEN_BLUE = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))  # sRGB


UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    # CIPA DC-008, tag 0x0112, written out for arrays
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a[::-1].transpose(1, 0, 2),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a[:, ::-1].transpose(1, 0, 2),
}
"""What turns a photo of each orientation upright."""


def drawn(width: int = 96, height: int = 64) -> np.ndarray:
    """Soft colours with a few hard edges, as a photo has them; no two orientations are the same."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.dstack((128 + 100 * np.sin(x / 17), 128 + 90 * np.cos(y / 13), 60 + x + y / 2))
    picture[height // 4 : height // 2, width // 3 : width // 2] = (230, 40, 30)
    return picture.clip(0, 255).astype(np.uint8)


def opacity(width: int = 96, height: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return ((x * 3 + y) % 256).astype(np.uint8)


def file_of(picture: Image.Image | np.ndarray, kind: str, **options: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if kind == "HEIF":
        return heic([image], **options)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def several(pictures: list[np.ndarray], kind: str, **options: Any) -> bytes:
    """A file of several pictures: pages, an animation, a burst."""
    images = [Image.fromarray(picture) for picture in pictures]
    if kind == "HEIF":
        return heic(images, **options)
    return file_of(images[0], kind, save_all=True, append_images=images[1:], **options)


def heic(images: list[Image.Image], **options: Any) -> bytes:
    file = pillow_heif.from_pillow(images[0])
    for image in images[1:]:
        file.add_from_pillow(image)
    buffer = io.BytesIO()
    file.save(buffer, format="HEIF", **{"quality": 95} | options)
    return buffer.getvalue()


def ten_bit_heic(levels: np.ndarray, **options: Any) -> bytes:
    """A picture of 10 bits; `levels` are `(height, width, 3) uint16`, full at 65535."""
    height, width = levels.shape[:2]
    file = pillow_heif.from_bytes("RGB;16", (width, height), levels.astype("<u2").tobytes())
    buffer = io.BytesIO()
    file.save(buffer, format="HEIF", **{"quality": 95} | options)
    return buffer.getvalue()


def ten_bit_avif(levels: np.ndarray) -> bytes:
    """The same as AVIF, which Pillow does not write in ten bits; `levels` are full at 1023."""
    import cv2

    options = [cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 95, cv2.IMWRITE_AVIF_SPEED, 9]
    done, data = cv2.imencode(".avif", np.ascontiguousarray(levels[..., ::-1].astype(np.uint16)), options)
    assert done
    return data.tobytes()


def turned(orientation: int) -> Image.Exif:
    """EXIF data that says how the picture lies."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def turned_by_xmp(orientation: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>'
    ) % orientation


def jpegs_in_one(pictures: list[bytes], kinds: list[int]) -> bytes:
    """JPEG files one after the other, the first with a list of all (CIPA DC-007).

    Args:
        pictures: The files.
        kinds: The type code of each (section 5.2.3.3), such as 0x010001 for a preview.
    """
    length = 4 + 8 + 2 + 12 * 3 + 4 + 16 * len(pictures)
    place = 2 + 4 + 4  # of the list's TIFF header: after SOI, the marker with its length, and `MPF\0`
    first = len(pictures[0]) + 4 + length
    entries, start = b"", 0
    for number, (picture, kind) in enumerate(zip(pictures, kinds, strict=True)):
        size = first if number == 0 else len(picture)
        entries += struct.pack("<LLLHH", kind, size, 0 if number == 0 else start - place, 0, 0)
        start += size
    directory = struct.pack("<H", 3)
    directory += struct.pack("<HHL4s", 0xB000, 7, 4, b"0100")
    directory += struct.pack("<HHLL", 0xB001, 4, 1, len(pictures))
    directory += struct.pack("<HHLL", 0xB002, 7, len(entries), 8 + 2 + 12 * 3 + 4)
    index = b"II*\0" + struct.pack("<L", 8) + directory + bytes(4) + entries
    segment = b"\xff\xe2" + struct.pack(">H", length + 2) + b"MPF\0" + index
    assert len(segment) == 4 + length
    return pictures[0][:2] + segment + pictures[0][2:] + b"".join(pictures[1:])


def with_xmp(jpeg: bytes, text: bytes) -> bytes:
    content = b"http://ns.adobe.com/xap/1.0/\0" + text
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def profile(
    points: tuple[tuple[float, float], ...], gamma: float | None = None, white: tuple[float, float] = (0.3127, 0.3290)
) -> bytes:
    """An ICC profile of a screen (ICC.1): three primaries, and sRGB's curve or a power of its own.

    The columns are adapted from the white point to D50 by Bradford's matrix, as ICC.1 annex E asks.
    """
    to_cone = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in points]).T
    light = np.array((white[0] / white[1], 1, (1 - sum(white)) / white[1]))
    d50 = np.array((0.9642, 1.0, 0.8249))
    scaled = columns * np.linalg.solve(columns, light)
    adapted = np.linalg.inv(to_cone) @ np.diag((to_cone @ d50) / (to_cone @ light)) @ to_cone @ scaled

    def numbers(values: Any) -> bytes:
        return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    if gamma is None:
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
        curve += numbers((2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": text + bytes(-len(text) % 4), b"wtpt": b"XYZ " + bytes(4) + numbers(d50)}
    tags |= {name: b"XYZ " + bytes(4) + numbers(adapted[:, at]) for at, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    place, table, content = 128 + 4 + 12 * len(tags), b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", place + len(content), len(value))
        content += value
    head = struct.pack(">I4sI4s4s4s", place + len(content), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + numbers(d50) + bytes(48)
    assert len(head) == 128
    return head + struct.pack(">I", len(tags)) + table + content


def one_of_each() -> dict[str, bytes]:
    """A file of every kind that is read."""
    picture, grey, clear = drawn(), drawn()[..., 1], np.dstack((drawn(), opacity()))
    wide = drawn().astype(np.uint16) * 257
    pages = [drawn(), 255 - drawn(), drawn()[::-1]]
    made = {f"rgb.{kind}": file_of(picture, kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")}
    made |= {f"grey.{kind}": file_of(grey, kind) for kind in ("JPEG", "PNG", "TIFF", "AVIF", "HEIF")}
    made |= {f"clear.{kind}": file_of(clear, kind) for kind in ("PNG", "WEBP", "TIFF", "AVIF", "HEIF")}
    made |= {f"several.{kind}": several(pages, kind) for kind in ("GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "MPO")}
    made |= {f"{name}.TIFF": file_of(picture, "TIFF", compression=name) for name in ("jpeg", "tiff_lzw", "packbits")}
    turning = file_of(picture, "JPEG", exif=turned(6), progressive=True)
    return made | {
        "rgb.HEIF": file_of(picture, "HEIF"),
        "turned.HEIF": file_of(picture, "HEIF", exif=turned(6).tobytes()),
        "lossless.WEBP": file_of(picture, "WEBP", lossless=True),
        "ten.HEIF": ten_bit_heic(wide),
        "ten.AVIF": ten_bit_avif(drawn().astype(np.uint16) * 4),
        "cmyk.JPEG": file_of(Image.fromarray(picture).convert("CMYK"), "JPEG"),
        "sixteen.PNG": file_of(wide[..., 0], "PNG"),
        "profile.PNG": file_of(picture, "PNG", icc_profile=profile(RED_GREEN_BLUE, 2.2)),
        "turned.JPEG": turning,
        "map.JPEG": jpegs_in_one([turning, with_xmp(turning, b"hdrgm:Version")], [0x030000, 0]),
    }


def photo_of(folder: Path, data: bytes, name: str = "photo") -> Photo:
    """What is read from a file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return read(path, 10**7)


def written_again(folder: Path, pixels: np.ndarray, like: Photo, wanted: Wanted | None = None) -> Photo:
    """What is read from the file that is written of a picture."""
    return photo_of(folder, encode(pixels, like, wanted), "written")


def painted(pixels: np.ndarray) -> np.ndarray:
    """A picture changed in one place, as by blurring a face."""
    changed = pixels.copy()
    changed[8:24, 16:40] = (90, 91, 92)
    return changed


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far the levels of two pictures lie apart."""
    return np.abs(one.astype(int) - other.astype(int))
