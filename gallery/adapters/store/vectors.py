"""Vectors as bytes: little-endian float32, nothing else; their dimension is the model's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STORED = np.dtype("<f4")


def to_bytes(vector: NDArray[Any], dimension: int) -> bytes:
    """The bytes of one embedding.

    Args:
        vector: `(dimension,)` of any floating type.
        dimension: What the model says.

    Raises:
        ValueError: If the vector has another shape, or holds a value that is not a finite number.
    """
    if vector.shape != (dimension,):
        raise ValueError(f"an embedding of {dimension} values must be ({dimension},), got {vector.shape}")
    stored = vector.astype(STORED)
    if not np.isfinite(stored).all():
        raise ValueError("an embedding holds a value that is not a finite number")
    return stored.tobytes()


def read_into(row: NDArray[np.float32], stored: bytes) -> bool:
    """Reads one embedding into a row of an array.

    Args:
        row: `(D,) float32`, overwritten.
        stored: The bytes.

    Returns:
        Whether there were bytes for exactly D values. That they are finite is left to be checked for all rows at once.
    """
    if len(stored) != row.size * STORED.itemsize:
        return False
    row[:] = np.frombuffer(stored, STORED)
    return True
