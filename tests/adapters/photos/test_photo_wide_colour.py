"""Colours look the same, whatever space they come in: they are converted to sRGB."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.domain.errors import BadPhoto
from made_photos import RED_GREEN_BLUE, apart, file_of, heic, photo_of, profile, written_again

# Primaries of ITU-R BT.2020, Display P3 (SMPTE EG 432-1 under D65) and Adobe RGB (1998), whose gamma is 563/256.
BT_2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
ADOBE_GAMMA = 563 / 256
Points = tuple[tuple[float, float], ...]
BY_NUMBER = {9: BT_2020, 12: DISPLAY_P3}  # ITU-T H.273, table 2


def to_light(points: Points) -> np.ndarray:
    """From linear red, green and blue to XYZ, white being D65: all of these spaces share it, so nothing is adapted."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in points]).T
    return columns * np.linalg.solve(columns, np.array((0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290)))


def linear(levels: np.ndarray, gamma: float | None = None) -> np.ndarray:
    part = levels / 255.0
    if gamma is not None:
        return part**gamma
    # IEC 61966-2-1
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def coded(light: np.ndarray, gamma: float | None) -> np.ndarray:
    if gamma is not None:
        return light ** (1 / gamma) * 255
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def colours() -> np.ndarray:
    """Colours of sRGB in patches of 8 by 8: the same numbers in a wider space are other colours."""
    steps = np.array((0, 64, 128, 192, 255), np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(5, 25, 3)
    return cube.repeat(8, axis=0).repeat(8, axis=1)


def in_space(points: Points, gamma: float | None = None) -> np.ndarray:
    """The levels that stand for the colours in another space, rounded."""
    light = linear(colours()) @ (np.linalg.inv(to_light(points)) @ to_light(RED_GREEN_BLUE)).T
    return np.round(coded(light.clip(0, 1), gamma)).astype(np.uint8)


def in_srgb(levels: np.ndarray, points: Points, gamma: float | None = None) -> np.ndarray:
    """What rounded levels stand for, near the colours but not quite them."""
    light = linear(levels, gamma) @ (np.linalg.inv(to_light(RED_GREEN_BLUE)) @ to_light(points)).T
    return np.round(coded(light.clip(0, 1), None)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(("points", "gamma"), [(DISPLAY_P3, None), (ADOBE, ADOBE_GAMMA), (RED_GREEN_BLUE, None)])
def test_a_profile_is_converted(tmp_path: Path, kind: str, points: Points, gamma: float | None) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    levels = in_space(points, gamma)
    photo = photo_of(tmp_path, file_of(levels, kind, icc_profile=profile(points, gamma), **options))
    assert apart(photo.pixels, in_srgb(levels, points, gamma)).max() <= 2
    again = written_again(tmp_path, photo.pixels, photo)  # it has no profile, and is the same colours
    assert (again.pixels == photo.pixels).all()


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "HEIF"])
@pytest.mark.parametrize(("points", "gamma"), [(DISPLAY_P3, None), (ADOBE, ADOBE_GAMMA)])
def test_a_profile_is_converted_in_lossy_formats(
    tmp_path: Path, kind: str, points: Points, gamma: float | None
) -> None:
    options = {"quality": 100, "subsampling": "4:4:4", "icc_profile": profile(points, gamma)}
    if kind == "HEIF":
        image = Image.fromarray(in_space(points, gamma))
        image.info["icc_profile"] = options.pop("icc_profile")
        data = heic([image], **options)
    else:
        data = file_of(in_space(points, gamma), kind, **options)
    unconverted = apart(in_space(points, gamma), colours()).mean()
    assert unconverted > 4
    assert apart(photo_of(tmp_path, data).pixels, colours()).mean() < 1


def test_a_profile_of_grey_levels(tmp_path: Path) -> None:
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, 256, 0)  # linear light
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    place = 128 + 4 + 24
    table = b"wtpt" + struct.pack(">II", place, 20) + b"kTRC" + struct.pack(">II", place + 20, 14)
    head = struct.pack(">I4sI4s4s4s", place + 36, bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white[8:] + bytes(48)
    icc = head + struct.pack(">I", 2) + table + white + curve
    ramp = np.arange(256, dtype=np.uint8)[None].repeat(2, axis=0)
    photo = photo_of(tmp_path, file_of(ramp, "PNG", icc_profile=icc))
    assert apart(photo.pixels[0, :, 0], coded(ramp[0] / 255.0, None).round()).max() <= 2
    assert (photo.pixels == photo.pixels[..., :1]).all()


@pytest.mark.parametrize("primaries", BY_NUMBER)
def test_a_space_named_by_number_is_converted(tmp_path: Path, primaries: int) -> None:
    levels = in_space(BY_NUMBER[primaries])
    exact = photo_of(tmp_path, with_cicp(file_of(levels, "PNG"), primaries, 13)).pixels
    assert apart(exact, in_srgb(levels, BY_NUMBER[primaries])).max() <= 2
    for data in (avif_of(levels, primaries, 13), heic_of(levels, primaries, 13)):
        assert apart(photo_of(tmp_path, data).pixels, colours()).mean() < 1.5


def test_a_number_that_means_srgb_changes_no_pixel(tmp_path: Path) -> None:
    assert (photo_of(tmp_path, with_cicp(file_of(colours(), "PNG"), 1, 13)).pixels == colours()).all()


@pytest.mark.parametrize("primaries", [1, 12])
def test_a_number_goes_before_a_profile(tmp_path: Path, primaries: int) -> None:
    """As in browsers (PNG, third edition, section 4.3)."""
    levels = in_space(ADOBE, ADOBE_GAMMA)
    data = with_cicp(file_of(levels, "PNG", icc_profile=profile(ADOBE, ADOBE_GAMMA)), primaries, 13)
    alone = with_cicp(file_of(levels, "PNG"), primaries, 13)
    assert (photo_of(tmp_path, data).pixels == photo_of(tmp_path, alone).pixels).all()


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused(tmp_path: Path, transfer: int, name: str) -> None:
    made = (with_cicp(file_of(colours(), "PNG"), 9, transfer), avif_of(colours(), 9, transfer))
    for data in (*made, heic_of(colours(), 9, transfer)):
        with pytest.raises(BadPhoto, match=rf"photo is a picture of high dynamic range \({name}\)") as caught:
            photo_of(tmp_path, data)
        assert caught.value.hint


def with_cicp(png: bytes, primaries: int, transfer: int) -> bytes:
    chunk = b"cICP" + bytes((primaries, transfer, 0, 1))
    return png[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


def avif_of(levels: np.ndarray, primaries: int, transfer: int) -> bytes:
    data = bytearray(file_of(levels, "AVIF", quality=100, subsampling="4:4:4"))
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = struct.pack(">HH", primaries, transfer)
    return bytes(data)


def heic_of(levels: np.ndarray, primaries: int, transfer: int) -> bytes:
    options = {"color_primaries": primaries, "transfer_characteristics": transfer, "matrix_coefficients": 6}
    return heic([Image.fromarray(levels)], quality=100, subsampling="4:4:4", full_range_flag=1, **options)
