"""The machine: clocks, memory, and what it reaches with nothing around it."""

from __future__ import annotations

import io
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gallery.adapters.cores import usable_cores
from gallery.domain.benching import Limits, Spent

SIDE = 2048
"""Of the matrices that are multiplied: large enough that the product is as fast as it gets."""
COPIED = 256 * 2**20
"""Bytes that are copied: several times any cache."""
ROUNDS = 5
"""Of which the fastest counts, as other work on the machine only ever slows down."""
SAMPLE = 8
"""Photos that JPEG is measured on."""
QUALITY = 92
"""Of JPEGs made of photos in other formats."""


class ThisMachine:
    """The port `gallery.domain.benching.Machine`, here."""

    @property
    def cores(self) -> int:
        """How many this process may use."""
        return usable_cores()

    def now(self) -> Spent:
        """By the monotonic clock, by this process's own with all its threads, and by the kernel's of the cores."""
        return Spent(time.perf_counter(), time.process_time(), _busy())

    def peak_memory(self) -> int:
        """The most memory, in bytes, that this process has held so far."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak  # kilobytes elsewhere: getrusage(2)

    def limits(self, photos: Sequence[Path]) -> Limits:
        """Measures all of them, which takes a few seconds."""
        decoding, encoding = jpeg_rates(photos)
        return Limits(matrix_rate(), copy_rate(), decoding, encoding)


def matrix_rate() -> float:
    """Floating-point operations a second of NumPy's float32 product of two square matrices."""
    a, b = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32)
    return 2 * SIDE**3 / _fastest(lambda: a @ b)


def copy_rate() -> float:
    """Bytes a second, read and written, of copying an array that fits into no cache."""
    source = np.ones(COPIED, np.uint8)
    target = np.zeros_like(source)
    return 2 * COPIED / _fastest(lambda: np.copyto(target, source))


def jpeg_rates(photos: Sequence[Path]) -> tuple[float, float]:
    """Pixels a second of Pillow's JPEG decoder and encoder, files in memory; 0 where no photo can be read."""
    from PIL import Image

    from gallery.adapters.photos.files import MAX_PIXELS
    from gallery.adapters.photos.guard import pillow_guarded

    decoding = encoding = pixels = 0.0
    with pillow_guarded(MAX_PIXELS):
        for photo in photos[:: -(-len(photos) // SAMPLE) or 1]:
            data = _jpeg(photo)
            if data is None:
                continue
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                encoding += _fastest(partial(image.save, io.BytesIO(), "JPEG", quality="keep"))
                pixels += image.width * image.height
            decoding += _fastest(partial(_decoded, data))
    return (pixels / decoding, pixels / encoding) if pixels else (0.0, 0.0)


def _decoded(data: bytes) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        image.load()


def _jpeg(photo: Path) -> bytes | None:
    """A photo as a JPEG file; None for one that Pillow cannot read by itself."""
    from PIL import Image

    try:
        with Image.open(photo) as image:
            if image.format == "JPEG":
                return photo.read_bytes()
            made = io.BytesIO()
            image.convert("RGB").save(made, "JPEG", quality=QUALITY)
            return made.getvalue()
    except (OSError, ValueError):
        return None


def _busy() -> float:
    """Seconds that the cores of this process were not idle since the machine started: proc_stat(5)."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
        ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        ticks = 0
        for name, *times in map(str.split, lines):
            if name in ours:
                user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, times[:8])
                ticks += user + nice + system + irq + softirq + stolen
        return ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError):
        return 0.0


def _fastest(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best
