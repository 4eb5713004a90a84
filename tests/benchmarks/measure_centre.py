"""Measures the mean embedding of many people, which the registry subtracts from every embedding (`centre`).

The faces of a folder with one folder per person, each the one nearest to its picture's middle, are prepared and
embedded as always, without centring; every picture counts the same. Prints TOML.

Run: python tests/benchmarks/measure_centre.py MODEL FOLDER
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

from gallery.bootstrap import Bootstrap
from gallery.domain.central_face import central
from gallery.domain.errors import GalleryError
from gallery.usecases.faces import Recogniser

DIGITS = 5
"""Decimals in the registry; a hundredth of what one face differs from its mirror image."""


def main() -> None:
    boot, (name, folder) = Bootstrap.of(), sys.argv[1:]
    card = boot.registry().card(name)
    plain = dataclasses.replace(card, embedder=dataclasses.replace(card.spec, centre=()))
    recogniser = Recogniser(boot.detector("yunet"), boot.cropper(plain), boot.embedder(plain))
    photos, total, counted, without = boot.photos(), np.zeros(card.spec.dimension), 0, 0
    for path in sorted(Path(folder).glob("*/*")):
        try:
            image = photos.read(path).pixels
        except GalleryError:
            without += 1
            continue
        found = recogniser.detect(image)
        if not found:
            without += 1
            continue
        (face,) = recogniser.describe(image, [central(found, image.shape[1], image.shape[0])])
        total += face.embedding
        counted += 1
        if counted % 200 == 0:
            print(counted, file=sys.stderr)
    print(f"# the mean of {counted} pictures' embeddings; {without} showed no face")
    print("centre = [")
    values = np.round(total / counted, DIGITS)
    for start in range(0, len(values), 8):
        print("    " + ", ".join(f"{v:.{DIGITS}f}" for v in values[start : start + 8]) + ",")
    print("]")


if __name__ == "__main__":
    main()
