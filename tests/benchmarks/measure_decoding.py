"""Measures how much memory reading, writing and verifying a photo takes, by format and mode.

Run: python tests/benchmarks/measure_decoding.py [WIDTH HEIGHT]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from gallery.adapters.photos.icc import SRGB, matrix_profile

CHILD = """
import sys
from pathlib import Path
import cv2, pillow_heif
from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.domain.geometry import Box

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()  # getrusage counts what the parent took, too
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

path, files, before = Path(sys.argv[1]), PillowPhotoFiles(), peak()
photo = files.read(path).opaque()
pixels = photo.pixels.copy()
pixels[10:50, 10:50] = 7
staged = files.stage(pixels, photo, path.parent / ("out-" + path.name))
files.verify(staged, pixels, photo, [Box(10, 10, 40, 40)])
files.discard(staged.path)
print((peak() - before) / photo.size[0] / photo.size[1])
"""


def bytes_per_pixel(path: Path) -> float:
    """At the peak, above those of the program itself."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def make(folder: Path, width: int, height: int) -> list[Path]:
    """A photo of each kind."""
    pillow_heif.register_heif_opener()
    noise = np.random.default_rng(1).integers(0, 8, (height, width, 3), dtype=np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    levels = noise + np.dstack((x * 240 // width, y * 240 // height, (x + y) % 240)).astype(np.uint8)
    clear = np.dstack((levels, np.full((height, width), 200, np.uint8)))
    rgb, rgba, fast = Image.fromarray(levels), Image.fromarray(clear), {"compress_level": 1}
    turned = Image.Exif()
    turned[0x0112] = 6
    rgb.save(folder / "rgb.jpg")
    rgb.save(folder / "rgb.png", **fast)
    rgba.save(folder / "rgba.png", **fast)
    wide = matrix_profile(((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), (0.3127, 0.3290), SRGB)
    rgba.save(folder / "turned.png", exif=turned, icc_profile=wide, **fast)
    rgb.save(folder / "rgb.tif", compression="tiff_lzw")
    rgb.save(folder / "rgb.webp", method=0)
    rgb.save(folder / "rgb.avif", speed=10)
    rgb.save(folder / "rgb.heic")
    cv2.imwrite(str(folder / "rgba16.png"), clear.astype(np.uint16) * 257, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return sorted(folder.iterdir())


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]] or [6000, 4000]
    with tempfile.TemporaryDirectory() as place:
        for made in make(Path(place), *given):
            print(f"{made.name:12} {bytes_per_pixel(made):5.1f} bytes for each pixel", flush=True)
