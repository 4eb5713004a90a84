"""What eight bits change: distances and decisions over LFW's pairs, against float32.

    python tests/benchmarks/measure_precision.py PAIRS IMAGES [COUNT]

`vgg-face` cannot be measured with its own weights where this program is written. So two things stand in for it:
`sface`, whose weights are trained, quantised the same way; and the network of `vgg-face` with random weights, on COUNT
pairs (400 if not given), which has its size but none of its knowledge. Its threshold is the median distance.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bench_vgg_face import random_weights
from rich.console import Console
from rich.table import Table

from gallery.adapters.cores import usable_cores
from gallery.adapters.embedders.sface_network import INPUT as SFACE_INPUT
from gallery.adapters.embedders.sface_network import read_network
from gallery.adapters.embedders.vgg_face_converted import layers
from gallery.adapters.embedders.vgg_face_network import INPUT, MEAN_BGR
from gallery.adapters.litert.interpreters import Interpreters
from gallery.adapters.litert.model_file import model_file
from gallery.bootstrap import Bootstrap
from gallery.domain.embedding import finished
from gallery.domain.verification import ImageName

Network = Callable[[np.ndarray], np.ndarray]


def sface(int8: bool) -> Network:
    boot = Bootstrap.of()
    card = boot.registry().card("sface")
    network = read_network(boot.weights().verified(card).path.read_bytes())
    run = Interpreters(model_file(network.layers, (SFACE_INPUT, SFACE_INPUT, 3), int8), usable_cores()).run

    def raw(chips: np.ndarray) -> np.ndarray:
        return run((chips.astype(np.float32) - np.float32(network.shift)) * np.float32(network.scale))

    return lambda chips: finished(raw(chips), card.spec, raw(chips[:, :, ::-1]))


def vgg_face(int8: bool, folder: Path) -> Network:
    path = folder / f"vgg-face-{int8}.tflite"
    model_file(layers(random_weights(np.random.default_rng(0))), (INPUT, INPUT, 3), int8).tofile(path)
    run, mean = Interpreters(path, 1, usable_cores()).run, np.array(MEAN_BGR, np.float32)
    return lambda chips: run(chips[..., ::-1] - mean)


def chips_of(model: str, images: dict[ImageName, Path]) -> dict[ImageName, np.ndarray]:
    """The face in the middle of each picture, as the model wants it."""
    boot = Bootstrap.of()
    detector, cropper, files = boot.detector("yunet"), boot.cropper(boot.registry().card(model)), boot.photos()
    found = {}
    for name, path in images.items():
        pixels = files.read(path).pixels
        middle = np.array(pixels.shape[1::-1]) / 2
        faces = detector.detect(pixels)
        if faces:
            nearest = min(faces, key=lambda face: float(np.linalg.norm(np.array(face.box.centre) - middle)))
            found[name] = cropper.crop(pixels, [nearest]).pixels[0]
    return found


def embedded(network: Network, chips: dict[ImageName, np.ndarray]) -> np.ndarray:
    pictures = list(chips.values())
    return np.concatenate([network(np.stack(pictures[at : at + 32])) for at in range(0, len(pictures), 32)])


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 1 - np.einsum("nd,nd->n", one, other) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def main(pairs_file: Path, images: Path, count: int = 400) -> None:
    boot = Bootstrap.of()
    pairs = boot.pairs(pairs_file)
    listed = [(pair.first, pair.second) for pair in pairs.pairs]
    table = Table(title="Eight bits against float32")
    for column in ("network", "pairs", "same picture", "distance: median, largest", "threshold", "decisions changed"):
        table.add_column(column, justify="left" if column == "network" else "right")
    with boot.unpacked(images) as folder, tempfile.TemporaryDirectory() as models:
        files = boot.image_files(folder, pairs, pairs_file, images)
        some = [listed[at] for at in sorted(np.random.default_rng(0).choice(len(listed), count, replace=False))]
        for model, wanted in (("sface", listed), ("vgg-face", some)):
            names = sorted({name for pair in wanted for name in pair})
            chips = chips_of(model, {name: files[name] for name in names})
            place = {name: at for at, name in enumerate(chips)}
            ones, others = zip(*((place[a], place[b]) for a, b in wanted if a in place and b in place), strict=True)
            exact, coarse = (
                embedded(sface(int8) if model == "sface" else vgg_face(int8, Path(models)), chips)
                for int8 in (False, True)
            )
            was, now = (cosines(found[list(ones)], found[list(others)]) for found in (exact, coarse))
            limit = boot.registry().card(model).spec.thresholds.cosine if model == "sface" else float(np.median(was))
            off, changed = np.abs(now - was), int(((now <= limit) != (was <= limit)).sum())
            table.add_row(
                model if model == "sface" else "vgg-face, random weights",
                f"{len(was):,}",
                f"{cosines(exact, coarse).max():.4f}",
                f"{np.median(off):.4f}, {off.max():.4f}",
                f"{limit:.3f}",
                str(changed),
            )
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
