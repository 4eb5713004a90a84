"""How far a copy is from its photo where nothing was blurred.

    python tests/benchmarks/measure_outside.py FOLDER

Every photo of the folder is written anew with one region of its middle covered, and what lies outside is compared.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.adapters.redactors import RegionRedactor
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box

FORMATS = (None, "png", "webp", "avif", "heic")


def outside(files: PillowPhotoFiles, path: Path, target: Path) -> tuple[str, np.ndarray]:
    """The format, and for every pixel outside how many levels it differs at most in its three channels."""
    photo = files.read(path).opaque()
    width, height = photo.size
    box = Box(width * 3 // 8, height * 3 // 8, max(1, width // 4), max(1, height // 4))
    pixels = RegionRedactor().redact(photo.pixels, [Detection(box, 0.9)])
    files.write(pixels, photo, target)
    kept = (pixels == photo.pixels).all(axis=2)
    difference = np.abs(files.read(target).pixels.astype(np.int16) - photo.pixels).max(axis=2)
    return photo.format, difference[kept]


def main(folder: Path) -> None:
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        for wanted in FORMATS:
            files = PillowPhotoFiles(file_format=wanted)
            for path in files.find([folder]):
                try:
                    kind, levels = outside(files, path, Path(scratch) / "out")
                except BadPhoto:
                    continue
                found[wanted or f"{kind} as it came"].append(levels)
    print(f"{'written as':<20} photos  mean  99 %  largest   (levels of 255)")
    for name, parts in found.items():
        levels = np.concatenate(parts)
        print(f"{name:<20} {len(parts):6}  {levels.mean():4.2f}  {np.percentile(levels, 99):4.0f}  {levels.max():7}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
