"""Embedders of the form that ArcFace's authors publish (Deng et al. 2019), in ONNX files, run by ONNX Runtime.

ONNX Runtime is an extra. It runs whatever network such a file holds, where LiteRT would have to be told of each kind of
layer, and takes about as long for a ResNet-100; see `tests/benchmarks/bench_arcface.py`.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.cores import usable_cores
from gallery.adapters.embedders.arcface_file import Network, read_network
from gallery.adapters.embedders.chips import embedded
from gallery.adapters.forking import ForkAware, keep
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import Embeddings
from gallery.domain.models import ModelCard

MIDDLE = 127.5
"""Is subtracted from each pixel; then the difference is divided by it (the authors' reference code)."""


class ArcFace(ForkAware):
    """An embedder whose number of values per face is the file's; works on in a forked child, too.

    Each face goes through the network by itself, so that its embedding does not depend on the faces beside it; as many
    go side by side as there are cores, and share one copy of the weights.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        threads: Faces at work at once; the number of usable cores if None.

    Raises:
        ModelFailed: If the file is not the one on record, is no such network, or ONNX Runtime is not installed.
    """

    def __init__(self, card: ModelCard, weights: Path, threads: int | None = None) -> None:
        self.card = card
        self._file = weights.name
        data = weights.read_bytes()  # what is hashed is what is used, whatever happens to the file meanwhile
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise self._failed("it is not the file on record")
        self.threads = threads or usable_cores()
        try:
            self._network = read_network(data)
        except ValueError as error:
            raise self._failed(error) from error
        super().__init__()

    def begin(self) -> None:
        """Makes the threads. ONNX Runtime has none of its own here."""
        keep(self.__dict__.get("_pool"))
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="network")

    def embed(self, chips: NDArray[np.uint8]) -> Embeddings:
        """Embeds aligned faces.

        Args:
            chips: `(N, 112, 112, 3) uint8` RGB, aligned by five landmarks.

        Returns:
            `(N, D) float32`, finished as the card says (see `gallery.domain.embedding`).

        Raises:
            ValueError: If the chips have another shape or type.
            ModelFailed: If ONNX Runtime reports an error.
        """
        return embedded(chips, self.card.spec, self._run)

    def _run(self, chips: NDArray[np.uint8]) -> Embeddings:
        try:
            raw = np.stack(list(self._pool.map(lambda chip: run(self._network, chip), chips)))
        except ValueError as error:
            raise self._failed(error) from error
        if raw.shape[1:] != (self.card.spec.dimension,) or not np.isfinite(raw).all():
            raise self._failed(f"it gave {raw[0].size} values, or some that are not finite numbers")
        return raw

    def _failed(self, why: object) -> ModelFailed:
        return ModelFailed(
            f"The embedder {self.card.name} cannot run {self._file}: {why}.",
            "Check its file with 'gallery models verify'.",
        )


def run(network: Network, chip: NDArray[np.uint8]) -> Embeddings:
    """What the network gives for one chip.

    Args:
        network: Ready to run.
        chip: `(112, 112, 3) uint8` RGB.

    Returns:
        `(D,) float32`, as it is.

    Raises:
        ValueError: If ONNX Runtime reports an error, or gives something else than a row of numbers.
    """
    pixels = (chip.astype(np.float32) - np.float32(MIDDLE)) / np.float32(MIDDLE)
    return network.run(np.ascontiguousarray(pixels.transpose(2, 0, 1))[None])
