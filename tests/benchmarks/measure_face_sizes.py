"""How recall depends on the size of a face and of the photo it is in: there must be no gap between two levels.

    python tests/benchmarks/measure_face_sizes.py [--step 3] [--detector yunet] [SIDE …]

Faces of WIDER FACE, at least 64 pixels high and not heavily covered, are cut out with their surroundings, scaled, and
laid side by side on grey pictures of several sizes. Needs ../shared/data or GALLERY_TEST_DATA.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from gallery import load_detector
from gallery.adapters.detectors import pyramid
from gallery.domain.detection_scoring import OVERLAP
from gallery.domain.geometry import Box

DATA = Path(os.environ.get("GALLERY_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
WIDER = DATA / "detection" / "wider"
SIDES = (600, 1000, 1536, 1600, 2048, 2560, 3000, 4000, 6000, 8000, 12_000)
FACES = (16, 24, 32, 48, 64, 96, 128, 192, 256, 340, 512, 768, 1024, 1536, 2048, 3072)
CONTEXT = 0.5
"""Share of a face's side that is cut out with it on every side."""
LEAST, MOST = 40, 150
"""Pictures are made until every size that fits has so many faces, but not more than would take so many megapixels."""
Cut = tuple[NDArray[np.uint8], Box]


def cuts() -> list[Cut]:
    """Faces with their surroundings, and where in these they are."""
    found = []
    with (WIDER / "faces.csv").open() as file:
        for row in csv.DictReader(file):
            box = Box(*(int(float(row[name])) for name in ("x", "y", "width", "height")))
            if row["invalid"] == "1" or row["occlusion"] == "2" or row["blur"] == "2" or box.height < 64:
                continue
            image = cv2.imread(str(WIDER / "images" / row["file"]))[..., ::-1]
            around = box.grow(CONTEXT).clip(image.shape[1], image.shape[0])
            if around is not None:
                piece = image[around.y : around.bottom, around.x : around.right]
                found.append((piece, box.shift(-around.x, -around.y)))
    np.random.default_rng(0).shuffle(found)  # type: ignore[arg-type]
    return found


def pictures(side: int, faces: Iterator[Cut]) -> Iterator[tuple[NDArray[np.uint8], list[tuple[int, Box]]]]:
    """Pictures with faces of every size that fits, each face with its size."""
    sizes = [size for size in FACES if size * (1 + 2 * CONTEXT) <= 0.5 * side]
    placed: Counter[int] = Counter()
    pixels = 0
    while min(placed[size] for size in sizes) < LEAST and pixels < MOST * 1e6:
        image = np.full((side * 3 // 4, side, 3), 120, np.uint8)
        there: list[tuple[int, Box]] = []
        top = 0
        for size in sorted(sizes, key=lambda size: placed[size]):
            left, high = 0, 0
            while True:
                piece, box = next(faces)
                factor = size / max(box.width, box.height)
                small = cv2.resize(piece, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
                high = max(high, small.shape[0])
                if left + small.shape[1] > side or top + high > image.shape[0] or left > 30 * size:
                    break
                image[top : top + small.shape[0], left : left + small.shape[1]] = small
                values = (left + box.x * factor, top + box.y * factor, box.width * factor, box.height * factor)
                there.append((size, Box(*(max(0, round(value)) for value in values))))
                left += small.shape[1]
            top += high
        placed.update(size for size, _ in there)
        pixels += image.shape[0] * side
        yield image, there


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sides", nargs="*", type=int, default=SIDES)
    parser.add_argument("--step", type=int, default=pyramid.STEP)
    parser.add_argument("--detector", default="yunet")
    given = parser.parse_args()
    pyramid.STEP = given.step
    detector, known = load_detector(given.detector), cuts()
    table = Table(title=f"Share of faces found, {given.detector}, step {given.step}")
    table.add_column("longer side")
    for size in FACES:
        table.add_column(f"{size}", justify="right")
    for side in given.sides:
        found: Counter[int] = Counter()
        placed: Counter[int] = Counter()
        for image, there in pictures(side, itertools.cycle(known)):
            boxes = [one.box for one in detector.detect(image)]
            placed.update(size for size, _ in there)
            found.update(size for size, face in there if any(face.overlap(box) >= OVERLAP for box in boxes))
        table.add_row(f"{side}", *(f"{found[s] / placed[s]:.0%}" if placed[s] >= 10 else "" for s in FACES))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
