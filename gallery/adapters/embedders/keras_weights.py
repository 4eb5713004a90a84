"""Reads the weights of a plain chain of layers from the files that Keras writes.

Three layouts, told apart by what is in the file:

* legacy HDF5, by `save_weights` or `save` of Keras 1 and 2 (`.h5`): the attribute `layer_names` gives the layers in
  order, each layer's `weight_names` its arrays; `save` puts all this into the group `model_weights`;
* Keras 3 HDF5 (`.weights.h5`): groups `layers/conv2d`, `layers/conv2d_1`, …, named after the layers' classes and
  numbered in network order within each class, with the arrays `vars/0`, `vars/1`;
* Keras 3 archive (`.keras`): a zip file with the same as `model.weights.h5`.

Only arrays are read. The configuration in the file, which can name code to be run, is never looked at.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.errors import ModelFailed, ModelMissing

_INSTALL = (
    "Install the file again: 'gallery models install vgg-face' for the original weights; save weights of your own once "
    "more from Keras."
)
_ARCHITECTURE = (
    "Check that these are weights of the same architecture, saved by Keras with channels last; "
    "'gallery models install vgg-face' brings the original ones."
)
_ARCHIVED = "model.weights.h5"


@dataclass(frozen=True, slots=True)
class LayerShape:
    """What a layer's weights look like.

    Attributes:
        name: For messages.
        kernel: Of the kernel seen as a convolution: height, width, channels in, channels out. The bias has as many
            values as there are channels out.
        dense: Whether the network holds the kernel flattened, `(height·width·in, out)`. Files may hold such a layer
            either way; the values come in the same order.
    """

    name: str
    kernel: tuple[int, int, int, int]
    dense: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the kernel as the network holds it."""
        return (math.prod(self.kernel[:-1]), self.kernel[-1]) if self.dense else self.kernel

    @property
    def bias(self) -> tuple[int]:
        """Of the bias."""
        return (self.kernel[-1],)


def read_weights(path: Path, layers: Sequence[LayerShape]) -> Generator[NDArray[np.float32], None, None]:
    """The weights in network order, one array in memory at a time: kernel, bias, kernel, bias, ….

    All shapes are checked before the first array is read. The file stays open until the generator is closed.

    Args:
        path: A file in one of the three layouts.
        layers: The network's layers with weights, in order.

    Yields:
        Each layer's kernel, of its `shape`, then its bias, `(out,)`; float32 and finite.

    Raises:
        ModelMissing: If there is no such file.
        ModelFailed: If it is no weights file, is damaged, or holds the weights of another network.
    """
    with _translated(path), _opened(path, layers) as file:
        arrays = _arrays(path, file)
        _check(path, arrays, layers)
        for layer, kernel, bias in zip(layers, arrays[::2], arrays[1::2], strict=True):
            yield _read(path, layer, kernel).reshape(layer.shape)
            yield _read(path, layer, bias)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turns what h5py and zipfile raise on damaged files into one sentence."""
    try:
        yield
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        why = " ".join(str(error).split())
        raise ModelFailed(f"The weights file {path} is damaged or cannot be read ({why}).", _INSTALL) from error


@contextmanager
def _opened(path: Path, layers: Sequence[LayerShape]) -> Iterator[Any]:
    """The HDF5 file that `path` is or, as a `.keras` archive, holds."""
    import h5py

    if not path.is_file():
        raise ModelMissing(f"There is no weights file {path}.", _INSTALL)
    with path.open("rb") as raw:
        zipped = raw.read(4) == b"PK\x03\x04"
    if zipped:
        with _unpacked(path, layers) as unpacked, h5py.File(unpacked, "r") as file:
            yield file
    elif h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            yield file
    else:
        size = path.stat().st_size
        raise ModelFailed(f"{path} ({size:,} bytes) is no file of Keras weights (.h5, .weights.h5, .keras).", _INSTALL)


@contextmanager
def _unpacked(path: Path, layers: Sequence[LayerShape]) -> Iterator[IO[bytes]]:
    """The archive's weights in a nameless temporary file: HDF5 jumps about, which zip files are slow at.

    Reading to the end also checks the archive's checksum.
    """
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryFile() as unpacked:
        if _ARCHIVED not in archive.namelist():
            raise ModelFailed(f"{path} is a zip file, but holds no {_ARCHIVED}.", _INSTALL)
        member = archive.getinfo(_ARCHIVED)
        values = sum(math.prod(layer.kernel) + layer.kernel[-1] for layer in layers)
        if member.file_size > 64 * values + 2**24:  # float64, with an optimiser's two moments, and room to spare
            raise ModelFailed(f"{path} unpacks to {member.file_size:,} bytes, too many to be right.", _ARCHITECTURE)
        with archive.open(member) as packed:
            shutil.copyfileobj(packed, unpacked, 2**20)
        unpacked.seek(0)
        yield unpacked


def _arrays(path: Path, file: Any) -> list[Any]:
    """All layers' arrays as HDF5 datasets, not yet read: kernel, bias, kernel, bias, …."""
    if _names(file, "layer_names"):
        return _legacy(file)
    if "model_weights" in file:
        return _legacy(_child(file, "model_weights"))
    if "layers" in file:
        return _keras3(_child(file, "layers"))
    raise ModelFailed(f"{path} is an HDF5 file, but none that Keras wrote weights to.", _INSTALL)


def _legacy(group: Any) -> list[Any]:
    arrays = []
    for layer_name in _names(group, "layer_names"):
        layer = _child(group, layer_name)
        arrays += [_array(layer, name) for name in _names(layer, "weight_names")]
    return arrays


def _keras3(layers: Any) -> list[Any]:
    """In natural order of the groups' names: `conv2d`, `conv2d_1`, …, `conv2d_10`, …, `dense`, `dense_1`, ….

    That is the network's order as long as all convolutions come before all dense layers.
    """
    arrays = []
    for layer_name in sorted(layers, key=_natural):
        layer = _child(layers, layer_name)
        if "vars" in layer:
            variables = _child(layer, "vars")
            arrays += [_array(variables, name) for name in sorted(variables, key=_natural)]
    return arrays


def _natural(name: str) -> list[tuple[str, int]]:
    """A sort key by which numbers inside names count as numbers."""
    return [(text, int(digits or -1)) for text, digits in re.findall(r"(\D+|^)(\d*)", name)]


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names kept as an attribute, which Keras splits into numbered chunks where it grows too long."""
    chunks = takewhile(lambda chunk: chunk in group.attrs, (f"{attribute}{number}" for number in count()))
    found = [attribute] if attribute in group.attrs else chunks
    names = [name for chunk in found for name in np.asarray(group.attrs[chunk]).ravel().tolist()]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _array(group: Any, name: str) -> Any:
    import h5py

    array = _child(group, name)
    if not isinstance(array, h5py.Dataset) or array.external or array.is_virtual:
        raise ValueError(f"{name} is no array inside the file")
    return array


def _child(group: Any, name: str) -> Any:
    """A group or dataset inside another group, never by a link that could lead out of the file."""
    import h5py

    for part in name.split("/"):
        if not isinstance(group, h5py.Group) or not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is not inside the file")
        group = group[part]
    return group


def _check(path: Path, arrays: Sequence[Any], layers: Sequence[LayerShape]) -> None:
    """Refuses arrays that are not those of the network, before any is read."""
    if len(arrays) != 2 * len(layers):
        raise ModelFailed(
            f"{path} holds {len(arrays)} arrays of weights; the network has {len(layers)} layers with a kernel and a "
            f"bias each, {2 * len(layers)} arrays.",
            _ARCHITECTURE,
        )
    for layer, kernel, bias in zip(layers, arrays[::2], arrays[1::2], strict=True):
        for what, array, shapes in (("kernel", kernel, {layer.shape, layer.kernel}), ("bias", bias, {layer.bias})):
            if array.shape not in shapes:
                expected = " or ".join(str(shape) for shape in sorted(shapes))
                raise ModelFailed(
                    f"{path}: the {what} of {layer.name} has the shape {array.shape}, not {expected}.", _ARCHITECTURE
                )
            if array.dtype.kind != "f":
                raise ModelFailed(
                    f"{path}: the {what} of {layer.name} holds {array.dtype}, not floating-point numbers.",
                    _ARCHITECTURE,
                )


def _read(path: Path, layer: LayerShape, array: Any) -> NDArray[np.float32]:
    values = np.empty(array.shape, np.float32)
    array.read_direct(values)
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):  # NaN and both infinities show there
        raise ModelFailed(f"{path}: the weights of {layer.name} are not all finite numbers.", _INSTALL)
    return values
