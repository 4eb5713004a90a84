"""Faces as columns, shared by references and decisions, and what else is kept of a reference."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gallery.adapters.store.tables import CropRow, FaceColumns, ReferenceRow
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.people import FaceCrop, Reference

Face = tuple[str, int, int, int, int]
"""Hash of a photo, and box."""


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


def face_of(row: ReferenceRow) -> Face:
    """Which face of which photo a reference is."""
    return row.sha256, row.box_x, row.box_y, row.box_width, row.box_height


def reference_values(reference: Reference, added: datetime) -> dict[str, Any]:
    """The columns of a reference, but for its number and whose it is."""
    return {
        "source": reference.source,
        "sha256": reference.sha256,
        "detector": reference.detector,
        "added": added,
        "flaws": tuple(reference.flaws),
        **face_values(reference.detection, reference.quality),
    }


def reference_of(row: ReferenceRow) -> Reference:
    """What a reference is."""
    return Reference(row.source, row.sha256, detection_of(row), quality_of(row), row.detector, row.flaws)


def crop_values(crop: FaceCrop) -> dict[str, Any]:
    """The columns of a crop, but for its reference's number."""
    return {"picture": crop.picture, "x": int(crop.x), "y": int(crop.y), "scale": float(crop.scale)}


def crop_of(row: CropRow) -> FaceCrop:
    """What is kept of a photo."""
    return FaceCrop(row.picture, row.x, row.y, row.scale)
