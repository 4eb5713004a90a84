"""Milliseconds per face of a ResNet-100 with seeded weights: by ONNX Runtime as the program runs it, and by others.

The ratio is one of processor time, which other work on the machine changes least.
LiteRT gets the same layers, each normalisation that can be folded into the convolution before it folded. OpenVINO is
measured where it is installed.

Run: python tests/benchmarks/bench_arcface.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import arcface_files
from gallery.adapters.cores import usable_cores
from gallery.adapters.embedders.arcface import run
from gallery.adapters.embedders.arcface_file import read_network
from gallery.adapters.litert.interpreters import Interpreters
from gallery.adapters.litert.layers import Convolution, Dense, Keep, Layer, Plus, Resume
from gallery.adapters.litert.model_file import model_file

FACES = 16
REPEATS = 3

Embed = Callable[[np.ndarray], object]


def layers() -> Iterator[Layer]:
    """The network for LiteRT: what precedes a padded convolution cannot be folded, and is one factor a channel."""
    random = np.random.default_rng(0)

    def convolution(into: int, out: int, side: int = 3, stride: int = 1, rectified: bool = True) -> Convolution:
        kernel = (random.standard_normal((out, side, side, into)) / np.sqrt(into * side * side)).astype(np.float32)
        slopes = np.full(out, 0.25, np.float32) if rectified else None
        return Convolution(kernel, np.zeros(out, np.float32), stride=stride, padding=side // 2, slopes=slopes)

    yield convolution(3, 64)
    channels = 64
    for stage, count in enumerate(arcface_files.RESNET_100):
        out = 64 << stage
        for number in range(count):
            name = f"{stage}.{number}"
            yield Keep(f"in {name}")
            if not number:
                yield convolution(channels, out, 1, 2, rectified=False)
                yield Keep(f"beside {name}")
                yield Resume(f"in {name}")
            factors = np.ones((1, 1, 1, channels), np.float32)
            yield Convolution(factors, np.zeros(channels, np.float32), depthwise=True)
            yield convolution(channels, out)
            yield convolution(out, out, 3, 1 if number else 2, rectified=False)
            yield Plus(f"in {name}" if number else f"beside {name}")
            channels = out
    dense = (random.standard_normal((512, 512 * 49)) / 158).astype(np.float32)
    yield Dense(dense, np.zeros(512, np.float32))


def prepared(chips: np.ndarray) -> np.ndarray:
    return (chips.astype(np.float32) - 127.5) / 127.5


def onnx_runtime(path: Path) -> Embed:
    from concurrent.futures import ThreadPoolExecutor

    network, pool = read_network(path.read_bytes()), ThreadPoolExecutor(usable_cores())
    return lambda chips: list(pool.map(lambda chip: run(network, chip), chips))


def litert(_path: Path) -> Embed:
    interpreters = Interpreters(model_file(layers(), (112, 112, 3)), usable_cores())
    return lambda chips: interpreters.run(prepared(chips))


def litert_together(_path: Path) -> Embed:
    interpreters = Interpreters(model_file(layers(), (112, 112, 3)), 1, usable_cores())
    return lambda chips: interpreters.run(prepared(chips))


def opencv(path: Path) -> Embed:
    network = cv2.dnn.readNetFromONNX(str(path))

    def embed(chips: np.ndarray) -> None:
        for chip in prepared(chips).transpose(0, 3, 1, 2):
            network.setInput(np.ascontiguousarray(chip[None]))
            network.forward()

    return embed


def openvino(path: Path) -> Embed:
    import openvino

    model = openvino.Core().read_model(path)
    model.reshape({"input.1": [1, 3, 112, 112]})
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(model, "CPU", settings))

    def embed(chips: np.ndarray) -> None:
        for chip in prepared(chips).transpose(0, 3, 1, 2):
            queue.start_async({0: np.ascontiguousarray(chip[None])})
        queue.wait_all()

    return embed


def per_face(embed: Embed, chips: np.ndarray) -> tuple[float, float]:
    """Milliseconds by the clock, and of processor time of all cores together; the least of each."""
    embed(chips[:2])
    found = []
    for _ in range(REPEATS):
        clock, processor = time.perf_counter(), time.process_time()
        embed(chips)
        found.append((time.perf_counter() - clock, time.process_time() - processor))
    least = np.min(found, axis=0) * 1000 / len(chips)
    return float(least[0]), float(least[1])


def main() -> None:
    chips = np.random.default_rng(1).integers(0, 255, (FACES, 112, 112, 3), dtype=np.uint8)
    table = Table(title=f"ResNet-100, one pass, {FACES} faces, {usable_cores()} cores, the best of {REPEATS}")
    for column in ("run by", "ms per face", "CPU ms", "ratio"):
        table.add_column(column, justify="right")
    ways = {
        "ONNX Runtime, as the program does": onnx_runtime,
        "LiteRT, one face per core": litert,
        "LiteRT, all cores on one face": litert_together,
        "OpenCV": opencv,
        "OpenVINO": openvino,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = arcface_files.write(Path(folder) / "r100.onnx", arcface_files.made(arcface_files.RESNET_100, 64))
        first = None
        for name, make in ways.items():
            try:
                found = per_face(make(path), chips)
            except ImportError:
                table.add_row(name, "not installed", "–", "–")
                continue
            clock, processor = found
            first = first or processor
            table.add_row(name, f"{clock:.0f}", f"{processor:.0f}", f"{processor / first:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
