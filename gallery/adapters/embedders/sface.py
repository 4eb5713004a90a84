"""SFace (Zhong et al. 2021, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition"), by LiteRT."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.cores import usable_cores
from gallery.adapters.embedders.chips import embedded
from gallery.adapters.embedders.sface_network import INPUT, read_network
from gallery.adapters.litert.interpreters import Interpreters
from gallery.adapters.litert.model_file import model_file
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import Embeddings
from gallery.domain.models import ModelCard


class SFace:
    """The embedder that needs nothing but packages: 128 values per face.

    The same values as `cv2.FaceRecognizerSF` gives, within rounding, in half its time: OpenCV takes one face at a time
    and has slower kernels.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        threads: Networks to run side by side; the number of usable cores if None.

    Raises:
        ModelFailed: If the file is not the one on record, or does not hold the network.
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
            model = model_file(self._network.layers, (INPUT, INPUT, 3))
            self._interpreters = Interpreters(model, self.threads)
        except Exception as error:  # whatever parsing a damaged or strange file comes to
            raise self._failed(error) from error

    def embed(self, chips: NDArray[np.uint8]) -> Embeddings:
        """Embeds aligned faces.

        Args:
            chips: `(N, 112, 112, 3) uint8` RGB, aligned by five landmarks.

        Returns:
            `(N, 128) float32`, finished as the card says (see `gallery.domain.embedding`).

        Raises:
            ValueError: If the chips have another shape or type.
            ModelFailed: If LiteRT reports an error.
        """
        return embedded(chips, self.card.spec, self._run)

    def _run(self, chips: NDArray[np.uint8]) -> Embeddings:
        """What the network itself gives, in the chips' order."""
        pixels = chips.astype(np.float32)
        pixels -= np.float32(self._network.shift)
        pixels *= np.float32(self._network.scale)
        try:
            raw = self._interpreters.run(pixels)
        except (ValueError, RuntimeError) as error:
            raise self._failed(error) from error
        if raw.shape[1] != self.card.spec.dimension or not np.isfinite(raw).all():
            raise self._failed(f"it gave {raw.shape[1]} values, or some that are not finite numbers")
        return raw

    def _failed(self, why: object) -> ModelFailed:
        reason = (str(why).strip().splitlines() or [type(why).__name__])[-1].rstrip(".")
        return ModelFailed(
            f"The embedder {self.card.name} cannot run {self._file}: {reason}.",
            "Check its file with 'gallery models verify'.",
        )
