"""How long the report of a long run takes, and how large it is. Bounds: 60 seconds and 30 MB for 1,000 photos.

The photos are drawn, of 6 million pixels each, with detail everywhere as in a photograph of a crowd; few are different,
but each is a file of its own. The run of 10,000 has no bound; of its photos the files are shared.

Run: python tests/benchmarks/bench_report.py
"""

from __future__ import annotations

import dataclasses
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gallery.domain.geometry import Box
from gallery.domain.runs import ImageRecord
from gallery.usecases.report_pictures import ReportWishes
from made_photos import drawn
from reported import done, kept, report_of, too_far, waiting, written

SECONDS, MEGABYTES = 60, 30
SIZE = (3000, 2000)
DIFFERENT = 8


def crowd(seed: int) -> np.ndarray:
    """Detail at every scale, falling off with frequency as in photographs (Field 1987)."""
    rng = np.random.default_rng(seed)
    picture = drawn(*SIZE).astype(np.float32)
    for step in (4, 16, 64, 256):
        rough = rng.normal(0, 9, (SIZE[1] // step + 1, SIZE[0] // step + 1, 3)).astype(np.float32)
        bands = [Image.fromarray(rough[..., band]).resize(SIZE, Image.Resampling.BICUBIC) for band in range(3)]
        picture += np.dstack([np.asarray(band) for band in bands])
    return picture.clip(0, 255).astype(np.uint8)


def images(folder: Path, count: int, linked: bool) -> list[ImageRecord]:
    """Records of photos with six faces each, and the files."""
    first = done(folder, "like.jpg", kept("Anna"))
    made = [folder / f"made-{number}.jpg" for number in range(DIFFERENT)]
    hashes = [written(path, crowd(number), quality=90) for number, path in enumerate(made)]
    found = []
    for number in range(count):
        place = number % DIFFERENT
        for kind in ("photos", "out"):
            path = folder / kind / f"{number:05}.jpg"
            if linked:
                path.hardlink_to(made[place])
            else:
                path.write_bytes(made[place].read_bytes())
        boxes = [Box(200 + 450 * face, 600, 220, 280) for face in range(6)]
        faces = [kept("Anna", number / count / 2, boxes[0]), waiting("Bob", 0.49, boxes[1])]
        faces += [too_far(f"Person no. {number % 97}", 0.55 + face / 20, boxes[face]) for face in range(2, 6)]
        record = dataclasses.replace(
            first,
            source=str(folder / "photos" / f"{number:05}.jpg"),
            output=str(folder / "out" / f"{number:05}.jpg"),
            sha256=hashes[place],
            output_sha256=hashes[place],
            width=SIZE[0],
            height=SIZE[1],
            faces=tuple(faces),
        )
        found.append(record)
    return found


def main() -> None:
    table = Table(title=f"The report of a run, photos of {SIZE[0]}×{SIZE[1]}, {os.cpu_count()} cores")
    for column in ("photos", "with", "seconds", "MB", "bounds", "reached"):
        table.add_column(column, justify="left" if column == "with" else "right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count, linked in ((1000, False), (10_000, True)):
            below = folder / str(count)
            make = report_of(below, images(below, count, linked))
            for originals in (False, True) if count == 1000 else (False,):
                start = time.perf_counter()
                made = make(1, folder / "report.html", ReportWishes(originals=originals))
                seconds, size = time.perf_counter() - start, made.size / 1e6
                bounds = (f"{SECONDS} s, {MEGABYTES} MB", "yes" if seconds <= SECONDS and size <= MEGABYTES else "no")
                words = "outputs and originals" if originals else "outputs"
                table.add_row(
                    f"{count:,}", words, f"{seconds:.1f}", f"{size:.1f}", *(bounds if count == 1000 else ("", ""))
                )
    Console().print(table)
    print(f"most memory used: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
