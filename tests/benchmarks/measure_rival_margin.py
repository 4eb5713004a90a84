"""Measures how often a stranger would be kept beside the person they resemble, by the margin asked for between faces.

Where two faces of a photo match one person, only the closer is kept, and only if it is closer by a margin. A stranger
is kept wrongly where their distance plus the margin is below that of the person's own face. Their distances come from
two sets, as far as they match at all: those between photos of one person (PEOPLE, a folder of folders), and those
between different people (SINGLES, one photo each, with `labels.csv` beside the folder: `file,age`). Every second person
and every second single face makes one half, so that what is chosen on one can be seen on the other.

Run: python tests/benchmarks/measure_rival_margin.py MODEL PEOPLE SINGLES/images
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central
from gallery.domain.errors import GalleryError
from gallery.domain.models import ModelCard

MARGINS = (0.0, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)
GROUPS = {"0-2": ("0-2",), "3-9": ("3-9",), "10-19": ("10-19",)}
DRAWN = 200_000
PHOTOS = 4
"""Of one person, at most: some are in LFW hundreds of times."""


def embedded(card: ModelCard, paths: list[Path]) -> tuple[list[Path], np.ndarray]:
    """Those of the photos that show a face, with the direction of the central one."""
    boot = Bootstrap.of()
    recogniser, photos = boot.recogniser(card, "yunet"), boot.photos()
    kept, found = [], []
    for path in paths:
        try:
            photo = photos.read(path).opaque()
        except GalleryError:
            continue
        if faces := recogniser.detect(photo.pixels):
            (face,) = recogniser.describe(photo.pixels, [central(faces, *photo.size)])
            kept.append(path)
            found.append(face.embedding)
    vectors = np.array(found)
    return kept, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def matching(vectors: np.ndarray, wanted: np.ndarray, limit: float) -> np.ndarray:
    """The distances of some pairs, those above the limit left out."""
    first, second = np.nonzero(np.triu(wanted, 1))
    distances = 1 - np.einsum("ij,ij->i", vectors[first], vectors[second])
    return distances[distances <= limit]


def main() -> None:
    name, people, singles = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    card = Bootstrap.of().registry().card(name)
    limit = card.spec.thresholds.cosine
    folders = [sorted(one.iterdir())[:PHOTOS] for one in sorted(people.iterdir()) if one.is_dir()]
    kept, own = embedded(card, [path for paths in folders if len(paths) > 1 for path in paths])
    owners = np.unique([path.parent.name for path in kept], return_inverse=True)[1]
    with (singles.parent / "labels.csv").open(encoding="utf-8") as lines:
        ages = {row["file"]: row["age"] for row in csv.DictReader(lines)}
    alone, others = embedded(card, sorted(path for path in singles.iterdir() if path.name in ages))
    random = np.random.default_rng(1)
    table = Table(title=f"{name}, limit {limit}: strangers kept, and own faces kept, where both match, in per cent")
    for column in ("half", "age", "pairs", *(f"{margin:g}" for margin in MARGINS)):
        table.add_column(column, justify="right")
    for half in (0, 1):
        mine = owners % 2 == half
        genuine = matching(own[mine], owners[mine][:, None] == owners[mine], limit)
        part, group = others[half::2], np.array([ages[path.name] for path in alone[half::2]])
        for label in (*GROUPS, "adults"):
            among = np.isin(group, GROUPS[label]) if label in GROUPS else ~np.isin(group, sum(GROUPS.values(), ()))
            foreign = matching(part[among], np.ones((among.sum(),) * 2, bool), limit)
            if not len(genuine) or not len(foreign):
                continue
            at, other = random.choice(genuine, DRAWN), random.choice(foreign, DRAWN)
            rates = [(np.mean(other + margin < at), np.mean(at + margin < other)) for margin in MARGINS]
            table.add_row(
                "ab"[half],
                label,
                str(len(foreign)),
                *(f"{100 * wrong:.1f} / {100 * right:.0f}" for wrong, right in rates),
            )
        table.add_section()
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
