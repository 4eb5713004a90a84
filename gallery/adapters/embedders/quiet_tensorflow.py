"""Imports TensorFlow and Keras without what they print on the way."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gallery.domain.errors import ModelFailed

_CHATTER = re.compile(rb"[IW]\d{4} \d\d:|\d{4}-\d\d-\d\d [\d:.]+: [IW] |WARNING: All log messages before absl")
"""Beginnings of TensorFlow's information and warning lines."""


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


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what is written to standard error, and passes it on afterwards without TensorFlow's chatter.

    TensorFlow writes some lines before it looks at TF_CPP_MIN_LOG_LEVEL (tensorflow/tensorflow#100442), and from C++,
    so that only the file descriptor can be turned aside.
    """
    if sys.stderr is None:  # closed by whoever started this process; the descriptor may be any file
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            aside.seek(0)
            for line in aside:
                if not _CHATTER.match(line):
                    os.write(2, line)
