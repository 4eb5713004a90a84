"""Measures how much a match's distance moves when the photo is merely saved again, smaller or brighter.

A match that such a change could undo should wait for a person: that is what the grey band under the threshold is for.
Takes pairs of photos of one person (LFW's list), keeps the first as the reference, and compares it with the second and
with variations of the second. Prints the share of the threshold by which the distance grows.

Run: python tests/benchmarks/measure_grey_band.py MODEL pairs.txt FOLDER
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central

PAIRS = 150


def saved_again(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as again:
        return np.asarray(again)


def smaller(image: np.ndarray, factor: float) -> np.ndarray:
    size = round(image.shape[1] * factor), round(image.shape[0] * factor)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


VARIATIONS = {
    "saved again, JPEG quality 75": lambda image: saved_again(image, 75),
    "saved again, JPEG quality 50": lambda image: saved_again(image, 50),
    "three quarters of the size": lambda image: smaller(image, 0.75),
    "brighter (gamma 0.8)": lambda image: np.round(255 * (image / 255) ** 0.8).astype(np.uint8),
}


def main() -> None:
    boot, (name, pairs, folder) = Bootstrap.of(), sys.argv[1:]
    card = boot.registry().card(name)
    recogniser, photos = boot.recogniser(card, "yunet"), boot.photos()

    def embedding(image: np.ndarray) -> np.ndarray | None:
        found = recogniser.detect(image)
        if not found:
            return None
        return recogniser.describe(image, [central(found, image.shape[1], image.shape[0])])[0].embedding

    lines = [line.split("\t") for line in Path(pairs).read_text().splitlines()[1:]]
    genuine = [line for line in lines if len(line) == 3]
    moved: dict[str, list[float]] = {variation: [] for variation in VARIATIONS}
    for person, first, second in genuine[:: len(genuine) // PAIRS][:PAIRS]:
        files = [Path(folder, person, f"{person}_{int(number):04}.jpg") for number in (first, second)]
        reference, image = embedding(photos.read(files[0]).pixels), photos.read(files[1]).pixels
        before = embedding(image)
        if reference is None or before is None:
            continue
        for variation, change in VARIATIONS.items():
            after = embedding(change(image))
            if after is not None:
                moved[variation].append(float(before @ reference - after @ reference))
    table = Table(
        title=f"{name}: growth of the cosine distance, as a share of the threshold {card.spec.thresholds.cosine}"
    )
    for column in ("variation", "pairs", "median", "90 %", "95 %", "99 %"):
        table.add_column(column, justify="left" if column == "variation" else "right")
    for variation, growth in moved.items():
        shares = np.array(growth) / card.spec.thresholds.cosine
        table.add_row(variation, str(len(shares)), *(f"{np.quantile(shares, q):.3f}" for q in (0.5, 0.9, 0.95, 0.99)))
    Console().print(table)


if __name__ == "__main__":
    main()
