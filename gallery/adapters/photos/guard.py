"""Pillow's process-wide switches, set only while it works for this program.

Pillow reports doubtful files as Python warnings and keeps its limits in module variables. Both belong to the whole
process, which may be somebody else's program, so they are put back afterwards.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageFile

from gallery.adapters.photos.quiet_tiff import restore, silence

_lock = threading.Lock()
_inside = 0
_restore: list[tuple[warnings.catch_warnings[None], int | None, bool, list[Any]]] = []


@contextmanager
def pillow_guarded(max_pixels: int) -> Iterator[None]:
    """Makes Pillow and libtiff silent about doubtful files, and Pillow strict about cut-off and oversized ones.

    Within, a picture of more than `max_pixels` pixels raises `Image.DecompressionBombWarning` or
    `Image.DecompressionBombError`. Threads may be inside together: the first one in sets the switches and the last
    one out puts them back.

    Args:
        max_pixels: Width times height of the largest picture allowed; that of the first one in counts for all.
    """
    _enter(max_pixels)
    try:
        yield
    finally:
        _leave()


def _enter(max_pixels: int) -> None:
    global _inside  # noqa: PLW0603 - the state guarded is the process's own
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        caught = warnings.catch_warnings()
        _restore.append((caught, Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, silence()))
        caught.__enter__()
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = max_pixels
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _leave() -> None:
    global _inside  # noqa: PLW0603 - as above
    with _lock:
        _inside -= 1
        if _inside:
            return
        caught, Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, handlers = _restore.pop()
        restore(handlers)
        caught.__exit__(None, None, None)
