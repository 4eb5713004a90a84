"""From any of Pillow's picture modes to 8-bit sRGB and opacity."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from gallery.domain.faces import RGB

_WIDE_GREY = frozenset(("I;16", "I;16B", "I;16L", "I;16N"))
_NOT_A_PHOTO = frozenset(("I", "F"))
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_GREY_MODES = frozenset(("1", "L", "LA", "La"))

# Two profiles that both mean sRGB differ by rounding only. Converting from one to the other would change pixels for
# nothing, so up to this many of 255 levels a profile counts as sRGB. Measured: 1 for the usual HP and Apple ones.
_SAME_LEVELS = 1


class UnknownDepth(ValueError):
    """A picture whose numbers are not 1 to 16 bits per channel."""


def to_srgb(image: Image.Image) -> tuple[RGB, NDArray[np.uint8] | None]:
    """The picture's colours in sRGB, and its opacity.

    Sixteen bits (or twelve) are scaled to eight, not clipped. An embedded ICC profile is converted by perceptual
    intent; one that is broken, or belongs to another kind of picture, is ignored, because a wrong tint harms nobody.

    Args:
        image: Loaded, in any mode.

    Returns:
        `(height, width, 3) uint8` RGB, and `(height, width) uint8` opacity or None where every pixel is opaque by
        kind.

    Raises:
        UnknownDepth: If the picture holds 32-bit integers or floating-point numbers, which have no known range.
    """
    icc = image.info.get("icc_profile")
    if image.mode in _NOT_A_PHOTO:
        raise UnknownDepth(f"its pixels are {'floating-point' if image.mode == 'F' else '32-bit'} numbers")
    alpha: NDArray[np.uint8] | None = None
    if image.mode in _WIDE_GREY:
        image, alpha = _from_wide_grey(image)
    elif image.has_transparency_data:
        grey = image.mode in _GREY_MODES
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        image = image.convert("RGB").convert("L") if grey else image.convert("RGB")
    return np.asarray(_in_srgb(image, icc)), alpha


def _from_wide_grey(image: Image.Image) -> tuple[Image.Image, NDArray[np.uint8] | None]:
    levels: NDArray[Any] = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    bits = int(tags.get(ExifTags.Base.BitsPerSample, (16,))[0])
    most = (1 << bits) - 1
    eight = (np.minimum(levels, most).astype(np.uint32) * 255 + most // 2) // most
    if tags.get(ExifTags.Base.PhotometricInterpretation) == 0:  # WhiteIsZero (TIFF 6.0, section 8): Pillow ignores it
        eight = 255 - eight
    transparent = image.info.get("transparency")
    alpha = None if transparent is None else np.where(levels == transparent, 0, 255).astype(np.uint8)
    return Image.fromarray(eight.astype(np.uint8)), alpha


def _in_srgb(image: Image.Image, icc: Any) -> Image.Image:
    if isinstance(icc, bytes) and icc:
        try:
            return _by_profile(image, icc)
        except Exception:  # noqa: S110 - a profile that cannot be used is not worth losing the photo for
            pass
    return image.convert("RGB")


def _by_profile(image: Image.Image, icc: bytes) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = _PROFILE_MODES[profile.profile.xcolor_space.strip()]
    if mode not in ("RGB", image.mode):
        raise ValueError(f"a profile for {mode} in a picture in {image.mode}")
    image = image.convert(mode)
    if mode == "L":
        return _by_grey_profile(image, profile)
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    return image if mode == "RGB" and _changes_nothing(transform) else transform.apply(image)


def _by_grey_profile(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Level by level: for grey, Little CMS interpolates between 33 levels otherwise, too coarse near black."""
    exact = ImageCms.buildTransform(
        profile, ImageCms.createProfile("sRGB"), "L", "RGB", flags=ImageCms.Flags.NOOPTIMIZE
    )
    converted: NDArray[np.uint8] = np.asarray(exact.apply(Image.fromarray(np.arange(256, dtype=np.uint8)[None])))
    return Image.fromarray(converted[0][np.asarray(image)])


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    converted: NDArray[np.uint8] = np.asarray(transform.apply(Image.fromarray(cube)))
    return int(np.abs(converted.astype(int) - cube).max()) <= _SAME_LEVELS
