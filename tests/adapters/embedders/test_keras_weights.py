from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gallery.adapters.embedders.keras_weights import LayerShape, read_weights
from gallery.domain.errors import ModelFailed, ModelMissing

Arrays = list[np.ndarray]

# Twelve layers of one shape: their order can only be told by their names, and "conv2d_10" must not follow "conv2d_1".
LAYERS = (
    LayerShape("conv0", (3, 3, 3, 2)),
    *(LayerShape(f"conv{n}", (3, 3, 2, 2)) for n in range(1, 13)),
    LayerShape("fc6", (2, 2, 2, 4), dense=True),
    LayerShape("fc7", (1, 1, 4, 4), dense=True),
    LayerShape("fc8", (1, 1, 4, 3), dense=True),
)


def weights(dense: bool = False, layers: Sequence[LayerShape] = LAYERS) -> Arrays:
    rng = np.random.default_rng(7)
    shapes = [shape for layer in layers for shape in (layer.shape if dense else layer.kernel, layer.bias)]
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


def write_legacy(root: h5py.Group, arrays: Arrays, text: type = bytes, chunks: int = 0) -> None:
    """As Keras 1 and 2 did: names as attributes, layers without weights among the others."""

    def put(group: h5py.Group, attribute: str, names: list[str]) -> None:
        values = [name.encode() if text is bytes else name for name in names]
        if chunks:
            size = -(-len(values) // chunks)
            for number in range(chunks):
                group.attrs[f"{attribute}{number}"] = values[number * size : (number + 1) * size]
        else:
            group.attrs[attribute] = values

    names = []
    for index in range(len(arrays) // 2):
        names += [f"padding_{index}", f"layer_{index}"]
        root.create_group(f"padding_{index}").attrs["weight_names"] = []
        layer = root.create_group(f"layer_{index}")
        put(layer, "weight_names", [f"layer_{index}/kernel:0", f"layer_{index}/bias:0"])
        layer[f"layer_{index}/kernel:0"], layer[f"layer_{index}/bias:0"] = arrays[2 * index : 2 * index + 2]
    put(root, "layer_names", names)


def write_keras3(file: h5py.File, arrays: Arrays) -> None:
    """As Keras 3 does: groups named after the class, arrays numbered, an optimiser beside the layers."""
    counts = {"conv2d": 0, "dense": 0}
    for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True):
        kind = "conv2d" if kernel.ndim == 4 else "dense"
        variables = file.create_group(f"layers/{kind}_{counts[kind]}".removesuffix("_0") + "/vars")
        counts[kind] += 1
        variables["0"], variables["1"] = kernel, bias
    file.create_group("layers/flatten/vars")
    file.create_group("optimizer/vars")["0"] = np.float32(0)
    file.create_group("vars")


def archive(path: Path, arrays: Arrays, compression: int = zipfile.ZIP_STORED) -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_keras3(file, arrays)
    with zipfile.ZipFile(path, "w", compression) as zipped:
        zipped.writestr("config.json", '{"class_name": "Lambda"}')
        zipped.writestr("model.weights.h5", buffer.getvalue())


def read(path: Path, layers: Sequence[LayerShape] = LAYERS) -> Arrays:
    return list(read_weights(path, layers))


def check(path: Path, arrays: Arrays) -> None:
    found = read(path)
    assert [array.shape for array in found] == [s for layer in LAYERS for s in (layer.shape, layer.bias)]
    for given_array, found_array in zip(arrays, found, strict=True):
        assert found_array.dtype == np.float32
        np.testing.assert_array_equal(found_array.ravel(), given_array.ravel())


@pytest.mark.parametrize("dense", [False, True], ids=["convolutional head", "dense head"])
@pytest.mark.parametrize("group", ["", "model_weights"], ids=["save_weights", "save"])
@pytest.mark.parametrize("text", [bytes, str])
@pytest.mark.parametrize("chunks", [0, 2])
def test_reads_the_legacy_layout(tmp_path: Path, dense: bool, group: str, text: type, chunks: int) -> None:
    arrays, path = weights(dense), tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        write_legacy(file.create_group(group) if group else file, arrays, text, chunks)
    check(path, arrays)


@pytest.mark.parametrize("dense", [False, True], ids=["convolutional head", "dense head"])
def test_reads_the_layout_of_keras_3_in_network_order(tmp_path: Path, dense: bool) -> None:
    arrays, path = weights(dense), tmp_path / "own.weights.h5"
    with h5py.File(path, "w") as file:
        write_keras3(file, arrays)
    check(path, arrays)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_reads_a_keras_archive_whatever_its_configuration_says(tmp_path: Path, compression: int) -> None:
    arrays, path = weights(), tmp_path / "own.keras"
    archive(path, arrays, compression)
    check(path, arrays)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floating_point_types_become_float32(tmp_path: Path, dtype: type) -> None:
    arrays, path = [array.astype(dtype) for array in weights()], tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        write_legacy(file, arrays)
    check(path, [array.astype(np.float32) for array in arrays])


@pytest.mark.models
@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras would rather not write .h5
def test_reads_what_keras_itself_writes(tmp_path: Path) -> None:
    import keras

    network = keras.Sequential([keras.Input((2, 2, 3))])
    for layer in LAYERS[:13]:
        network.add(keras.layers.ZeroPadding2D(1))
        network.add(keras.layers.Conv2D(layer.kernel[-1], 3, bias_initializer="normal"))
    for layer in LAYERS[13:]:
        network.add(keras.layers.Conv2D(layer.kernel[-1], layer.kernel[0], bias_initializer="normal"))
    network.compile("adam", "mse")
    network.fit(np.ones((1, 2, 2, 3)), np.ones((1, 1, 1, 3)), verbose=0)  # so that an optimiser is saved as well
    for name, save in (("own.weights.h5", network.save_weights), ("own.keras", network.save), ("own.h5", network.save)):
        save(tmp_path / name)
        check(tmp_path / name, network.get_weights())


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no weights file .*nothing\.h5") as caught:
        read(tmp_path / "nothing.h5")
    assert "gallery models install vgg-face" in caught.value.hint
    with pytest.raises(ModelMissing):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><title>404</title>", b"\x89HDF", b"\x80\x04N."])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    with pytest.raises(ModelFailed, match=f"weights.h5 \\({len(content)} bytes\\) is no file of Keras weights"):
        read(path)


def test_hdf5_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["measurements"] = np.arange(3.0)
    with pytest.raises(ModelFailed, match="none that Keras wrote weights to"):
        read(path)


def test_a_zip_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.keras"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("holiday.txt", "sun")
    with pytest.raises(ModelFailed, match=r"holds no model\.weights\.h5"):
        read(path)


def test_an_archive_that_unpacks_to_too_much_is_refused_before_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "own.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("model.weights.h5", bytes(2**25))
    assert path.stat().st_size < 2**16
    with pytest.raises(ModelFailed, match="unpacks to 33,554,432 bytes"):
        read(path)


def test_a_flipped_bit_in_an_archive_is_found(tmp_path: Path) -> None:
    path = tmp_path / "own.keras"
    archive(path, weights())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFailed, match="damaged"):
        read(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small good file of each layout."""
    folder = tmp_path_factory.mktemp("whole")
    with h5py.File(folder / "legacy", "w") as file:
        write_legacy(file, weights())
    with h5py.File(folder / "keras3", "w") as file:
        write_keras3(file, weights())
    archive(folder / "archive", weights())
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("layout", ["legacy", "keras3", "archive"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(share=0.999_999)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, whole: dict[str, bytes], layout: str, share: float) -> None:
    path = tmp_path / "cut.h5"
    path.write_bytes(whole[layout][: int(share * len(whole[layout]))])
    with pytest.raises(ModelFailed) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert "gallery models install vgg-face" in caught.value.hint


def legacy(path: Path, arrays: Arrays) -> None:
    with h5py.File(path, "w") as file:
        write_legacy(file, arrays)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: a[:-2], "holds 30 arrays of weights; the network has 16 layers"),
        (lambda a: [*a, *a[-2:]], "holds 34 arrays"),
        (lambda a: [a[0].transpose(3, 2, 0, 1), *a[1:]], r"kernel of conv0 has the shape \(2, 3, 3, 3\), not \(3, 3, "),
        (lambda a: [*a[:-2], a[-2][..., :2], a[-1][:2]], r"kernel of fc8 .* not \(1, 1, 4, 3\) or \(4, 3\)"),
        (lambda a: [a[0], a[1][:1], *a[2:]], r"bias of conv0 has the shape \(1,\), not \(2,\)"),
        (lambda a: [a[0].reshape(27, 2), *a[1:]], r"kernel of conv0 has the shape \(27, 2\)"),
        (lambda a: [a[0].astype(np.int32), *a[1:]], "kernel of conv0 holds int32"),
        (lambda a: [a[1], a[0], *a[2:]], r"kernel of conv0 has the shape \(2,\)"),
    ],
    ids=[
        "too few",
        "too many",
        "channels first",
        "other outputs",
        "bias",
        "dense where conv is",
        "integers",
        "swapped",
    ],
)
def test_weights_of_another_network_are_refused_before_any_is_given(
    tmp_path: Path, spoil: Callable[[Arrays], Arrays], message: str
) -> None:
    path = tmp_path / "weights.h5"
    legacy(path, spoil(weights()))
    with pytest.raises(ModelFailed, match=message) as caught:
        next(read_weights(path, LAYERS))
    assert str(path) in caught.value.message
    assert "architecture" in caught.value.hint


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [0, 1, 30])
def test_values_that_are_no_finite_numbers_are_refused(tmp_path: Path, value: float, index: int) -> None:
    arrays, path = weights(), tmp_path / "weights.h5"
    arrays[index].flat[-1] = value
    legacy(path, arrays)
    with pytest.raises(ModelFailed, match=f"weights of {LAYERS[index // 2].name} are not all finite"):
        read(path)


def test_a_named_layer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    legacy(path, weights())
    with h5py.File(path, "a") as file:
        del file["layer_3"]
    with pytest.raises(ModelFailed, match="layer_3 is not inside the file"):
        read(path)


def external(file: h5py.File, name: str, other: Path) -> Any:
    shape = file[name].shape
    del file[name]
    return file.create_dataset(name, shape, np.float32, external=[(str(other), 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File, name: str, other: Path) -> None:
    layout = h5py.VirtualLayout(file[name].shape, np.float32)
    layout[...] = h5py.VirtualSource(str(other), "secret", file[name].shape)
    del file[name]
    file.create_virtual_dataset(name, layout)


def linked(file: h5py.File, name: str, other: Path) -> None:
    del file[name]
    file[name] = h5py.ExternalLink(str(other), "secret")


def soft(file: h5py.File, name: str, other: Path) -> None:
    del file[name]
    file[name] = h5py.SoftLink("/layer_2/layer_2/kernel:0")


@pytest.mark.parametrize("spoil", [external, virtual, linked, soft])
def test_nothing_is_read_from_other_files(tmp_path: Path, spoil: Callable[[h5py.File, str, Path], object]) -> None:
    path, other = tmp_path / "weights.h5", tmp_path / "other.h5"
    legacy(path, weights())
    with h5py.File(other, "w") as file:
        file["secret"] = np.zeros(LAYERS[1].kernel, np.float32)
    with h5py.File(path, "a") as file:
        spoil(file, "layer_1/layer_1/kernel:0", other)
    with pytest.raises(ModelFailed, match=r"kernel:0 is (no array|not) inside the file"):
        read(path)


def test_the_file_is_closed_with_the_generator(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    legacy(path, weights())
    arrays = read_weights(path, LAYERS)
    next(arrays)
    arrays.close()
    with h5py.File(path, "a"):  # HDF5 refuses to open for writing what is open for reading
        pass
