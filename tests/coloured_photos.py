"""Photos that say what their colours mean in every way but by a profile."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from made_photos import RED_GREEN_BLUE, file_of, profile
from oriented_photos import chunk

D65 = (0.3127, 0.3290)
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))


def gradients() -> np.ndarray:
    y, x = np.mgrid[0:64, 0:96]
    made = np.dstack((x * 255 // 95, y * 255 // 63, 255 - (x + y) * 255 // 158)).astype(np.uint8)
    made[:8] = np.linspace(0, 255, 96).astype(np.uint8)[None, :, None]
    return made


def png(*chunks: bytes, made: np.ndarray | Image.Image | None = None) -> bytes:
    data = file_of(gradients() if made is None else made, "PNG")
    place = (data.index(b"PLTE") if b"PLTE" in data else data.index(b"IDAT")) - 4
    return data[:place] + b"".join(chunks) + data[place:]


def gama(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">L", round(exponent * 100_000)))


def chrm(points: tuple[tuple[float, float], ...], white: tuple[float, float] = D65) -> bytes:
    return chunk(b"cHRM", struct.pack(">8L", *(round(v * 100_000) for point in (white, *points) for v in point)))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def avif(primaries: int, transfer: int, matrix: int) -> bytes:
    data = file_of(gradients(), "AVIF", quality=100, subsampling="4:4:4")
    place = data.index(b"nclx") + 4
    return data[:place] + struct.pack(">HHH", primaries, transfer, matrix) + data[place + 6 :]


def iccp(profile_data: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile_data))


GREY = gradients()[..., 1]
COLOURED = {
    **{f"exponent {value}.png": png(gama(value)) for value in (0, 0.01, 0.2, 0.3, 0.45, 0.45455, 0.55556, 1, 2, 10)},
    "primaries alone.png": png(chrm(DISPLAY_P3)),
    "primaries of P3.png": png(gama(0.45455), chrm(DISPLAY_P3)),
    "primaries of ProPhoto.png": png(gama(1 / 1.8), chrm(PROPHOTO, (0.3457, 0.3585))),
    "primaries of sRGB.png": png(gama(1), chrm(RED_GREEN_BLUE)),
    "no primaries.png": png(gama(1), chrm(((0, 0),) * 3, (0, 0))),
    "sRGB first.png": png(chunk(b"sRGB", b"\0"), gama(1)),
    "sRGB last.png": png(gama(1), chunk(b"sRGB", b"\0")),
    "profile and exponent.png": png(iccp(profile(RED_GREEN_BLUE, 2.2)), gama(1)),
    "broken profile and exponent.png": png(iccp(b"junk" * 50), gama(1)),
    "profile and number.png": png(iccp(profile(DISPLAY_P3, 2.2)), cicp(1, 13)),
    "two exponents.png": png(gama(1), gama(0.5)),
    "grey.png": png(gama(1), made=GREY),
    "grey with primaries.png": png(gama(1), chrm(DISPLAY_P3), made=GREY),
    "sixteen bits.png": png(gama(1), made=GREY.astype(np.uint16) * 257),
    "palette.png": png(gama(1), made=Image.fromarray(gradients()).quantize(64)),
    **{
        f"number {primaries} {transfer}.png": png(cicp(primaries, transfer), gama(0.45455))
        for primaries in (1, 5, 6, 9, 11, 12, 22)
        for transfer in (1, 4, 5, 8, 13, 14, 17)
    },
    "unknown numbers.png": png(cicp(2, 2), gama(1)),
    **{
        f"number {primaries} {transfer} {matrix}.avif": avif(primaries, transfer, matrix)
        for primaries, matrix in ((1, 6), (2, 6), (5, 5), (6, 6), (9, 9), (11, 6), (12, 6), (22, 6))
        for transfer in (1, 2, 4, 5, 8, 13, 14, 15)
    },
}
"""Files by name."""
