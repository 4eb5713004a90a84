"""The architecture arcface, on networks of its form with seeded weights."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

import arcface_files
from gallery.adapters.embedders.arcface import ArcFace
from gallery.adapters.registry import load
from gallery.domain.errors import ModelFailed
from gallery.domain.models import ModelCard, Thresholds


def card_of(path: Path, dimension: int = 512, mirror: bool = True) -> ModelCard:
    auraface = load(Path("nowhere"))["auraface"]
    spec = dataclasses.replace(
        auraface.spec, dimension=dimension, mirror=mirror, thresholds=Thresholds(0.5, 1.0, "for tests")
    )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return dataclasses.replace(auraface, file=str(path), sha256=sha256, embedder=spec)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return arcface_files.write(tmp_path_factory.mktemp("arcface") / "small.onnx")


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (5, 112, 112, 3), dtype=np.uint8)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_the_values_are_those_that_opencv_computes(file, chips):
    """RGB, channels first, (value - 127.5) / 127.5; mean with the mirror image, of length one."""
    theirs = cv2.dnn.readNetFromONNX(str(file))

    def told(chip: np.ndarray) -> np.ndarray:
        pixels = ((chip.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
        theirs.setInput(pixels)
        return theirs.forward()[0].copy()

    plain = ArcFace(card_of(file, mirror=False), file).embed(chips[:2])
    meant = ArcFace(card_of(file), file).embed(chips[:2])

    for row, mean, chip in zip(plain, meant, chips, strict=False):
        one, other = unit(told(chip)), unit(told(chip[:, ::-1]))
        assert row == pytest.approx(one, abs=1e-5)
        assert mean == pytest.approx(unit(one + other), abs=1e-5)


def test_a_face_s_embedding_does_not_depend_on_those_beside_it(file, chips):
    embedder = ArcFace(card_of(file), file, threads=3)
    together = embedder.embed(chips)
    assert together.shape == (5, 512)
    assert together.dtype == np.float32
    for row, chip in zip(together, chips, strict=True):
        assert np.array_equal(row, embedder.embed(chip[None])[0])


def test_no_chips(file):
    assert ArcFace(card_of(file), file).embed(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0, 512)


@pytest.mark.parametrize(
    "chips",
    [np.zeros((1, 112, 112, 3), np.float32), np.zeros((1, 96, 112, 3), np.uint8), np.zeros((112, 112, 3), np.uint8)],
)
def test_chips_of_another_form(file, chips):
    with pytest.raises(ValueError, match="112"):
        ArcFace(card_of(file), file).embed(chips)


@pytest.mark.parametrize("dimension", [1, 2, 128, 1000])
def test_any_output_dimension(tmp_path, chips, dimension):
    path = arcface_files.write(tmp_path / "a.onnx", arcface_files.made((1,), 2, dimension))
    assert ArcFace(card_of(path, dimension), path).embed(chips).shape == (5, dimension)


def test_another_dimension_than_the_entry_says(file, chips):
    with pytest.raises(ModelFailed, match="gave 512 values"):
        ArcFace(card_of(file, 128), file).embed(chips)


def test_a_changed_file_is_not_run(tmp_path):
    path = arcface_files.write(tmp_path / "a.onnx", arcface_files.made((1,), 2, 5))
    card = card_of(path, 5)
    path.write_bytes(path.read_bytes() + b"\x12\x00")
    with pytest.raises(ModelFailed, match="not the file on record"):
        ArcFace(card, path)


def test_a_file_of_another_form(tmp_path):
    path = arcface_files.write(tmp_path / "a.onnx", arcface_files.made((1,), 2, 5, picture=(1, 3, 96, 96)))
    with pytest.raises(ModelFailed, match=r"auraface cannot run a\.onnx: its input is 1×3×96×96"):
        ArcFace(card_of(path, 5), path)


@pytest.mark.slow
def test_a_network_of_the_true_shape(tmp_path, chips):
    """260.9 MB with seeded weights; the file of AuraFace v1 has 260.7 MB."""
    path = arcface_files.write(tmp_path / "r100.onnx", arcface_files.made(arcface_files.RESNET_100, 64))
    assert path.stat().st_size == pytest.approx(260_694_151, rel=0.002)
    embeddings = ArcFace(card_of(path), path).embed(chips)
    assert embeddings.shape == (5, 512)
    assert np.isfinite(embeddings).all()
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-5)
