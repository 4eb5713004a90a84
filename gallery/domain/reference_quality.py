"""Whether a face is good enough to be a reference, and if not, why.

A reference is compared with every face for years, so more is asked of it than of a face that is merely to be decided
on (`Floors`). Each limit lies where references of LFW began to miss their own person clearly more often, and where
hardly any ordinary photo is refused: `tests/benchmarks/measure_reference_quality.py` shows both.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB, Detection, Quality, require_rgb
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Floors
from gallery.domain.sharpness import GREY

BURNT = 250
"""Grey from which a pixel counts as burnt out: JPEG spreads a clipped 255 over a few levels."""
NOSE_DEPTH = 1.0
"""How far the tip of the nose stands before the plane of eyes and mouth, in halves of the distance between the eyes.
In YuNet's landmarks of LFW it is 0.99 (1.02 in the part that the measuring script looks at): so do the eyes draw
together as the nose leaves the middle."""
SIZE_FACTOR = 2
"""With `sface`, whose floor is 16, references of 32 pixels missed 6 % of LFW people's other photos, of 24 pixels 8 %,
of 20 pixels 20 %; as taken, with 94 pixels, 4 %."""
SHARPNESS_FACTOR = 3
"""With `sface`, whose floor is 5, references of sharpness 23 missed 7 % of LFW people's other photos, of 12 8 %, of 4
20 %; as taken, with 128, 4 %."""

_SIDE = 2.75
"""Side of the square that an aligned face is cut out as, in distances from the middle of the eyes to the middle of the
mouth: 112 pixels to 40.7 in the template of Deng et al. 2019, "ArcFace"."""
_DROP = 0.11
"""How far that square's middle lies below the middle of the eyes, in the same distances (4.4 pixels to 40.7)."""
_STEPS = (np.arange(24) + 0.5) / 24 - 0.5
_SPREAD: NDArray[np.complex128] = _STEPS[:, None] + 1j * _STEPS
"""Points spread evenly over a square of side 1 around 0."""


class Flaw(StrEnum):
    """What makes a reference poor, in words short enough for a table."""

    TOO_SMALL = "too small"
    TOO_DARK = "too dark"
    WASHED_OUT = "washed out"
    BLURRED = "blurred"
    TURNED_AWAY = "turned away"
    TILTED = "tilted"
    TILTED_BACK = "tilted back"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Measures:
    """What can be measured of a face without knowing whose it is.

    Brightness, contrast and the burnt-out share are those of the middle half of the chip, across and down: eyes, nose
    and mouth, but neither hair nor background.

    Attributes:
        size: Shorter side of the face's box, in pixels of the photo.
        sharpness: Variance of the Laplacian of the grey chip (see `gallery.domain.sharpness`).
        brightness: Mean grey, from 0 to 255.
        contrast: Standard deviation of grey.
        burnt: Share of pixels of `BURNT` or more.
        outside: Share of the square that the face is cut out as which lies outside the photo.
        yaw: How far the face is turned to the side, in degrees; 0 from the front, negative towards the left of the
            picture, 90 in profile. An estimate, see `NOSE_DEPTH`. None without landmarks, as the other two.
        roll: How far the face is tilted towards a shoulder, in degrees; 0 upright, positive clockwise in the picture.
        nose: Where the tip of the nose lies on the way from the eyes (0) to the mouth (1); it moves up when the head
            is put back.
    """

    size: int
    sharpness: float
    brightness: float
    contrast: float
    burnt: float
    outside: float
    yaw: float | None = None
    roll: float | None = None
    nose: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """One number, and where it comes from.

    Attributes:
        value: In the unit of its measure.
        origin: In words.
    """

    value: float
    origin: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a good reference may have of each measure at least or at most.

    Attributes:
        size: At least.
        sharpness: At least.
        brightness: At least.
        contrast: At least; asked only where sharpness is missed, to say why.
        burnt: At most.
        outside: At most.
        yaw: At most, to either side.
        roll: At most, to either side.
        nose: At least.
    """

    size: Limit
    sharpness: Limit
    brightness: Limit
    contrast: Limit
    burnt: Limit
    outside: Limit
    yaw: Limit
    roll: Limit
    nose: Limit


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw of one face.

    Attributes:
        flaw: Which.
        sentence: What is wrong, with the measure and its limit, and what to do, for people who know no photography.
    """

    flaw: Flaw
    sentence: str


def limits_for(floors: Floors) -> Limits:
    """The limits for references under a model.

    Size and sharpness are relative to what the model can bear. The others were measured with `sface`, by
    `python tests/benchmarks/measure_reference_quality.py sface lfw-deepfunneled`; a model without measurements of its
    own gets the same.

    Args:
        floors: Of the model. A floor of 0 leaves that measure unjudged.
    """
    return Limits(
        size=Limit(SIZE_FACTOR * floors.size, f"{SIZE_FACTOR} times the least its model can bear"),
        sharpness=Limit(SHARPNESS_FACTOR * floors.sharpness, f"{SHARPNESS_FACTOR} times the least its model can bear"),
        brightness=Limit(30, "on LFW, references missed 4 % as taken, 9 % at 28, 14 % at 21; its darkest face has 46"),
        contrast=Limit(10, "what pale references have where their sharpness is missed; blurred ones have 25"),
        burnt=Limit(0.25, "on LFW, references missed 4 % as taken, 9 % at 16 % burnt out, 17 % at 33 %"),
        outside=Limit(0.15, "on LFW, references missed 4 % as taken, 7 to 10 % at 17 % outside, 12 to 23 % at 25 %"),
        yaw=Limit(45, "on LFW, the median distance is 0.45 beyond, else 0.37; misses do not grow; 1 % is beyond"),
        roll=Limit(15, "on LFW, references beyond missed 30 %, else 6 %; of tilted faces the landmarks are off"),
        nose=Limit(0.45, "on LFW, references below missed 14 %, at 0.55 to 0.60 3 %; 1 % is below"),
    )


def measure(pixels: RGB, detection: Detection, chip: RGB, quality: Quality) -> Measures:
    """Measures one face.

    Args:
        pixels: `(height, width, 3) uint8` RGB, the photo.
        detection: The face in it. A face without landmarks is not judged by its pose.
        chip: `(H, W, 3) uint8` RGB, the face as its embedder gets it.
        quality: What was measured when the face was described.

    Raises:
        ValueError: If a picture has another shape or type.
    """
    require_rgb(pixels)
    require_rgb(chip, "a chip")
    grey = _middle(chip) @ GREY
    frame = None if detection.landmarks is None else _Frame.of(detection.landmarks)
    height, width = pixels.shape[:2]
    return Measures(
        size=quality.size,
        sharpness=quality.sharpness,
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        burnt=float((grey >= BURNT).mean()),
        outside=_outside(frame.square() if frame else _square(detection.box), width, height),
        yaw=frame.yaw() if frame else None,
        roll=frame.roll() if frame else None,
        nose=frame.nose.real if frame else None,
    )


def flaws(measures: Measures, limits: Limits) -> tuple[Finding, ...]:
    """What is wrong with a face as a reference; nothing where all limits are kept.

    A small, dark or pale face has weak edges too. It is called blurred only where nothing else explains it.
    """
    size, light = _size(measures, limits), _light(measures, limits)
    focus = None if size or light else _focus(measures, limits)
    found = (size, light, focus, *_pose(measures, limits), _cut(measures, limits))
    return tuple(finding for finding in found if finding)


def _middle(chip: RGB) -> RGB:
    height, width = chip.shape[:2]
    return chip[height // 4 : height - height // 4, width // 4 : width - width // 4]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A face's own axes. Points of the picture are complex numbers here, x + iy.

    Attributes:
        eyes: The middle of the eyes.
        down: From there to the middle of the mouth.
        gap: From the right eye to the left, in this frame: the real part counts towards the mouth, the imaginary
            part towards the left of an upright picture, both in lengths of `down`.
        nose: Its tip, in this frame.
    """

    eyes: complex
    down: complex
    gap: complex
    nose: complex

    @classmethod
    def of(cls, landmarks: Landmarks) -> _Frame | None:
        """The frame, or None where the points have no up and down."""
        right, left, nose, right_mouth, left_mouth = (complex(*point) for point in landmarks.as_tuple())
        eyes = (right + left) / 2
        down = (right_mouth + left_mouth) / 2 - eyes
        return cls(eyes, down, (left - right) / down, (nose - eyes) / down) if down else None

    def yaw(self) -> float:
        """A nose as far before the face as the eyes are from its middle moves as the tangent of the turn."""
        return math.degrees(math.atan2(-self.nose.imag / NOSE_DEPTH, -self.gap.imag / 2))

    def roll(self) -> float:
        return math.degrees(cmath.phase(self.down / 1j))

    def square(self) -> NDArray[np.complex128]:
        """Points spread over the square that an aligned face is cut out as."""
        return self.eyes + self.down * (_DROP + _SIDE * _SPREAD)


def _square(box: Box) -> NDArray[np.complex128]:
    """Points spread over the square around a box; a landmark counts from a pixel's middle, a box from its edge."""
    return complex(*box.centre) - complex(0.5, 0.5) + box.square().width * _SPREAD


def _outside(points: NDArray[np.complex128], width: int, height: int) -> float:
    x, y = points.real, points.imag
    inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    return float(1 - inside.mean())


def _size(measures: Measures, limits: Limits) -> Finding | None:
    return _too_low(
        Flaw.TOO_SMALL,
        (measures.size, limits.size),
        "The face is too small ({} pixels across; at least {}). Use a photo that shows it larger.",
    )


def _light(measures: Measures, limits: Limits) -> Finding | None:
    return _too_low(
        Flaw.TOO_DARK,
        (measures.brightness, limits.brightness),
        "The face is too dark (brightness {} of 255; at least {}). Use a photo taken in better light.",
    ) or _too_high(
        Flaw.WASHED_OUT,
        (100 * measures.burnt, _percent(limits.burnt)),
        "The face is overexposed ({} % of it is plain white; at most {} %). Use a photo taken in softer light.",
    )


def _focus(measures: Measures, limits: Limits) -> Finding | None:
    if measures.sharpness >= limits.sharpness.value:
        return None
    return _too_low(
        Flaw.WASHED_OUT,
        (measures.contrast, limits.contrast),
        "The face has too little contrast ({}; at least {}). Use a clear photo, without haze, glare or fading.",
    ) or _too_low(
        Flaw.BLURRED,
        (measures.sharpness, limits.sharpness),
        "The face is blurred (sharpness {}; at least {}). Use a photo that is in focus.",
    )


def _pose(measures: Measures, limits: Limits) -> tuple[Finding | None, ...]:
    if measures.yaw is None or measures.roll is None or measures.nose is None:
        return ()
    return (
        _too_high(
            Flaw.TURNED_AWAY,
            (abs(measures.yaw), limits.yaw),
            "The face is turned too far to the side ({}°; at most {}°). Use a photo taken from the front.",
        ),
        _too_high(
            Flaw.TILTED,
            (abs(measures.roll), limits.roll),
            "The head is tilted too far to a shoulder ({}°; at most {}°). Use a photo with the head upright.",
        ),
        _too_low(
            Flaw.TILTED_BACK,
            (100 * measures.nose, _percent(limits.nose)),
            "The head is tilted back, or the mouth wide open (the nose is {} % of the way down from the eyes to the"
            " mouth; at least {} %). Use a photo taken at eye level, with the mouth closed.",
        ),
    )


def _cut(measures: Measures, limits: Limits) -> Finding | None:
    return _too_high(
        Flaw.CUT_OFF,
        (100 * measures.outside, _percent(limits.outside)),
        "The face is cut off by the border ({} % of it lies outside the photo; at most {} %). Use a photo that shows"
        " all of it.",
    )


def _percent(limit: Limit) -> Limit:
    return Limit(100 * limit.value, limit.origin)


def _too_low(flaw: Flaw, found: tuple[float, Limit], sentence: str) -> Finding | None:
    """A finding where a measure is below its limit; rounded away from it, lest both look the same in the sentence."""
    value, limit = found
    if value >= limit.value:
        return None
    return Finding(flaw, sentence.format(math.floor(value), f"{limit.value:g}"))


def _too_high(flaw: Flaw, found: tuple[float, Limit], sentence: str) -> Finding | None:
    value, limit = found
    if value <= limit.value:
        return None
    return Finding(flaw, sentence.format(math.ceil(value), f"{limit.value:g}"))
