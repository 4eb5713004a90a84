"""Measures what is lost when a reference's template is made from the picture kept of it, not from the photo.

Takes photos of faces in folders (LFW, group photos, ...), finds the most central face of each, and compares the
template from the photo with the one from the kept picture, for several JPEG qualities and limits of size. Prints, per
set of faces and setting, the size of a picture, the cosine distance between the two templates, and how far the
distances to all other faces of the set move; and for the crops of 224 pixels that VGG-Face takes, how far their pixels
are off, in grey levels.

Run: python tests/benchmarks/measure_crops.py MODEL FOLDER...
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.adapters.reference_crops import ReferenceCrops
from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central
from gallery.domain.errors import GalleryError
from gallery.domain.faces import Detection

FACES = 120
"""Photos of each folder at most, evenly spread."""
LARGE = 200
"""Pixels of a box's longer side from which faces are shown apart."""
SHRINKING = (0.4, 0.2)
"""Of the first folder's photos, for want of small faces in LFW."""
SETTINGS = [
    ReferenceCrops(),
    *(ReferenceCrops(quality, quality) for quality in (85, 92, 95, 98)),
    *(ReferenceCrops(face_side=side) for side in (160, 320)),
]


@dataclass
class Seen:
    """One face in its photo."""

    image: np.ndarray
    face: Detection


def faces(boot: Bootstrap, folder: Path, shrink: float = 1.0) -> list[Seen]:
    from PIL import Image

    detector, photos, seen = boot.detector("yunet"), boot.photos(), []
    files = photos.below(folder)
    for file in files[:: max(1, len(files) // FACES)][:FACES]:
        try:
            image = photos.read(file).opaque().pixels
        except GalleryError:
            continue
        if shrink != 1:
            size = round(image.shape[1] * shrink), round(image.shape[0] * shrink)
            image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
        found = detector.detect(image)
        if found:
            seen.append(Seen(image, central(found, image.shape[1], image.shape[0])))
    return seen


def rows(boot: Bootstrap, model: str, title: str, seen: list[Seen], table: Table) -> None:
    card, box_card = boot.registry().card(model), boot.registry().card("vgg-face")
    cropper, boxes, embedder = boot.cropper(card), boot.cropper(box_card), boot.embedder(card)

    def chips(cut, pictures: list[tuple[np.ndarray, Detection]]) -> np.ndarray:
        return np.concatenate([cut.crop(image, [face]).pixels for image, face in pictures])

    def templates(pictures: list[tuple[np.ndarray, Detection]]) -> np.ndarray:
        found = embedder.embed(chips(cropper, pictures)).astype(np.float64)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    photos = [(one.image, one.face) for one in seen]
    before, squares = templates(photos), chips(boxes, photos).astype(float)
    for setting in SETTINGS:
        kept = [setting.make(one.image, one.face) for one in seen]
        opened = [setting.open(crop, one.face) for crop, one in zip(kept, seen, strict=True)]
        after = templates(opened)
        own = 1 - (before * after).sum(axis=1)
        moved = np.abs(before @ before.T - after @ before.T)[~np.eye(len(seen), dtype=bool)]
        off = np.abs(chips(boxes, opened) - squares).mean(axis=(1, 2, 3))
        size = np.array([len(crop.picture) for crop in kept]) / 1000
        table.add_row(
            title,
            f"{setting.small_quality}, {setting.quality}",
            f"{setting.face_side}",
            f"{np.median(size):.1f}",
            f"{size.max():.0f}",
            *(f"{value:.4f}" for value in (np.median(own), np.quantile(own, 0.99), own.max())),
            f"{np.quantile(moved, 0.99):.4f}",
            f"{np.median(off):.2f}",
        )
        title = ""
    table.add_section()


def main() -> None:
    boot, (model, *folders) = Bootstrap.of(), sys.argv[1:]
    sets: dict[str, list[Seen]] = {Path(folder).name: faces(boot, Path(folder)) for folder in folders}
    first = Path(folders[0])
    for shrink in SHRINKING:
        sets[f"{first.name} at {shrink:.0%}"] = faces(boot, first, shrink)
    everything = [one for seen in sets.values() for one in seen]
    sets["the large ones"] = [one for one in everything if max(one.face.box.width, one.face.box.height) >= LARGE]
    table = Table(title=f"{model}: the template from the kept picture against the photo's (kB; cosine distances)")
    columns = "faces quality side kB largest median 99% worst others box_px"
    for column in columns.split():
        table.add_column(column.replace("_", " "), justify="left" if column == "faces" else "right")
    for title, seen in sets.items():
        sides = [max(one.face.box.width, one.face.box.height) for one in seen]
        rows(boot, model, f"{title}: {len(seen)} faces, {min(sides)} to {max(sides)} px", seen, table)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
