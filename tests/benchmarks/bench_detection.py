"""Time and memory of YuNet on large pictures, whole and in tiles, and how many small faces each finds.

The pictures are composed: copies of one public-domain portrait, 30 pixels high, on a soft backdrop.

Run: python tests/benchmarks/bench_detection.py
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

FACE = 30
SIZES = [(4000, 3000), (8660, 5773)]


def picture(width: int, height: int) -> tuple[np.ndarray, int]:
    from portraits import HOPPER_FACE, backdrop, hopper, scaled

    image = backdrop(width, height)
    face = scaled(hopper(), FACE / HOPPER_FACE[3])
    places = [(x, y) for y in range(40, height - 200, 620) for x in range(30, width - 200, 700)]
    for x, y in places:
        image[y : y + face.shape[0], x : x + face.shape[1]] = face
    return image, len(places)


def ours(image: np.ndarray) -> int:
    from gallery import load_detector

    return len(load_detector("yunet").detect(image))


def whole(image: np.ndarray) -> int:
    import cv2

    from gallery.adapters.detectors.yunet import SCORE
    from gallery.bootstrap import Bootstrap

    boot = Bootstrap.of()
    path = boot.weights().verified(boot.registry().card("yunet")).path
    net = cv2.FaceDetectorYN.create(str(path), "", image.shape[1::-1], SCORE)
    return len(net.detect(image[..., ::-1])[1])


WAYS = {"pyramid of tiles (ours)": ours, "one pass over the whole picture": whole}


def measure(way: str, size: tuple[int, int]) -> tuple[int, int, float, float]:
    """Faces placed, faces found, seconds, megabytes."""
    image, placed = picture(*size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = WAYS[way](image)
    taken = time.perf_counter() - start
    return placed, found, taken, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    table = Table(title=f"YuNet on faces {FACE} pixels high, one process each, loading included")
    for column in ("picture", "way", "faces", "found", "seconds", "MB more"):
        table.add_column(column, justify="left" if column in ("picture", "way") else "right")
    for size in SIZES:
        for way in WAYS:
            # A process for each, so that its memory is its own.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                placed, found, taken, memory = pool.submit(measure, way, size).result()
            megapixels = size[0] * size[1] / 1e6
            table.add_row(f"{megapixels:.0f} MP", way, str(placed), str(found), f"{taken:.1f}", f"{memory:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
