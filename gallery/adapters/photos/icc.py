"""ICC profiles of colour spaces that are given by their primaries, their white and a curve."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
"""Chromaticity: x and y of CIE 1931."""

Curve = tuple[float, float, float, float, float]
"""g, a, b, c and d of ICC.1, section 10.18, type 3: `(a·v + b)^g` from d on, `c·v` below."""

SRGB: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
LINEAR: Curve = (1.0, 1.0, 0.0, 0.0, 0.0)

_WHITE_D50 = np.array((0.9642, 1.0, 0.8249))  # of the connection space (ICC.1, section 6.3.4.3)
_BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
_HEADER = 128
_MOST = 32767  # of a fixed-point number


def power(exponent: float) -> Curve:
    """The curve of a plain power.

    Raises:
        ValueError: If a profile cannot hold it.
    """
    if not 0 < exponent < _MOST:
        raise ValueError(f"an exponent of {exponent}")
    return (exponent, 1.0, 0.0, 0.0, 0.0)


def matrix_profile(points: tuple[Point, Point, Point], white: Point, curve: Curve) -> bytes:
    """A profile of three primaries and one curve (ICC.1:2022, annex F.3).

    Args:
        points: Of red, green and blue.
        white: Of all three together.
        curve: From what is stored to light.

    Raises:
        ValueError: If they span no colour space.
    """
    columns = _to_connection_space(points, white).T
    parametric = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _numbers(curve)
    text = b"mluc" + bytes(4) + struct.pack(">LL", 0, 12)
    tags = {b"desc": text, b"cprt": text, b"wtpt": b"XYZ " + bytes(4) + _numbers(_WHITE_D50)}
    tags |= {
        name: b"XYZ " + bytes(4) + _numbers(column)
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), parametric)
    table, content, place = b"", b"", _HEADER + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">LL", place + len(content), len(value))
        content += value
    head = struct.pack(">L4sL4s4s4s", place + len(content), bytes(4), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _numbers(_WHITE_D50) + bytes(48)
    return head + struct.pack(">L", len(tags)) + table + content


def _numbers(values: Curve | NDArray[np.float64]) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _to_connection_space(points: tuple[Point, Point, Point], white: Point) -> NDArray[np.float64]:
    """From linear red, green and blue to XYZ under D50 (SMPTE RP 177, and Bradford's adaptation)."""
    primaries = np.array([(x, y, 1 - x - y) for x, y in points]).T
    if not white[1] or abs(np.linalg.det(primaries)) < 1e-6:
        raise ValueError("primaries that span no colour space")
    light = np.array((white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1]))
    matrix = primaries * np.linalg.solve(primaries, light)
    gains = (_BRADFORD @ _WHITE_D50) / (_BRADFORD @ light)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ matrix
    return adapted
