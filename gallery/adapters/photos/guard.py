"""Pillow's process-wide switches, set only while it works for this program.

Pillow reports doubtful files as Python warnings and to its logger, and keeps its limits in module variables. All of
them belong to the whole process, which may be somebody else's program, so they are put back afterwards.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageFile

from gallery.adapters.forking import ForkedLock, in_every_child
from gallery.adapters.photos.quiet_tiff import restore, silence

_lock = ForkedLock()
_limits: list[int] = []
_logger, _nowhere = logging.getLogger("PIL"), logging.NullHandler()  # what nobody handles would be printed
_restore: list[tuple[warnings.catch_warnings[None], int | None, bool, list[Any]]] = []


@contextmanager
def pillow_guarded(max_pixels: int) -> Iterator[None]:
    """Makes Pillow and libtiff silent about doubtful files, and Pillow strict about cut-off and oversized ones.

    Within, a picture that is far too large raises `Image.DecompressionBombWarning` or `Image.DecompressionBombError`
    when it is opened. Threads may be inside together: the first one in sets the switches and the last one out puts them
    back. Pillow has one limit for all of them, the highest; so who opens a picture also asks `require_within`.

    Args:
        max_pixels: Width times height of the largest picture allowed.
    """
    _enter(max_pixels)
    try:
        yield
    finally:
        _leave(max_pixels)


def require_within(image: Image.Image, max_pixels: int) -> None:
    """Checks that an opened picture is not too large to be decoded.

    Raises:
        Image.DecompressionBombError: If it is.
    """
    if image.width * image.height > max_pixels:
        raise Image.DecompressionBombError


def _begin_again() -> None:
    """Puts the switches back in a forked child: the threads that were inside are not there, so none of them leaves."""
    if _restore:
        _limits[:] = _limits[:1]
        _leave(_limits[0])


in_every_child(_begin_again)


def _enter(max_pixels: int) -> None:
    with _lock:
        _limits.append(max_pixels)
        if len(_limits) > 1:
            Image.MAX_IMAGE_PIXELS = max(_limits)
            return
        caught = warnings.catch_warnings()
        _restore.append((caught, Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, silence()))
        _logger.addHandler(_nowhere)
        caught.__enter__()
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = max_pixels
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _leave(max_pixels: int) -> None:
    with _lock:
        _limits.remove(max_pixels)
        if _limits:
            Image.MAX_IMAGE_PIXELS = max(_limits)
            return
        caught, Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, handlers = _restore.pop()
        restore(handlers)
        _logger.removeHandler(_nowhere)
        caught.__exit__(None, None, None)
