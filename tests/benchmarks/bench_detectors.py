"""Recall of detectors by size and kind of face, and false alarms, against the bounds this project set itself.

Needs ../shared/data or GALLERY_TEST_DATA, and about ten minutes on two cores for each detector.

Run: python tests/benchmarks/bench_detectors.py [DETECTOR …]
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from gallery import load_detector
from gallery.adapters.labels.boxes import photo_files, read_boxes
from gallery.domain.detection_scoring import assign
from gallery.domain.geometry import Box

DATA = Path(os.environ.get("GALLERY_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "detection"
Labels = dict[str, str]
Labelled = dict[Path, list[tuple[Box, Labels]]]
KINDS: dict[str, Callable[[Box, Labels], bool]] = {
    "at least 32 px": lambda box, _: _side(box) >= 32,
    "at least 16 px": lambda box, _: _side(box) >= 16,
    "under 16 px": lambda box, _: _side(box) < 16,
    "unusual pose": lambda box, labels: _side(box) >= 32 and labels.get("atypical_pose") == "1",
    "heavily covered": lambda box, labels: _side(box) >= 32 and labels.get("occlusion") == "2",
    "all": lambda _box, _labels: True,
}
BOUNDS = {
    ("wider", "at least 32 px"): 0.95,
    ("wider", "at least 16 px"): 0.92,
    ("wider", "unusual pose"): 0.75,
    ("wider", "heavily covered"): 0.72,
    ("masks", "at least 16 px"): 0.95,
    ("cmu-mit", "all"): 0.98,
}
ALARMS = 2.5
"""False alarms a picture that `wider` may show at most."""


def _side(box: Box) -> int:
    return max(box.width, box.height)


def labelled(name: str) -> Labelled:
    """The faces of each picture of a set, with what is said of them."""
    if name == "cmu-mit":
        boxes = photo_files(DATA / name, read_boxes(DATA / name / "faces.txt"), DATA / name / "faces.txt")
        return {path: [(box, {}) for box in some] for path, some in boxes.items()}
    found: Labelled = {path: [] for path in sorted((DATA / name / "images").iterdir())}
    with (DATA / name / "faces.csv").open() as file:
        for row in csv.DictReader(file):
            sides = [int(float(row[side])) for side in ("x", "y", "width", "height")]
            if min(sides[2:]) > 0:
                found[DATA / name / "images" / row["file"]].append((Box(*sides), row))
    return found


def rows(name: str, detector_name: str) -> Iterator[tuple[str, ...]]:
    """Cells of the table for one set and one detector."""
    detector = load_detector(detector_name)
    hits: dict[str, list[bool]] = defaultdict(list)
    alarms, seconds, pictures = 0, 0.0, labelled(name)
    for path, faces in pictures.items():
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        start = time.process_time()
        found = detector.detect(pixels)
        seconds += time.process_time() - start
        assigned = assign(found, [box for box, _ in faces])
        alarms += assigned.truth.count(None)
        for (box, labels), hit in zip(faces, assigned.detection, strict=True):
            if labels.get("invalid") != "1":
                for kind, belongs in KINDS.items():
                    if belongs(box, labels):
                        hits[kind].append(hit is not None)
    for kind, some in hits.items():
        bound, share = BOUNDS.get((name, kind)), sum(some) / len(some)
        reached = "" if bound is None else "yes" if share >= bound else "no"
        yield detector_name, name, kind, f"{len(some)}", f"{share:.1%}", f"≥ {bound:.0%}" if bound else "", reached
    each = alarms / len(pictures)
    bounded = name == "wider"
    reached = ("yes" if each <= ALARMS else "no") if bounded else ""
    yield detector_name, name, "false alarms a picture", "", f"{each:.2f}", f"≤ {ALARMS}" if bounded else "", reached
    yield detector_name, name, "processor seconds a picture", "", f"{seconds / len(pictures):.3f}", "", ""


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"There are no photographs at {DATA}; name their folder with GALLERY_TEST_DATA.")
    table = Table(title="Detectors")
    for column in ("detector", "set", "faces", "number", "measured", "bound", "reached"):
        table.add_column(column)
    for detector in sys.argv[1:] or ["yunet", "auto"]:
        for name in ("masks", "cmu-mit", "wider"):
            for row in rows(name, detector):
                table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
