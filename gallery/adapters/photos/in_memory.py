"""Pictures that a program holds in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from gallery.adapters.photos.colour import to_srgb
from gallery.adapters.photos.orientation import upright_in_memory
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Photo, require_rgb

_NOWHERE = Path("image")


def photo_in_memory(image: object) -> Photo:
    """A picture as a photo: upright, in sRGB, eight bits.

    Args:
        image: `(height, width, 3) uint8` RGB, upright; or a picture of Pillow's in any mode, turned as it says. It is
            not changed.

    Raises:
        WrongType: If it is neither.
        ValueError: If the array has another shape or type.
        BadArgument: If the picture cannot be shown.
    """
    if not isinstance(image, Image.Image):
        pixels = require_rgb(image)
        return Photo(_NOWHERE, hashlib.sha256(pixels.tobytes()).hexdigest(), pixels, "PNG")
    try:
        lying = upright_in_memory(image.copy())
        pixels, alpha = to_srgb(lying.image)
    except (OSError, ValueError) as error:
        raise BadArgument(f"The image cannot be shown: {error}.", "Convert it to the mode RGB first.") from error
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
    return Photo(_NOWHERE, digest, pixels, "PNG", alpha, turns=lying.turns)
