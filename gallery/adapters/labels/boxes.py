"""Lists of faces' boxes: lines `file x1 y1 x2 y2`, in pixels. A line that is only a file: a picture without faces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from gallery.adapters.labels.lines import Line, lines_of
from gallery.domain.errors import BadLabels
from gallery.domain.geometry import Box
from gallery.domain.paths import shown

_Said = TypeVar("_Said")


def read_boxes(file: Path) -> dict[str, tuple[Box, ...]]:
    """Reads the faces of each picture, by its name.

    Raises:
        BadLabels: If it cannot be read, a line is malformed, or no line names a face.
    """
    found: dict[str, list[Box]] = {}
    for line in lines_of(file):
        name = " ".join(line.words[:-4]) if len(line.words) >= 5 else line.words[0]
        boxes = found.setdefault(name, [])
        if len(line.words) >= 5:
            boxes.append(_box(line))
        elif len(line.words) > 1:
            line.refuse("a face: file x1 y1 x2 y2")
    if not any(found.values()):
        raise BadLabels(f"{shown(file)} names no face.", "Give a line 'file x1 y1 x2 y2' for each face.")
    return {name: tuple(boxes) for name, boxes in found.items()}


def _box(line: Line) -> Box:
    try:
        x1, y1, x2, y2 = (float(word) for word in line.words[-4:])
    except ValueError:
        line.refuse("a face: file x1 y1 x2 y2")
    if not all(math.isfinite(v) for v in (x1, y1, x2, y2)) or x2 <= x1 or y2 <= y1:
        line.refuse("a face: x2 must be larger than x1, and y2 than y1")
    x, y = round(x1), round(y1)
    return Box(x, y, max(1, round(x2) - x), max(1, round(y2) - y))


def photo_files(folder: Path, named: Mapping[str, _Said], labels: Path) -> dict[Path, _Said]:
    """What a file says of photos, by the photos' paths instead of their names.

    Args:
        folder: Where the photos are.
        named: What is said of each, by its name.
        labels: The file that says it, for messages.

    Raises:
        BadLabels: If a photo is not there.
    """
    missing = [name for name in named if not (folder / name).is_file()]
    if missing:
        raise BadLabels(
            f"{shown(labels)} names {len(missing)} photos that are not in {shown(folder)}: first {missing[0]!r}."
            if len(missing) > 1
            else f"{shown(labels)} names the photo {missing[0]!r}, which is not in {shown(folder)}.",
            "Name the folder that holds the photos, or correct the file.",
        )
    return {folder / name: said for name, said in named.items()}
