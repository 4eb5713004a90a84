"""Photos that say in many places and forms which way up they are."""

from __future__ import annotations

import struct
import zlib

from made_photos import drawn, file_of, turned, turned_by_xmp, with_xmp

EXIF = b"Exif\0\0"
BYTE, TEXT, SHORT, LONG, RATIONAL, SIGNED, FLOAT = 1, 2, 3, 4, 5, 8, 11


def tiff(number: int, kind: int = SHORT, count: int = 1, order: str = "<", *more: int) -> bytes:
    """A TIFF header and a directory of one tag, or of several of the same kind (TIFF 6.0, section 2)."""
    numbers = (number, *more)
    packed = [_packed(one, kind, order) * count for one in numbers]
    end = 8 + 2 + 12 * len(numbers) + 4
    entries, extra = b"", b""
    for one in packed:
        field = one.ljust(4, b"\0") if len(one) <= 4 else struct.pack(f"{order}L", end + len(extra))
        entries += struct.pack(f"{order}HHL", 0x0112, kind, count) + field
        extra += one if len(one) > 4 else b""
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HL", 42, 8)
    return head + struct.pack(f"{order}H", len(numbers)) + entries + bytes(4) + extra


def _packed(number: int, kind: int, order: str) -> bytes:
    if kind == TEXT:
        return str(number).encode()
    if kind == RATIONAL:
        return struct.pack(f"{order}LL", number, 1)
    return struct.pack(order + {BYTE: "B", SHORT: "H", LONG: "L", SIGNED: "h", FLOAT: "f"}[kind], number)


def jpeg(*segments: bytes, at: int = 2) -> bytes:
    """A JPEG file with these APP1 segments."""
    data = file_of(drawn(), "JPEG", quality=95, subsampling=0)
    made = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    return data[:at] + made + data[at:]


def png(before: tuple[bytes, ...] = (), after: tuple[bytes, ...] = ()) -> bytes:
    """A PNG file with chunks before and after the picture."""
    data = file_of(drawn(), "PNG")
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    return data[:start] + b"".join(before) + data[start:end] + b"".join(after) + data[end:]


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def raw_profile(name: bytes, content: bytes, packed: bool) -> bytes:
    """A text chunk that holds EXIF data in digits, as ImageMagick writes it."""
    digits = content.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = b"\n" + name + b"\n%8d\n" % len(content) + lines + b"\n"
    key = b"Raw profile type " + name + b"\0"
    return chunk(b"zTXt", key + b"\0" + zlib.compress(text)) if packed else chunk(b"tEXt", key + text)


def webp(*extra: tuple[bytes, bytes], flags: int = 8) -> bytes:
    """A WebP file with more chunks (RFC 9649)."""
    size = b"".join((side - 1).to_bytes(3, "little") for side in (96, 64))
    body = b"WEBP" + _webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size)
    body += file_of(drawn(), "WEBP", lossless=True)[12:] + b"".join(_webp_chunk(*one) for one in extra)
    return b"RIFF" + struct.pack("<L", len(body)) + body


def _webp_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<L", len(content)) + content + bytes(len(content) % 2)


def boxed(kind: str, exif: int, container: int) -> bytes:
    """An AVIF or HEIC file whose EXIF data says one thing and whose container another."""
    made = turned(container)
    if kind == "AVIF":  # Pillow writes no EXIF data that would say no more than the container
        made[0x0131] = "software"
    data = file_of(drawn(), kind, exif=made if kind == "AVIF" else made.tobytes(), quality=95)
    empty = data.index(b"MM\0*\0\0\0\x08") if b"MM\0*\0\0\0\x08" in data else data.index(b"II*\0\x08\0\0\0")
    order = ">" if data[empty : empty + 2] == b"MM" else "<"
    return data[: empty + 10] + tiff(exif, order=order)[10:22] + data[empty + 22 :]


_THUMBNAIL = tiff(6).replace(b"\x12\x01", b"\x13\x01")  # EXIF data without an orientation
_SCAN = file_of(drawn(), "JPEG", quality=95, subsampling=0).index(b"\xff\xda")

BY_BROWSERS: dict[str, tuple[bytes, int, set[int]]] = {
    "usual.jpg": (jpeg(EXIF + tiff(6)), 6, set()),
    "motorola.jpg": (jpeg(EXIF + tiff(8, order=">")), 8, set()),
    "byte.jpg": (jpeg(EXIF + tiff(6, BYTE)), 1, {6}),
    "text.jpg": (jpeg(EXIF + tiff(6, TEXT)), 1, {6}),
    "long.jpg": (jpeg(EXIF + tiff(6, LONG)), 1, {6}),
    "long-motorola.jpg": (jpeg(EXIF + tiff(6, LONG, order=">")), 1, {6}),
    "rational.jpg": (jpeg(EXIF + tiff(6, RATIONAL)), 1, {6}),
    "signed.jpg": (jpeg(EXIF + tiff(6, SIGNED)), 1, {6}),
    "float.jpg": (jpeg(EXIF + tiff(6, FLOAT, order=">")), 1, {6}),
    "two-numbers.jpg": (jpeg(EXIF + tiff(6, SHORT, 2)), 1, {6}),
    "five-numbers.jpg": (jpeg(EXIF + tiff(6, SHORT, 5)), 1, {6}),
    "zero.jpg": (jpeg(EXIF + tiff(0)), 1, set()),
    "nine.jpg": (jpeg(EXIF + tiff(9)), 1, set()),
    "marker-ff.jpg": (jpeg(b"Exif\0\xff" + tiff(6)), 6, {1}),
    "marker-lower-case.jpg": (jpeg(b"exif\0\0" + tiff(6)), 1, {6}),
    "two-segments.jpg": (jpeg(EXIF + tiff(6), EXIF + tiff(3)), 6, {1, 3}),
    "second-segment-only.jpg": (jpeg(EXIF + _THUMBNAIL, EXIF + tiff(6)), 1, {6}),
    "two-tags.jpg": (jpeg(EXIF + tiff(1, SHORT, 1, "<", 6)), 1, {6}),
    "xmp.jpg": (with_xmp(jpeg(), turned_by_xmp(6)), 1, {6}),
    "xmp-utf16.jpg": (with_xmp(jpeg(), turned_by_xmp(6).decode().encode("utf-16")), 1, {6}),
    "exif-and-xmp.jpg": (with_xmp(jpeg(EXIF + tiff(3)), turned_by_xmp(6)), 3, {6}),
    "exif-and-same-xmp.jpg": (with_xmp(jpeg(EXIF + tiff(6)), turned_by_xmp(6)), 6, set()),
    "before-the-scan.jpg": (jpeg(EXIF + tiff(6), at=_SCAN), 6, set()),
    "exif.png": (png((chunk(b"eXIf", tiff(6)),)), 6, {1}),
    "exif-long.png": (png((chunk(b"eXIf", tiff(6, LONG)),)), 1, {6}),
    "exif-marked.png": (png((chunk(b"eXIf", EXIF + tiff(6)),)), 1, {6}),
    "exif-twice.png": (png((chunk(b"eXIf", tiff(6)), chunk(b"eXIf", tiff(3)))), 6, {1, 3}),
    "exif-after.png": (png((), (chunk(b"eXIf", tiff(6)),)), 1, {6}),
    "raw-exif.png": (png((raw_profile(b"exif", EXIF + tiff(6), True),)), 1, {6}),
    "raw-app1.png": (png((raw_profile(b"APP1", EXIF + tiff(6), True),)), 1, {6}),
    "raw-after.png": (png((), (raw_profile(b"exif", EXIF + tiff(6), False),)), 1, {6}),
    "xmp.png": (png((chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + turned_by_xmp(6)),)), 1, {6}),
    "exif.webp": (webp((b"EXIF", tiff(6))), 1, {6}),
    "exif-marked.webp": (webp((b"EXIF", EXIF + tiff(8))), 1, {8}),
    "exif-unannounced.webp": (webp((b"EXIF", tiff(6)), flags=0), 1, {6}),
    "xmp.webp": (webp((b"XMP ", turned_by_xmp(6)), flags=4), 1, {6}),
    "container-and-exif.avif": (boxed("AVIF", 3, 6), 6, {3}),
}
"""Files by name: each with the orientation that browsers go by, and others that some viewer may go by."""
NOT_IN_BROWSERS: dict[str, tuple[bytes, int, set[int]]] = {
    "container-and-exif.heic": (boxed("HEIF", 3, 6), 6, {3}),
    "exif-only.heic": (boxed("HEIF", 6, 1), 1, {6}),
    "long.tif": (tiff(6, LONG), 6, {1}),
}
"""The same of formats that most browsers do not show; the TIFF file has no picture."""
