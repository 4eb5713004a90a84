"""How sharp a face is."""

from __future__ import annotations

import numpy as np

from gallery.domain.faces import RGB, require_rgb

GREY = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in grey (ITU-R BT.601)."""


def sharpness(chip: RGB) -> float:
    """Variance of the Laplacian of the grey picture, in grey levels squared.

    A sharp picture has strong edges, a blurred or enlarged one has not (Pech-Pacheco et al. 2000, "Diatom autofocusing
    in brightfield microscopy: a comparative study", LAPV). It depends on the size of the picture, so it is taken of
    chips of one embedder's input size only. The outermost pixels, which may repeat the border of the photo, are left
    out.

    Args:
        chip: `(H, W, 3) uint8` RGB, at least 3×3.

    Raises:
        ValueError: If the chip has another shape or type.
    """
    require_rgb(chip, "a chip")
    grey = chip @ GREY
    centre = grey[1:-1, 1:-1]
    if not centre.size:
        raise ValueError(f"a chip needs at least 3×3 pixels, got {chip.shape}")
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
    return float(laplacian.var())
