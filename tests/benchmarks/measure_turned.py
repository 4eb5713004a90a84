"""What looking at a photo four times is worth.

    python tests/benchmarks/measure_turned.py FOLDER

The faces that are found in each photo as it is are looked for in the photo turned, with one look and with four.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from gallery.adapters.detectors.turned import Turned
from gallery.bootstrap import Bootstrap
from gallery.domain.errors import BadPhoto
from gallery.domain.turning import turned_back

SAME = 0.3
"""Least overlap of the same face; a turned face's box is somewhat other."""


def main(folder: Path) -> None:
    boot = Bootstrap.of()
    once, files = boot.detector("yunet"), boot.photos()
    looks = {"one look": once, "four looks": Turned(once)}
    faces, found, more, seconds = 0, dict.fromkeys(looks, 0), dict.fromkeys(looks, 0), dict.fromkeys(looks, 0.0)
    for path in files.find([folder]):
        try:
            image = files.read(path).opaque().pixels
        except BadPhoto:
            continue
        boxes = [face.box for face in once.detect(image)]
        faces += len(boxes)
        for quarters in (0, 1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(image, quarters))
            for name, detector in looks.items():
                start = time.perf_counter()
                seen = detector.detect(turned)
                seconds[name] += time.perf_counter() - start
                back = [turned_back(one, quarters, image.shape[1], image.shape[0]).box for one in seen]
                if quarters:
                    found[name] += sum(any(box.overlap(other) >= SAME for other in back) for box in boxes)
                else:
                    more[name] += sum(all(box.overlap(other) < SAME for box in boxes) for other in back)
    for name in looks:
        share = found[name] / (3 * faces)
        print(
            f"{name:<11} {share:6.1%} of {faces} faces found in photos turned by 90, 180 and 270 degrees, "
            f"{more[name]} further ones in the photos as they are, time {seconds[name] / seconds['one look']:.1f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
