"""How many times longer each stage takes than the bare work it cannot do without, in CPU time on one core.

    python tests/benchmarks/bench_ratios.py [--json]

The two are measured in turns in the same process, which keeps to one core, so that neither other programs nor threads
that wait for each other count; each figure is the least of several rounds. `tests/test_speed.py` compares the ratios
with those on record.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
if hasattr(os, "sched_setaffinity"):  # before NumPy and OpenCV look how many cores there are
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import cv2
import numpy as np
from PIL import Image

from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.bootstrap import Bootstrap, Wishes
from gallery.domain.matching import Whitelist, candidates
from portraits import HOPPER_FACE, backdrop, hopper, scaled

ROUNDS = 5
SIZE = (1500, 1000)
FACE = 90
"""Height of the faces in the picture, in pixels."""
FACES = 4
SFACE_PRODUCT = 1047
"""Side of two matrices whose product takes as many multiplications as SFace for a face and its mirror image: 1.148e9,
the sum over the network's convolutions and its last layer, twice."""
TEMPLATES, PROBES, DIMENSION = 10_000, 20, 128

Work = Callable[[], object]


def picture() -> np.ndarray:
    """A soft backdrop with faces in a row, and the grain of a photo."""
    image = backdrop(*SIZE)
    face = scaled(hopper(), FACE / HOPPER_FACE[3])
    for number in range(FACES):
        x = 100 + number * 330
        image[300 : 300 + face.shape[0], x : x + face.shape[1]] = face
    grain = np.random.default_rng(0).normal(0, 6, image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def stages(folder: Path) -> dict[str, tuple[Work, Work]]:
    """For each stage our work and the bare work."""
    boot = Bootstrap.of(folder / "no.db")
    file, files = folder / "photo.jpg", PillowPhotoFiles()
    Image.fromarray(picture()).save(file, quality=92)
    photo = files.read(file)
    detector, card = boot.detector("yunet"), boot.registry().card("sface")
    found = detector.detect(photo.pixels)
    assert len(found) == FACES
    boxes = [one.box for one in found]
    embedder, chips = boot.embedder(card), boot.cropper(card).crop(photo.pixels, found)
    redactor = boot.redactor(Wishes())
    redacted = redactor.redact(photo.pixels, found)
    staged = files.stage(redacted, photo, folder / "out.jpg")

    network = cv2.FaceDetectorYN.create(str(boot.weights().verified(detector.card).path), "", SIZE)
    bgr = np.ascontiguousarray(photo.pixels[..., ::-1])
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, SFACE_PRODUCT, SFACE_PRODUCT), dtype=np.float32)
    templates = rng.standard_normal((TEMPLATES, DIMENSION), dtype=np.float32)
    numbers = np.arange(TEMPLATES)
    whitelist = Whitelist(tuple(map(str, numbers)), numbers, numbers, templates)
    probes = rng.standard_normal((PROBES, DIMENSION), dtype=np.float32)

    decode = partial(decoded, file.read_bytes())
    return {
        "decode": (partial(files.read, file), decode),
        "detect": (partial(detector.detect, photo.pixels), partial(network.detect, bgr)),
        "embed": (partial(embedder.embed, chips.pixels), lambda: [a @ b for _ in range(FACES)]),
        "match": (partial(candidates, probes, whitelist), lambda: templates @ probes.T),
        "redact": (partial(redactor.redact, photo.pixels, found), decode),
        "encode": (lambda: files.discard(files.stage(redacted, photo, folder / "o.jpg").path), encoder(file)),
        "verify": (partial(files.verify, staged, redacted, photo, boxes), decode),
    }


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def encoder(file: Path) -> Work:
    with Image.open(file) as image:
        image.load()
        return lambda: image.save(io.BytesIO(), "JPEG", quality="keep")


def seconds(work: Work) -> float:
    """CPU time of a work, the mean of as many times in a row as take 10 ms at least."""
    times, begun = 0, time.process_time()
    while True:
        work()
        times += 1
        spent = time.process_time() - begun
        if spent > 0.01:
            return spent / times


def ratios() -> dict[str, tuple[float, float]]:
    """For each stage the least seconds of ours, and of the bare work."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = stages(Path(folder))
        for works in pairs.values():
            for work in works:
                work()
        rounds = [{name: tuple(map(seconds, works)) for name, works in pairs.items()} for _ in range(ROUNDS)]
    return {name: tuple(min(one[name][side] for one in rounds) for side in (0, 1)) for name in pairs}


def main() -> None:
    measured = ratios()
    if "--json" in sys.argv:
        print(json.dumps({name: ours / bare for name, (ours, bare) in measured.items()}))
        return
    for name, (ours, bare) in measured.items():
        print(f'    "{name}": {ours / bare:.3g},  # {1000 * ours:.2f} ms to {1000 * bare:.2f} ms')


if __name__ == "__main__":
    main()
