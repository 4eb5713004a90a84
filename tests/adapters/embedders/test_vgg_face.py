from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adapters.embedders import notebook_vgg as notebook

from gallery.adapters.embedders.quiet_tensorflow import import_tensorflow
from gallery.adapters.embedders.vgg_face import BATCH, VggFace
from gallery.bootstrap import Bootstrap
from gallery.domain.errors import BadArgument, ModelFailed, ModelMissing
from gallery.domain.models import Crop, EmbedderSpec, Floors, Kind, ModelCard, Normalisation, Precision, Thresholds
from gallery.usecases.models import OwnWeights

CARD = ModelCard(
    name="vgg-face",
    kind=Kind.EMBEDDER,
    architecture="vgg-face",
    file="vgg_face_weights.h5",
    sha256="0" * 64,
    size=0,
    licence="CC BY-NC 4.0",
    embedder=EmbedderSpec(
        input_size=(224, 224),
        crop=Crop.BOX,
        margin=0,
        dimension=2622,
        normalisation=Normalisation.NONE,
        thresholds=Thresholds(0.4, 120),
        floors=Floors(20, 0),
        grey_band=0,
    ),
)


def with_spec(**changes: Any) -> ModelCard:
    return replace(CARD, embedder=replace(CARD.spec, **changes))


class FakeNetwork:
    """Gives each chip's first pixel, 2622 times over, and remembers how many chips came at once."""

    def __init__(self, result: np.ndarray | Exception | None = None) -> None:
        self.result = result
        self.batches: list[int] = []

    def load(self, weights: Path) -> FakeNetwork:
        self.weights = weights
        return self

    def __call__(self, chips: np.ndarray) -> np.ndarray:
        self.batches.append(len(chips))
        if isinstance(self.result, Exception):
            raise self.result
        if self.result is not None:
            return np.tile(self.result, (len(chips), 1))
        return np.repeat(chips[:, 0, 0, :1].astype(np.float32), 2622, axis=1)


def numbered(count: int) -> np.ndarray:
    return np.zeros((count, 224, 224, 3), np.uint8) + np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None]


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 3 * BATCH - 1])
def test_faces_keep_their_order_and_go_through_in_batches(count: int) -> None:
    network = FakeNetwork()
    embeddings = VggFace(CARD, Path("w.h5"), network.load).embed(numbered(count))
    assert embeddings.shape == (count, 2622)
    assert embeddings.dtype == np.float32
    assert embeddings[:, 0].tolist() == list(range(1, count + 1))
    assert network.batches == [BATCH] * (count // BATCH) + [count % BATCH] * (count % BATCH > 0)
    assert network.weights == Path("w.h5")


@pytest.mark.parametrize(
    "chips",
    [
        np.zeros((1, 224, 224, 3), np.float32),
        np.zeros((1, 224, 225, 3), np.uint8),
        np.zeros((1, 3, 224, 224), np.uint8),
        np.zeros((224, 224, 3), np.uint8),
        np.zeros((0, 112, 112, 3), np.uint8),
    ],
)
def test_chips_of_another_shape_or_type_are_refused(chips: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"must be \(N, 224, 224, 3\) uint8 RGB, got \(") as caught:
        VggFace(CARD, Path("w.h5"), FakeNetwork().load).embed(chips)
    assert f"{chips.shape} {chips.dtype}" in str(caught.value)


def test_raw_values_stay_raw_and_l2_gives_length_one() -> None:
    vector = np.linspace(-3, 5, 2622, dtype=np.float32)
    raw = VggFace(CARD, Path("w.h5"), FakeNetwork(vector).load).embed(numbered(2))
    unit = VggFace(with_spec(normalisation=Normalisation.L2), Path("w.h5"), FakeNetwork(vector).load).embed(numbered(2))
    np.testing.assert_array_equal(raw, [vector, vector])
    np.testing.assert_allclose(unit, raw / np.linalg.norm(vector), rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_finite_numbers_are_an_error(value: float) -> None:
    vector = np.ones(2622, np.float32)
    vector[-1] = value
    with pytest.raises(ModelFailed, match=r"vgg-face cannot do its work: .* not finite"):
        VggFace(CARD, Path("w.h5"), FakeNetwork(vector).load).embed(numbered(1))


def test_a_vector_without_a_direction_cannot_be_normalised() -> None:
    card, network = with_spec(normalisation=Normalisation.L2), FakeNetwork(np.zeros(2622, np.float32))
    with pytest.raises(ModelFailed, match="not finite"):
        VggFace(card, Path("w.h5"), network.load).embed(numbered(1))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("OOM when allocating tensor.\nHint: many lines")])
def test_a_network_that_fails_is_an_error_of_one_sentence(error: Exception) -> None:
    with pytest.raises(ModelFailed) as caught:
        VggFace(CARD, Path("w.h5"), FakeNetwork(error).load).embed(numbered(1))
    assert caught.value.message in (
        "The embedder vgg-face cannot do its work: MemoryError.",
        "The embedder vgg-face cannot do its work: OOM when allocating tensor.",
    )
    assert "memory" in caught.value.hint


def test_a_network_that_cannot_be_made_is_an_error() -> None:
    def load(weights: Path) -> Any:
        raise MemoryError

    with pytest.raises(ModelFailed, match="vgg-face cannot do its work: MemoryError"):
        VggFace(CARD, Path("w.h5"), load)


@pytest.mark.parametrize("changes", [{"dimension": 128}, {"input_size": (112, 112)}])
def test_a_card_of_another_network_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadArgument, match=r"the architecture vgg-face has \(224, 224\) and 2622"):
        VggFace(with_spec(**changes), Path("w.h5"), FakeNetwork().load)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND" and not k.startswith("TF_")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=inherited | environment, check=True)


def test_importing_the_module_and_being_given_a_wrong_file_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from gallery.adapters.embedders import vgg_face, vgg_face_network
assert "h5py" not in sys.modules
try:
    vgg_face_network.load_network(Path({str(tmp_path / "none.h5")!r}))
except Exception as error:
    print(type(error).__name__, {{"tensorflow", "keras"}} & set(sys.modules))
"""
    assert run_python(code).stdout == "ModelMissing set()\n"


def test_keras_set_to_another_backend_is_refused() -> None:
    code = """
import sys
from gallery.adapters.embedders.quiet_tensorflow import import_tensorflow
try:
    import_tensorflow()
except Exception as error:
    print(error.message, error.hint, "keras" in sys.modules)
"""
    message = run_python(code, KERAS_BACKEND="jax").stdout
    assert message.startswith("Keras is set to run on 'jax', not on TensorFlow.")
    assert "KERAS_BACKEND" in message
    assert message.endswith("False\n")


@pytest.mark.models
def test_tensorflow_is_imported_without_a_word() -> None:
    code = "from gallery.adapters.embedders.quiet_tensorflow import import_tensorflow; print(len(import_tensorflow()))"
    done = run_python(code)
    assert (done.stdout, done.stderr) == ("2\n", "")


@pytest.mark.models
def test_chips_are_prepared_as_the_notebook_does() -> None:
    import_tensorflow()
    from keras.applications.vgg16 import preprocess_input

    from gallery.adapters.embedders.vgg_face_network import compiled

    chips = np.random.default_rng(3).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)

    def pass_through(prepared: Any, training: bool) -> Any:
        return prepared

    prepared = compiled(pass_through)(chips)
    np.testing.assert_array_equal(prepared, preprocess_input(chips.astype(np.float32)))
    assert prepared[0, 0, 0, 0] == np.float32(chips[0, 0, 0, 2]) - np.float32(103.939)


@dataclass(frozen=True)
class Original:
    """The notebook's network with random weights, what it says of some chips, and the folder it is saved in."""

    chips: np.ndarray
    embeddings: np.ndarray
    folder: Path


@pytest.fixture(autouse=True)
def one_network_in_memory_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keras networks hold on to themselves in circles."""
    yield
    if request.node.get_closest_marker("models"):
        gc.collect()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    """Takes 1.8 GB of disk, which is given back at the end."""
    import_tensorflow()
    folder = tmp_path_factory.mktemp("vgg-face")
    network = notebook.notebook_network()
    notebook.fill(network, seed=2015)
    notebook.save_legacy(network, folder / "vgg_face_weights.h5")
    network.save_weights(folder / "own.weights.h5")
    with zipfile.ZipFile(folder / "own.keras", "w") as archive:  # `save` would hold it all in memory once more
        archive.write(folder / "own.weights.h5", "model.weights.h5")
    chips = np.random.default_rng(5).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    chips[1] = chips[1] // 4 + np.linspace(0, 190, 224, dtype=np.uint8)[:, None]
    embeddings = notebook.describe(network, chips)
    del network
    gc.collect()
    yield Original(chips, embeddings, folder)
    shutil.rmtree(folder)


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest deviation among the values, as a share of the largest value of the same vector."""
    return float(np.max(np.abs(found - expected) / np.abs(expected).max(axis=1, keepdims=True)))


@pytest.mark.models
@pytest.mark.parametrize("name", ["vgg_face_weights.h5", "own.weights.h5", "own.keras"])
def test_agrees_with_the_original_network(original: Original, name: str) -> None:
    embeddings = VggFace(CARD, original.folder / name).embed(original.chips)
    assert original.embeddings.std(axis=1).min() > 0.1  # the weights are not degenerate: vectors and faces differ
    assert relative(original.embeddings[[1, 2, 0]], original.embeddings) > 0.1
    assert relative(embeddings, original.embeddings) < 1e-4
    lengths = np.linalg.norm(original.embeddings, axis=1)
    assert (np.linalg.norm(embeddings - original.embeddings, axis=1) / lengths).max() < 1e-4


@pytest.mark.models
def test_batches_order_and_colour(original: Original, tmp_path: Path) -> None:
    embedder = VggFace(CARD, original.folder / "vgg_face_weights.h5")
    count = BATCH + 2
    chips = original.chips[np.arange(count) % 3]
    together = embedder.embed(chips)
    apart = np.concatenate([embedder.embed(chip[None]) for chip in original.chips])
    assert relative(together, apart[np.arange(count) % 3]) < 1e-5
    assert relative(embedder.embed(original.chips[::-1]), apart[::-1]) < 1e-5
    assert relative(embedder.embed(original.chips[..., ::-1]), apart) > 1e-2
    assert embedder.embed(chips[:0]).shape == (0, 2622)


@pytest.mark.models
def test_reads_its_own_network_saved_by_keras(original: Original, tmp_path: Path) -> None:
    from gallery.adapters.embedders.keras_weights import read_weights
    from gallery.adapters.embedders.vgg_face_network import LAYERS, build_network

    path = tmp_path / "dense.weights.h5"
    arrays = read_weights(original.folder / "own.weights.h5", LAYERS)
    build_network(arrays).save_weights(path)
    try:
        assert relative(VggFace(CARD, path).embed(original.chips), original.embeddings) < 1e-4
    finally:
        path.unlink()


def test_a_missing_weights_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        VggFace(CARD, tmp_path / "vgg_face_weights.h5")


@pytest.fixture(scope="module")
def installed(original: Original) -> Bootstrap:
    """The notebook's network as somebody's own model, with its eight-bit form made."""
    boot = Bootstrap.of(models_dir=original.folder / "models")
    own = OwnWeights("own", "vgg-face", original.folder / "vgg_face_weights.h5", 0.4, 120)
    boot.models().add(own, date(2026, 1, 2))
    boot.models().install("own")
    return boot


@pytest.mark.models
@pytest.mark.parametrize(
    ("precision", "least", "most"),
    [(Precision.FLOAT32, 0, 1e-6), (Precision.BFLOAT16, 1e-7, 2e-4), (Precision.INT8, 1e-5, 2e-3)],
)
def test_in_other_numbers_it_stays_near_the_original(
    installed: Bootstrap, original: Original, precision: Precision, least: float, most: float
) -> None:
    embeddings = installed.embedder(installed.registry().card("own").at(precision)).embed(original.chips)
    lengths = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(original.embeddings, axis=1)
    cosines = 1 - np.einsum("nd,nd->n", embeddings.astype(float), original.embeddings) / lengths
    assert least <= cosines.max() < most


@pytest.mark.models
def test_the_eight_bit_form_needs_neither_tensorflow_nor_the_weights(installed: Bootstrap) -> None:
    code = f"""
import sys
from pathlib import Path
import numpy as np
from gallery.bootstrap import Bootstrap
from gallery.domain.models import Precision
boot = Bootstrap.of(models_dir=Path({str(installed.models_dir)!r}))
embedder = boot.embedder(boot.registry().card("own").at(Precision.INT8))
print(embedder.embed(np.zeros((1, 224, 224, 3), np.uint8)).shape)
print({{"tensorflow", "keras", "h5py"}} & set(sys.modules))
"""
    assert run_python(code).stdout == "(1, 2622)\nset()\n"


@pytest.mark.models
def test_the_form_that_is_kept_is_compared_anew(installed: Bootstrap) -> None:
    file, form = installed.models().verify("own")
    assert file.intact
    assert form.intact
    assert form.converted is not None
    assert 0 < form.converted.cosine < 0.002
