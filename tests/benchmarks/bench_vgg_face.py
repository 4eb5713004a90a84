"""How fast `vgg-face` runs, as a share of what NumPy's matrix product reaches in the same process.

    python tests/benchmarks/bench_vgg_face.py

Random weights, made in memory: the speed does not depend on the values. The two are timed in turn, because other
work on the machine slows down both; each figure is the best of several rounds.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.adapters.embedders.quiet_tensorflow import import_tensorflow
from gallery.adapters.embedders.vgg_face_converted import layers, load_converted
from gallery.adapters.embedders.vgg_face_network import INPUT, LAYERS, OUTPUTS, build_network, compiled
from gallery.adapters.litert.model_file import model_file

SIDE = 2048
ROUNDS = 5
BATCHES = (1, 8, 16, 32)
GOAL = 0.7
INT8_GOAL = 0.050
"""Seconds per face."""


def random_weights(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """He-scaled kernels and small biases, in network order."""
    for layer in LAYERS:
        kernel = rng.standard_normal(layer.shape, dtype=np.float32)
        kernel *= math.sqrt(2 / math.prod(layer.kernel[:-1]))
        yield kernel
        yield rng.standard_normal(layer.bias, dtype=np.float32) * np.float32(0.1)


def operations(network: object) -> int:
    """Floating-point operations of one face: two for every weight of a kernel at every place where it is applied.

    Biases, rectifiers and maxima, together under 1 %, are not counted.
    """
    layers = [network.get_layer(layer.name) for layer in LAYERS]  # type: ignore[attr-defined]
    return sum(2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1]) for layer in layers)


def converted(folder: str) -> Callable[[np.ndarray], np.ndarray]:
    """The eight-bit form of random weights."""
    path = Path(folder) / "form.tflite"
    model_file(layers(random_weights(np.random.default_rng(0))), (INPUT, INPUT, 3), int8=True).tofile(path)
    return load_converted(path)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def settled(work: Callable[[], object]) -> float:
    """Seconds, once the threads of what ran before have stopped looking out for more."""
    time.sleep(0.2)
    return seconds(work)


def main() -> None:
    """Measures and prints the table."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, SIDE, SIDE), dtype=np.float32)
    tf, keras = import_tensorflow()
    network = build_network(random_weights(rng))
    work = operations(network)
    forwards = {"float32": compiled(network)}
    forwards["bfloat16"] = compiled(build_network(random_weights(np.random.default_rng(0)), "bfloat16"))
    folder = tempfile.TemporaryDirectory()
    forwards["int8"] = converted(folder.name)
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}, NumPy {np.__version__}"
    table = Table(title=f"vgg-face, {work / 1e9:.2f} GFLOP per face; {versions}")
    for heading in (
        "numbers",
        "batch",
        "ms per face",
        "GFLOP/s",
        f"NumPy float32 {SIDE}², GFLOP/s",
        "share",
        f"goal {GOAL:.0%}",
    ):
        table.add_column(heading, justify="right")
    for numbers, batch in ((numbers, batch) for numbers in forwards for batch in BATCHES):
        forward = forwards[numbers]
        chips = rng.integers(0, 256, (batch, INPUT, INPUT, 3), dtype=np.uint8)
        assert forward(chips).shape == (batch, OUTPUTS)
        rounds = [(settled(lambda: a @ b), settled(lambda c=chips, f=forward: f(c))) for _ in range(ROUNDS)]
        product, embedding = (min(times) for times in zip(*rounds, strict=True))
        numpy_rate, rate = 2 * SIDE**3 / product, batch * work / embedding
        share = rate / numpy_rate
        verdict = ("met" if share >= GOAL else "missed") if batch >= 8 else "–"
        verdict = verdict if numbers != "int8" else f"{'met' if embedding / batch <= INT8_GOAL else 'missed'} (≤ 50 ms)"
        figures = (f"{embedding / batch * 1e3:.0f}", f"{rate / 1e9:.0f}", f"{numpy_rate / 1e9:.0f}", f"{share:.0%}")
        table.add_row(numbers, str(batch), *figures, verdict)
    Console().print(table)


if __name__ == "__main__":
    main()
