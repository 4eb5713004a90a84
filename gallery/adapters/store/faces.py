"""Faces as columns, shared by references and decisions."""

from __future__ import annotations

from typing import Any

from gallery.adapters.store.tables import FaceColumns
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box


def face_values(detection: Detection, quality: Quality) -> dict[str, Any]:
    """The columns of a face, as plain numbers: SQLite's driver takes no NumPy ones."""
    box = detection.box
    return {
        "box_x": int(box.x),
        "box_y": int(box.y),
        "box_width": int(box.width),
        "box_height": int(box.height),
        "score": float(detection.score),
        "landmarks": detection.landmarks,
        "size": int(quality.size),
        "sharpness": float(quality.sharpness),
        "as_meant": bool(quality.as_meant),
    }


def detection_of(row: FaceColumns) -> Detection:
    """Where the face is."""
    return Detection(Box(row.box_x, row.box_y, row.box_width, row.box_height), row.score, row.landmarks)


def quality_of(row: FaceColumns) -> Quality:
    """How good it is."""
    return Quality(row.size, row.sharpness, row.as_meant)
