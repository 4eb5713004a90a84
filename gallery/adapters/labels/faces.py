"""Names of faces in photos, as JSON: `{"photos": {"a.jpg": [{"box": [x, y, width, height], "name": "Ross"}, …], …}}`.

The name is null for a stranger. Other fields are for people, and are passed over.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from gallery.adapters.labels.boxes import photo_files
from gallery.adapters.labels.folders import has_people_folders, people_folders
from gallery.adapters.labels.lines import text_of
from gallery.adapters.photos.expand import find
from gallery.domain.errors import BadArgument, BadLabels
from gallery.domain.geometry import Box
from gallery.domain.identification import LabelledBox, LabelledPhoto
from gallery.domain.paths import shown
from gallery.domain.people import clean_name

_FORM = 'Give {"photos": {"a.jpg": [{"box": [x, y, width, height], "name": "Ross" or null}]}}.'


def read_face_labels(file: Path) -> dict[str, tuple[LabelledBox, ...]]:
    """Reads who stands where, by the photo's name.

    Raises:
        BadLabels: If it cannot be read, is not of that form, or labels no face.
    """
    try:
        document = json.loads(text_of(file))
    except (ValueError, RecursionError) as error:
        raise BadLabels(f"{shown(file)} is not JSON: {error}.", _FORM) from error
    photos = document.get("photos") if isinstance(document, dict) else None
    if not isinstance(photos, dict):
        raise BadLabels(f"{shown(file)} has no field 'photos' that holds photos by name.", _FORM)
    found = {name: _faces(f"{shown(file)}, photo {name!r}", faces) for name, faces in photos.items()}
    if not any(found.values()):
        raise BadLabels(f"{shown(file)} labels no face.", _FORM)
    return found


def probes(folder: Path, labels: Path | None) -> list[LabelledPhoto]:
    """The photos of a folder, with what is known of each.

    Args:
        folder: Photos, if there is a file of labels; else a folder for each person.
        labels: Says who stands where. Photos that it does not speak of are given without labels.

    Raises:
        BadLabels: If nothing says who the photos show, or what does is not right.
        BadPhoto: If a folder holds no photo.
    """
    if labels is None:
        if not has_people_folders(folder):
            raise BadLabels(
                f"Nothing says who the photos in {shown(folder)} show.",
                "Give a file with --labels, or name a folder that holds a folder for each person.",
            )
        owned = people_folders(folder)
        return [LabelledPhoto(path, owner=name) for name, paths in owned.items() for path in paths]
    named = photo_files(folder, read_face_labels(labels), labels)
    others = [path for path in find([folder]) if path not in named]
    return [LabelledPhoto(path, boxes) for path, boxes in named.items()] + [LabelledPhoto(path, ()) for path in others]


def _faces(where: str, faces: Any) -> tuple[LabelledBox, ...]:
    if not isinstance(faces, list):
        _refuse(where, "a list of faces", faces)
    return tuple(_face(f"{where}, face {number}", face) for number, face in enumerate(faces, 1))


def _face(where: str, face: Any) -> LabelledBox:
    if not isinstance(face, dict) or "box" not in face or "name" not in face:
        _refuse(where, "an object with 'box' and 'name'", face)
    box, name = face["box"], face["name"]
    if not isinstance(box, list) or len(box) != 4 or not all(_is_number(value) for value in box):
        _refuse(where, "a box of four numbers", box)
    x, y, width, height = (round(value) for value in box)
    if width < 1 or height < 1:
        _refuse(where, "a box of at least one pixel", box)
    return LabelledBox(Box(x, y, width, height), None if name is None else _name(where, name))


def _name(where: str, name: Any) -> str:
    if not isinstance(name, str):
        _refuse(where, "a name or null", name)
    try:
        return clean_name(name)
    except BadArgument as error:
        raise BadLabels(f"{where}: {error.message}", _FORM) from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(where: str, wanted: str, value: Any) -> NoReturn:
    text = json.dumps(value, ensure_ascii=False)
    raise BadLabels(f"{where} must be {wanted}, not {text if len(text) <= 60 else text[:57] + '...'}.", _FORM)
