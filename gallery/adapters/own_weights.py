"""Reads a user's weights the way their architecture does, so that a wrong file is found out before it is recorded."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from gallery.domain.errors import ModelFailed
from gallery.domain.models import ModelCard

_MOST = 1 << 31
"""Bytes of an ONNX file: protobuf, in which it is written, has no larger messages."""


class WeightsReaders:
    """A reader for each architecture that weights of one's own can be added for. None of them needs TensorFlow."""

    def require(self, card: ModelCard, file: Path) -> None:
        """Reads a file to its end.

        Raises:
            ModelFailed: If it does not hold the weights of the card's architecture.
        """
        {"vgg-face": _vgg_face, "sface": _sface}[card.architecture](card, file)


def _vgg_face(_card: ModelCard, file: Path) -> None:
    from gallery.adapters.embedders.keras_weights import read_weights
    from gallery.adapters.embedders.vgg_face_network import LAYERS

    with closing(read_weights(file, LAYERS)) as arrays:
        for _ in arrays:  # each is checked for its shape and for finite values as it comes
            pass


def _sface(card: ModelCard, file: Path) -> None:
    from gallery.adapters.embedders.sface_network import INPUT, read_network
    from gallery.adapters.litert.interpreters import Interpreters
    from gallery.adapters.litert.model_file import model_file

    if file.stat().st_size >= _MOST:
        raise _other(file, "it is too large for an ONNX model")
    black = np.zeros((1, INPUT, INPUT, 3), np.float32)
    try:
        network = model_file(read_network(file.read_bytes()).layers, black.shape[1:])
        values = Interpreters(network, 1).run(black)
    except Exception as error:  # whatever parsing a damaged or strange file comes to
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise _other(file, lines[-1].rstrip(".")) from error
    if values.shape != (1, card.spec.dimension) or not np.isfinite(values).all():
        raise _other(file, f"it gives {values.size} values, or some that are not finite numbers")


def _other(file: Path, why: str) -> ModelFailed:
    return ModelFailed(
        f"{file} does not hold the weights of sface: {why}.",
        "Give an ONNX file of SFace as in OpenCV's model zoo, plain or block-quantised; 'gallery models install "
        "sface-float' brings one.",
    )
