"""How long the light commands take, as whole processes and as ratios to importing Typer and Rich; and one photo through
`gallery anonymise`, as a ratio to importing OpenCV and NumPy and loading the two models' files by OpenCV.

Run: python tests/benchmarks/bench_startup.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from portraits import hopper

RUNS = 9
BARE = [sys.executable, "-c", "import typer, rich"]
COMMANDS = {
    "gallery --help": ["--help"],
    "gallery list": ["list"],
    "gallery audit": ["audit"],
    "gallery models list": ["models", "list"],
}


MODELS = """
import cv2, numpy
from gallery.bootstrap import Bootstrap
boot = Bootstrap.of()
yunet, sface = (str(boot.weights().find(boot.registry().card(name)).path) for name in ("yunet", "sface"))
cv2.FaceDetectorYN.create(yunet, "", (320, 320))
cv2.FaceRecognizerSF.create(sface, "")
"""
"""The bare work behind one photo. What finds the files is ours, and takes 0.1 s."""


def seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(table: Table, name: str, ours: list[str], bare: list[str]) -> None:
    seconds(ours)
    pairs = [(seconds(ours), seconds(bare)) for _ in range(RUNS)]
    a, b = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(x / y for x, y in pairs)
    table.add_row(name, f"{1000 * a:.0f}", f"{1000 * b:.0f}", f"{ratio:.2f}")


def main() -> None:
    table = Table(title=f"Start-up: medians of {RUNS} runs, in turns with importing Typer and Rich")
    for column in ("command", "ms", "bare ms", "ratio"):
        table.add_column(column, justify="left" if column == "command" else "right")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GALLERY_DB"] = str(Path(folder) / "gallery.db")
        from gallery.bootstrap import Bootstrap

        with Bootstrap.of().store(create=True):
            pass
        for name, words in COMMANDS.items():
            compare(table, name, [sys.executable, "-m", "gallery", *words], BARE)
        photo = Path(folder) / "photo.png"
        Image.fromarray(hopper()).save(photo)
        words = ["anonymise", str(photo), "--dry-run"]
        compare(table, "gallery anonymise", [sys.executable, "-m", "gallery", *words], [sys.executable, "-c", MODELS])
    Console().print(table)


if __name__ == "__main__":
    main()
