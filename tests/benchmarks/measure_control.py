"""Measures where comparing a covered face with itself tells nothing, because a bare cover is as near.

For the faces of labelled photos, and for what is no face (found at a low score away from every label, and random
patches), prints how often what covers it would be taken for it, how often a bare cover excuses that (see
`gallery.usecases.second_look`), and by how much farther the bare cover was at most. A face must never be excused: the
last column says how near a bare cover came to one at all.

Run: python tests/benchmarks/measure_control.py FOLDER   # with images/ and faces.csv (file, x, y, width, height)
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.adapters.detectors.yunet import YuNet
from gallery.bootstrap import Bootstrap, Wishes
from gallery.domain.deciding import trusted
from gallery.domain.errors import GalleryError
from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.residual import residual

METHODS = ("blur", "pixelate", "solid")
SCORE = 0.3
PATCHES, MOST = 4, 6
"""Random patches of each photo, and the most of anything else that is taken of one."""


def patch(x: int, y: int, side: int) -> Detection:
    """As if a face was found there, with its features where they usually are."""
    points = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)]
    return Detection(Box(x, y, side, side), 0.0, Landmarks(*((x + side * a, y + side * b) for a, b in points)))


def main() -> None:
    folder = Path(sys.argv[1])
    truth: dict[str, list[Box]] = defaultdict(list)
    with (folder / "faces.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            sides = [max(1, round(float(row[name]))) for name in ("width", "height")]
            truth[row["file"]].append(Box(round(float(row["x"])), round(float(row["y"])), *sides))
    boot = Bootstrap.of()
    card, random = boot.registry().card("sface"), np.random.default_rng(1)
    recogniser, photos = boot.recogniser(card, "yunet"), boot.photos()
    finder = YuNet(boot.registry().card("yunet"), boot.weights().verified(boot.registry().card("yunet")).path, SCORE)
    limit = card.spec.thresholds
    redactors = {method: boot.redactor(Wishes(method)) for method in METHODS}
    seen: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {"faces": [], "no faces": []}

    def under(picture: RGB, method: str, places: Sequence[Detection]) -> list[np.ndarray]:
        """What is embedded at each place where only that place is covered."""
        covered = [redactors[method].redact(picture, [one]) for one in places]
        return [recogniser.describe(c, [one])[0].embedding for c, one in zip(covered, places, strict=True)]

    for name in sorted(truth):
        try:
            image = photos.read(folder / "images" / name).opaque().pixels
        except GalleryError:
            continue
        found = finder.detect(image)
        labels = truth[name]
        faces = [one for one in found if any(one.box.overlap(box) > 0.3 for box in labels)][:MOST]
        sides = random.integers(30, max(31, min(image.shape[:2]) // 2), PATCHES)
        patches = [
            patch(*(int(random.integers(0, max(1, length - side))) for length in image.shape[1::-1]), int(side))
            for side in sides
        ]
        others = [one for one in (*patches, *found) if not any(one.box.intersect(box) for box in labels)][: MOST + 4]
        flat = np.broadcast_to(np.round(image.mean(axis=(0, 1))).astype(np.uint8), image.shape).copy()
        for kind, places in (("faces", faces), ("no faces", others)):
            described = recogniser.describe(image, places)
            kept = [n for n, face in enumerate(described) if trusted(face.quality, card.spec.floors)]
            sure = [places[n] for n in kept]
            before = [described[n].embedding for n in kept]
            left = {method: under(image, method, sure) for method in METHODS}
            bare = {method: under(flat, method, sure) for method in METHODS}
            for n, face in enumerate(before):
                results = [{m: residual(face, some[m][n], limit).cosine for m in METHODS} for some in (left, bare)]
                seen[kind].append((results[0], results[1]))
    table = Table(title=f"sface, limit {limit.cosine}")
    for column in ("what", "method", "count", "taken for it", "excused", "bare farther by at most", "nearest bare"):
        table.add_column(column, justify="left" if column in ("what", "method") else "right")
    for kind, pairs in seen.items():
        for method in METHODS:
            taken = [(one[method], bare[method]) for one, bare in pairs if one[method] <= limit.cosine]
            excused = [pair for pair in taken if pair[1] <= limit.cosine]
            farther = max((bare - one for one, bare in taken), default=float("nan"))
            nearest = min((bare[method] for _, bare in pairs), default=float("nan"))
            numbers = (len(pairs), len(taken), len(excused))
            table.add_row(kind, method, *map(str, numbers), f"{farther:.3f}", f"{nearest:.3f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
