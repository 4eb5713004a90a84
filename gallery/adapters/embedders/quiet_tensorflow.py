"""Imports TensorFlow and Keras without what they print on the way."""

from __future__ import annotations

import os
from typing import Any

from gallery.adapters.quiet import without_chatter
from gallery.domain.errors import ModelFailed


def import_tensorflow() -> tuple[Any, Any]:
    """TensorFlow, and Keras running on it.

    Returns:
        The modules `tensorflow` and `keras`.

    Raises:
        ModelFailed: If they cannot be imported, or Keras runs on something else.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _require_tensorflow(os.environ.setdefault("KERAS_BACKEND", "tensorflow"))
    try:
        with without_chatter():
            import keras
            import tensorflow as tf
    except ImportError as error:
        why = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ModelFailed(
            f"TensorFlow cannot be loaded: {why.rstrip('.')}.",
            "Install this program again, or use a model that needs no TensorFlow: --model sface.",
        ) from error
    _require_tensorflow(keras.backend.backend())
    return tf, keras


def _require_tensorflow(backend: str) -> None:
    if backend != "tensorflow":
        raise ModelFailed(
            f"Keras is set to run on {backend!r}, not on TensorFlow.",
            "Remove the environment variable KERAS_BACKEND, or set it to tensorflow.",
        )
