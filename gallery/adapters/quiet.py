"""Holds back what libraries written in C++ say on the way."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHATTER = re.compile(
    rb"[IW]\d{4} \d\d:|\d{4}-\d\d-\d\d [\d:.]+: [IW] |WARNING: All log messages before absl"
    rb"|INFO: Created TensorFlow Lite "
)
"""Beginnings of TensorFlow's and LiteRT's information and warning lines."""


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what is written to standard error, and passes it on afterwards without the chatter.

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
                    with suppress(OSError):  # what cannot be printed stops nothing
                        os.write(2, line)
