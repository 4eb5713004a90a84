"""A bound on the work that a JPEG file can make.

A progressive JPEG comes in scans, each of which runs over the whole picture and may be a few bytes long (ITU-T T.81,
annex G). Cameras and programs write about ten; a file of some megabytes can be made to hold a hundred thousand, which
would keep the decoder busy for hours.
"""

from __future__ import annotations

import re

MOST = 100
"""Scans that are decoded: at 100 million pixels, measured, about ten seconds' worth."""

_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")  # neither a stuffed byte nor a restart (T.81, B.1.1.2)
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


class TooManyScans(ValueError):
    """A JPEG file that no camera and no honest program wrote."""


def require_few_scans(data: bytes) -> None:
    """Checks the first picture of a JPEG file.

    Args:
        data: The file's bytes.

    Raises:
        TooManyScans: If it has more than `MOST`.
    """
    if data.count(bytes((0xFF, _START_OF_SCAN))) <= MOST:
        return
    scans, place = 0, 2
    while found := _MARKER.search(data, place):
        kind, place = found[1][0], found.end()
        if kind == _END_OF_IMAGE:  # what comes after it, such as a film, is not decoded
            return
        scans += kind == _START_OF_SCAN
        if scans > MOST:
            raise TooManyScans
        place += int.from_bytes(data[place : place + 2])
