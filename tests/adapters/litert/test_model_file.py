"""Chains of layers as LiteRT runs them, against the same arithmetic in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.litert.interpreters import Interpreters
from gallery.adapters.litert.layers import Convolution, Dense, Layer, MaxPool
from gallery.adapters.litert.model_file import model_file, quantised

RANDOM = np.random.default_rng(7)


def values(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape, np.float32)


def convolved(layer: Convolution, picture: np.ndarray) -> np.ndarray:
    by, size = layer.padding, layer.kernel.shape[1]
    padded = np.pad(picture, ((by, by), (by, by), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), (0, 1))[:: layer.stride, :: layer.stride]
    if layer.depthwise:
        found = np.einsum("xychw,hwc->xyc", windows, layer.kernel[0])
    else:
        found = np.einsum("xychw,ohwc->xyo", windows, layer.kernel)
    found = found + layer.bias
    if layer.rectified:
        return np.maximum(found, 0)
    return found if layer.slopes is None else np.where(found > 0, found, found * layer.slopes)


def through(layers: list[Layer], picture: np.ndarray) -> np.ndarray:
    for layer in layers:
        if isinstance(layer, Convolution):
            picture = convolved(layer, picture)
        elif isinstance(layer, MaxPool):
            height, width, channels = picture.shape
            picture = picture.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
        else:
            found = layer.kernel @ picture.ravel() + layer.bias
            picture = np.maximum(found, 0) if layer.rectified else found
    return picture


CHAIN: list[Layer] = [
    Convolution(values(8, 3, 3, 3), values(8), padding=1, slopes=values(8)),
    Convolution(values(1, 3, 3, 8), values(8), stride=2, padding=1, depthwise=True, slopes=values(8)),
    Convolution(values(6, 1, 1, 8), values(6), rectified=True),
    Convolution(values(1, 3, 3, 6), values(6), padding=1, depthwise=True),
    MaxPool(),
    Dense(values(10, 6 * 4 * 3), values(10), rectified=True),
    Dense(values(5, 10), values(5)),
]


def test_a_chain_of_every_kind_of_layer_gives_what_numpy_gives():
    pictures = values(5, 16, 12, 3)
    found = Interpreters(model_file(CHAIN, (16, 12, 3)), 2).run(pictures)
    expected = np.stack([through(CHAIN, picture) for picture in pictures])
    assert found.shape == (5, 5)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4 * np.abs(expected).max())


def test_in_eight_bits_it_gives_nearly_that():
    layers: list[Layer] = [
        Convolution(values(16, 3, 3, 3), values(16), padding=1, rectified=True),
        MaxPool(),
        Dense(values(64, 16 * 8 * 8), values(64), rectified=True),
        Dense(values(32, 64), values(32)),
    ]
    picture = values(1, 16, 16, 3)
    found, expected = (Interpreters(model_file(layers, (16, 16, 3), int8), 1).run(picture)[0] for int8 in (True, False))
    cosine = 1 - found @ expected / np.linalg.norm(found) / np.linalg.norm(expected)
    assert 0 < cosine < 0.002
    assert model_file(layers, (16, 16, 3), True).nbytes < model_file(layers, (16, 16, 3)).nbytes / 3


@settings(deadline=None)
@given(st.integers(1, 600), st.integers(1, 20), st.sampled_from([0, 1]), st.floats(1e-6, 1e6))
def test_eight_bits_are_off_by_half_a_step_at_most(out, rows, axis, size):
    kernel = np.random.default_rng(out * 31 + rows).standard_normal((out, rows), np.float32) * np.float32(size)
    whole, scales = quantised(kernel, axis)
    wide = scales[:, None] if axis == 0 else scales
    assert whole.dtype == np.int8
    assert whole.min() >= -127
    assert (np.abs(whole * wide - kernel) <= wide * 0.501).all()


def test_a_kernel_of_zeros_stays_one():
    whole, scales = quantised(np.zeros((3, 2), np.float32), 0)
    assert not whole.any()
    assert scales.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "layers",
    [
        [Convolution(values(8, 3, 3, 4), values(8))],
        [Dense(values(5, 9), values(5))],
        [Dense(values(5, 8 * 8 * 3), values(5)), Convolution(values(8, 1, 1, 5), values(8))],
    ],
)
def test_layers_that_do_not_follow_one_another_are_refused(layers):
    with pytest.raises(ValueError, match="cannot follow"):
        model_file(layers, (8, 8, 3))


def test_layers_check_themselves():
    with pytest.raises(ValueError, match="bias"):
        Convolution(values(8, 3, 3, 3), values(7))
    with pytest.raises(ValueError, match="bias"):
        Dense(values(8, 3), values(7))
    with pytest.raises(ValueError, match="slopes"):
        Convolution(values(8, 3, 3, 3), values(8), rectified=True, slopes=values(8))


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\S"):
        Interpreters(np.zeros(100, np.uint8), 1)
    (tmp_path / "no.tflite").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"\S"):
        Interpreters(tmp_path / "no.tflite", 1)


def test_nothing_is_said_on_the_way(capfd):
    Interpreters(model_file([Dense(values(5, 12), values(5))], (2, 2, 3)), 1).run(values(1, 2, 2, 3))
    assert capfd.readouterr() == ("", "")
