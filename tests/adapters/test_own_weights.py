"""A user's weights are read as their architecture reads them, before they are recorded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import arcface_files
from gallery.adapters.embedders.vgg_face_network import LAYERS
from gallery.adapters.own_weights import WeightsReaders
from gallery.adapters.registry import load
from gallery.bootstrap import Bootstrap
from gallery.domain.errors import ModelFailed

CARDS = load(Path("nowhere"))


def of_yunet_and(architecture: str) -> tuple[Path, Path]:
    boot = Bootstrap.of()
    found = (boot.weights().verified(boot.registry().card(name)).path for name in ("yunet", architecture))
    return next(found), next(found)


def write_vgg_face(path: Path, last: float = 0.0, layers: int = len(LAYERS)) -> None:
    """Weights of VGG-Face that are all zero but the last bias; HDF5 keeps no room for zeros that nobody wrote."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in LAYERS[:layers]]
        for layer in LAYERS[:layers]:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = ["kernel", "bias"]
            group.create_dataset("kernel", layer.kernel, np.float32)
            group.create_dataset("bias", layer.bias, np.float32)
        file[LAYERS[layers - 1].name]["bias"][-1] = last


@pytest.mark.parametrize("architecture", ["vgg-face", "sface", "auraface"])
@pytest.mark.parametrize("content", [b"some text, or a page of a site", bytes(5000), b"\x89HDF\r\n\x1a\n" + bytes(200)])
def test_a_file_of_something_else_is_refused(tmp_path: Path, architecture: str, content: bytes) -> None:
    path = tmp_path / "mine"
    path.write_bytes(content)
    with pytest.raises(ModelFailed) as caught:
        WeightsReaders().require(CARDS[architecture], path)
    assert str(path) in caught.value.message
    assert "gallery models install" in caught.value.hint
    assert "\n" not in caught.value.message


def test_weights_of_vgg_face_are_read_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "mine.h5"
    write_vgg_face(path)
    WeightsReaders().require(CARDS["vgg-face"], path)
    write_vgg_face(path, last=np.nan)
    with pytest.raises(ModelFailed, match="weights of fc8 are not all finite"):
        WeightsReaders().require(CARDS["vgg-face"], path)
    write_vgg_face(path, layers=15)
    with pytest.raises(ModelFailed, match="holds 30 arrays of weights; the network has 16 layers"):
        WeightsReaders().require(CARDS["vgg-face"], path)


def test_reading_them_needs_no_tensorflow(tmp_path: Path) -> None:
    path = tmp_path / "mine.h5"
    write_vgg_face(path, layers=2)
    code = f"""
import sys
from pathlib import Path
from gallery.adapters.own_weights import WeightsReaders
from gallery.adapters.registry import load
from gallery.domain.errors import ModelFailed
try:
    WeightsReaders().require(load(Path("nowhere"))["vgg-face"], Path({str(path)!r}))
except ModelFailed:
    print({{"tensorflow", "keras"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.models
def test_weights_of_sface_are_run_once(tmp_path: Path) -> None:
    yunet, sface = of_yunet_and("sface")
    WeightsReaders().require(CARDS["sface"], sface)
    with pytest.raises(ModelFailed, match="does not hold the weights of sface: it does not hold SFace's network"):
        WeightsReaders().require(CARDS["sface"], yunet)
    with pytest.raises(ModelFailed, match="no file of Keras weights"):
        WeightsReaders().require(CARDS["vgg-face"], sface)
    longer = replace(CARDS["sface"], embedder=replace(CARDS["sface"].spec, dimension=129, centre=()))
    with pytest.raises(ModelFailed, match="it gives 128 values"):
        WeightsReaders().require(longer, sface)

    model = onnx.load_model_from_string(sface.read_bytes())
    normalisation = [node for node in model.graph.node if node.op_type == "BatchNormalization"][-1]
    beta = next(one for one in model.graph.initializer if one.name == normalisation.input[2])
    beta.CopyFrom(numpy_helper.from_array(np.full(128, np.nan, np.float32), beta.name))
    (tmp_path / "spoilt.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelFailed, match="not finite"):
        WeightsReaders().require(CARDS["sface"], tmp_path / "spoilt.onnx")


def test_a_file_too_large_for_its_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 31)
    for name in ("sface", "auraface"):
        with pytest.raises(ModelFailed, match="too large"):
            WeightsReaders().require(CARDS[name], path)


class TestArcface:
    def small(self, path: Path, dimension: int = 7) -> onnx.ModelProto:
        return arcface_files.made((1,), 2, dimension)

    @pytest.mark.parametrize("dimension", [7, 512])
    def test_any_file_of_its_form_will_do_whatever_its_dimension(self, tmp_path: Path, dimension: int) -> None:
        path = arcface_files.write(tmp_path / "mine.onnx", self.small(tmp_path, dimension))
        assert WeightsReaders().require(CARDS["auraface"], path) == dimension

    def refusal(self, path: Path) -> str:
        with pytest.raises(ModelFailed) as caught:
            WeightsReaders().require(CARDS["auraface"], path)
        assert caught.value.message.startswith(f"{path} does not hold the weights of arcface: ")
        assert "112×112" in caught.value.hint
        return caught.value.message

    def test_another_form_is_named(self, tmp_path: Path) -> None:
        model = arcface_files.made((1,), 2, 7, picture=(1, 3, 224, 224))
        assert "its input is 1×3×224×224" in self.refusal(arcface_files.write(tmp_path / "mine.onnx", model))

    def test_values_that_are_none(self, tmp_path: Path) -> None:
        model = self.small(tmp_path)
        model.graph.initializer[-1].CopyFrom(
            numpy_helper.from_array(np.full(7, np.nan, np.float32), model.graph.initializer[-1].name)
        )
        assert "not finite" in self.refusal(arcface_files.write(tmp_path / "mine.onnx", model))

    def test_the_same_values_for_every_picture_would_make_one_person_of_all(self, tmp_path: Path) -> None:
        model = self.small(tmp_path)
        kernel = model.graph.initializer[0]
        kernel.CopyFrom(numpy_helper.from_array(np.zeros(kernel.dims, np.float32), kernel.name))
        assert "the same values for whatever picture" in self.refusal(
            arcface_files.write(tmp_path / "mine.onnx", model)
        )

    def test_chance_is_no_embedding(self, tmp_path: Path) -> None:
        model = self.small(tmp_path)
        model.graph.node.append(helper.make_node("RandomNormalLike", ["embedding"], ["noise"]))
        model.graph.node.append(helper.make_node("Add", ["embedding", "noise"], ["sum"]))
        model.graph.output[0].name = "sum"
        assert "other values for the same picture" in self.refusal(arcface_files.write(tmp_path / "mine.onnx", model))

    @pytest.mark.models
    def test_weights_of_others_are_refused(self) -> None:
        yunet, sface = of_yunet_and("sface")
        for path in (yunet, sface):
            self.refusal(path)
