"""Reads a user's weights the way their architecture does, so that a wrong file is found out before it is recorded."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np

from gallery.adapters.plain_file import read_plain
from gallery.domain.errors import ModelFailed
from gallery.domain.models import ModelCard

_MOST = 1 << 31
"""Bytes of an ONNX file: protobuf, in which it is written, has no larger messages."""


class WeightsReaders:
    """A reader for each architecture that weights of one's own can be added for. None of them needs TensorFlow."""

    def require(self, card: ModelCard, file: Path) -> int:
        """Reads a file to its end, and returns the length of its embeddings.

        Raises:
            ModelFailed: If it does not hold the weights of the card's architecture, or a package is missing that is
                needed to run them.
        """
        return {"vgg-face": _vgg_face, "sface": _sface, "arcface": _arcface}[card.architecture](card, file)


def _vgg_face(card: ModelCard, file: Path) -> int:
    from gallery.adapters.embedders.keras_weights import read_weights
    from gallery.adapters.embedders.vgg_face_network import LAYERS

    with closing(read_weights(file, LAYERS)) as arrays:
        for _ in arrays:  # each is checked for its shape and for finite values as it comes
            pass
    return card.spec.dimension


def _sface(card: ModelCard, file: Path) -> int:
    from gallery.adapters.embedders.sface_network import INPUT, read_network
    from gallery.adapters.litert.interpreters import Interpreters
    from gallery.adapters.litert.model_file import model_file

    black = np.zeros((1, INPUT, INPUT, 3), np.float32)
    try:
        network = model_file(read_network(_onnx_bytes(file)).layers, black.shape[1:])
        values = Interpreters(network, 1).run(black)
    except Exception as error:  # whatever parsing a damaged or strange file comes to
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise _other(card, file, lines[-1].rstrip(".")) from error
    if values.shape != (1, card.spec.dimension) or not np.isfinite(values).all():
        raise _other(card, file, f"it gives {values.size} values, or some that are not finite numbers")
    return card.spec.dimension


def _arcface(card: ModelCard, file: Path) -> int:
    from gallery.adapters.embedders.arcface import run
    from gallery.adapters.embedders.arcface_file import INPUT, read_network

    noise = np.random.default_rng(0).integers(0, 255, (INPUT, INPUT, 3), dtype=np.uint8)
    try:
        network = read_network(_onnx_bytes(file))
        one, again, other = (run(network, chip) for chip in (noise, noise, 255 - noise))
    except ValueError as error:
        raise _other(card, file, str(error)) from error
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise _other(card, file, "it gives values that are not finite numbers")
    if not np.array_equal(one, again):
        raise _other(card, file, "it gives other values for the same picture each time")
    if np.allclose(one, other):
        raise _other(card, file, "it gives the same values for whatever picture")
    return len(one)


def _onnx_bytes(file: Path) -> bytes:
    if file.stat().st_size >= _MOST:
        raise ValueError("it is too large for an ONNX model")
    return read_plain(file)


_WANTED = {
    "sface": "Give an ONNX file of SFace as in OpenCV's model zoo, plain or block-quantised; 'gallery models install "
    "sface-float' brings one.",
    "arcface": "Give an ONNX file that makes one embedding of one aligned face of 112×112 pixels, as ArcFace's authors "
    "export them; 'gallery models install auraface' brings one.",
}


def _other(card: ModelCard, file: Path, why: str) -> ModelFailed:
    return ModelFailed(f"{file} does not hold the weights of {card.architecture}: {why}.", _WANTED[card.architecture])
