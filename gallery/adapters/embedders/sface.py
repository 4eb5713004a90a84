"""SFace (Zhong et al. 2021, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition"), by OpenCV."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.embedders.cores import usable_cores
from gallery.domain.embedding import finished
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import Embeddings
from gallery.domain.models import ModelCard


class SFace:
    """The embedder that needs nothing but packages: 128 values per face.

    `cv2.FaceRecognizerSF` takes one face at a time (its quantised network gives nonsense for larger batches), so each
    core has a network of its own and the faces are dealt out among them.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        threads: Networks to run side by side; the number of usable cores if None.
    """

    def __init__(self, card: ModelCard, weights: Path, threads: int | None = None) -> None:
        self.card = card
        self._file = weights.name
        # Every core's network is made of the very bytes that were hashed, whatever happens to the file meanwhile.
        data = weights.read_bytes()
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise self._failed("it is not the file on record")
        self._weights = np.frombuffer(data, np.uint8)
        self.threads = threads or usable_cores()
        self._own = threading.local()
        self._net()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="sface")

    def embed(self, chips: NDArray[np.uint8]) -> Embeddings:
        """Embeds aligned faces.

        Args:
            chips: `(N, 112, 112, 3) uint8` RGB, aligned by five landmarks.

        Returns:
            `(N, 128) float32`, finished as the card says (see `gallery.domain.embedding`).

        Raises:
            ValueError: If the chips have another shape or type.
            ModelFailed: If OpenCV reports an error.
        """
        spec = self.card.spec
        width, height = spec.input_size
        if chips.dtype != np.uint8 or chips.ndim != 4 or chips.shape[1:] != (height, width, 3):
            raise ValueError(f"chips must be (N, {height}, {width}, 3) uint8 RGB, got {chips.shape} {chips.dtype}")
        if not len(chips):
            return np.zeros((0, spec.dimension), np.float32)
        raw = self._run(chips)
        return finished(raw, spec, self._run(chips[:, :, ::-1]) if spec.mirror else None)

    def _run(self, chips: NDArray[np.uint8]) -> Embeddings:
        """What the network itself gives, in the chips' order."""
        rows = list(self._pool.map(self._one, chips)) if len(chips) > 1 else [self._one(chips[0])]
        raw = np.stack(rows)
        if raw.shape[1] != self.card.spec.dimension or not np.isfinite(raw).all():
            raise self._failed(f"it gave {raw.shape[1]} values, or some that are not finite numbers")
        return raw

    def _one(self, chip: NDArray[np.uint8]) -> NDArray[np.float32]:
        import cv2

        try:
            return np.array(self._net().feature(np.ascontiguousarray(chip[:, :, ::-1])), np.float32).ravel()
        except cv2.error as error:
            raise self._failed(error) from error

    def _net(self) -> Any:
        """This thread's own network."""
        import cv2

        if not hasattr(self._own, "net"):
            try:
                self._own.net = cv2.FaceRecognizerSF.create("onnx", self._weights, np.zeros(0, np.uint8))
            except cv2.error as error:
                raise self._failed(error) from error
        return self._own.net

    def _failed(self, why: object) -> ModelFailed:
        return ModelFailed(
            f"The embedder {self.card.name} cannot run {self._file}: {str(why).strip().splitlines()[-1]}.",
            "Check its file with 'gallery models verify'.",
        )
