"""The use cases of `gallery.usecases.models`, on the real registry and folder, with a downloader without a network."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from gallery.adapters.registry import TomlRegistry
from gallery.adapters.weights import WeightsFolder
from gallery.domain.errors import (
    BadArgument,
    DownloadFailed,
    ModelChanged,
    ModelFailed,
    ModelMissing,
    ModelUnmeasured,
    UnknownName,
)
from gallery.domain.models import ModelCard
from gallery.domain.ports import Conversion, Progress
from gallery.usecases.models import Models, OwnWeights, State

CONTENT = b"some weights"
ENTRY = f"""
[some]
kind = "detector"
architecture = "yunet"
file = "some.onnx"
sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"
size = {len(CONTENT)}
licence = "MIT"
urls = ["https://example.org/some.onnx"]

[vgg-face]
kind = "embedder"
architecture = "vgg-face"
file = "vgg.h5"
sha256 = "{"a" * 64}"
size = 10
licence = "CC BY-NC 4.0"
urls = ["https://example.org/vgg.h5"]
package = "carries_vgg"
package_path = "vgg.h5"
input_size = [224, 224]
colour = "BGR"
mean = [103.939, 116.779, 123.68]
scale = 1.0
crop = "box"
margin = 0.1
dimension = 2622
normalisation = "none"
grey_band = 0.1

[vgg-face.thresholds]
cosine = 0.4
euclidean = 120.0
origin = "the notebook"

[vgg-face.floors]
size = 20
sharpness = 3
origin = "guessed"
"""
TODAY = date(2025, 1, 2)


@dataclass
class FakeDownloader:
    """Brings what it was given, and remembers what happened in which order."""

    content: bytes | None = CONTENT
    events: list[str] = field(default_factory=list)

    def fetch(self, card: ModelCard, target: Path, progress: Progress) -> None:
        self.events.append(f"fetch {card.name}")
        if self.content is None:
            raise DownloadFailed("No network.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.content)
        progress(len(self.content), len(self.content))

    def left(self, target: Path) -> Path | None:
        part = target.with_name(f"{target.name}.part")
        return part if part.is_file() else None


@dataclass
class FakeConverter:
    """Makes forms of models of the architecture vgg-face, which are as far from their weights as it was told.

    Attributes:
        folder: Where they would lie.
        apart: How far they are from the weights.
        made: Hashes of the weights that there are forms of.
        halved: Whether a form is there without its record.
    """

    folder: Path
    apart: float = 0.001
    made: list[str] = field(default_factory=list)
    halved: bool = False

    def handles(self, card: ModelCard) -> bool:
        return card.architecture == "vgg-face"

    def target(self, card: ModelCard) -> Path:
        return self.folder / f"{card.sha256}.form"

    def find(self, card: ModelCard) -> Path | None:
        return self.target(card) if card.sha256 in self.made else None

    def verified(self, card: ModelCard) -> Conversion:
        path = self.find(card)
        if self.halved:
            raise ModelChanged("It is there without its record.")
        if path is None:
            raise ModelMissing("There is none.")
        return Conversion(path, "f" * 64, self.apart, self.apart, self.apart)

    def make(self, card: ModelCard, weights: Path) -> Conversion:
        assert weights.is_file()
        if self.apart > 0.01:
            raise ModelFailed("It strays.")
        self.made.append(card.sha256)
        self.halved = False
        return self.verified(card)

    def compared(self, card: ModelCard, weights: Path) -> Conversion:
        found = self.verified(card)
        if self.apart > 0.01:
            self.made.remove(card.sha256)
            raise ModelFailed("It strays.")
        return found


@dataclass
class FakeReader:
    """Takes every file for the right weights but one that says otherwise, and remembers what it has read."""

    read: list[tuple[str, Path]] = field(default_factory=list)
    dimension: int | None = None

    def require(self, card: ModelCard, file: Path) -> int:
        self.read.append((card.architecture, file))
        if file.read_bytes().startswith(b"other"):
            raise ModelFailed("It holds other weights.")
        return self.dimension or card.spec.dimension


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def downloader() -> FakeDownloader:
    return FakeDownloader()


@pytest.fixture
def converter(folder: Path) -> FakeConverter:
    return FakeConverter(folder)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def models(
    tmp_path: Path, folder: Path, downloader: FakeDownloader, converter: FakeConverter, reader: FakeReader
) -> Models:
    (tmp_path / "list.toml").write_text(ENTRY)
    registry = TomlRegistry(folder, tmp_path / "list.toml")
    return Models(registry, WeightsFolder(folder), downloader, converter, reader)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "own.h5"
    path.write_bytes(b"own weights")
    return path


def own(file: Path, name: str = "mine", architecture: str = "vgg-face", cosine: float = 0.3) -> OwnWeights:
    return OwnWeights(name, architecture, file, cosine, euclidean=90.0)


def test_the_listing_says_what_is_there(models: Models, folder: Path, own_file: Path) -> None:
    assert [(row.card.name, row.installed) for row in models.listing()] == [("some", None), ("vgg-face", None)]
    models.install("some")
    models.add(own(own_file), TODAY)
    rows = {row.card.name: row.installed for row in models.listing()}
    assert list(rows) == ["some", "vgg-face", "mine"]
    assert rows["some"] and rows["some"].origin == "models folder"  # noqa: PT018
    assert rows["mine"] and rows["mine"].path == own_file  # noqa: PT018


def test_the_licence_is_announced_before_the_download(models: Models, downloader: FakeDownloader) -> None:
    done = models.install(
        "some",
        announce=lambda card: downloader.events.append(f"licence {card.licence}"),
        progress=lambda at, of: downloader.events.append(f"{at} of {of}"),
    )
    assert downloader.events == ["licence MIT", "fetch some", "12 of 12"]
    assert done.fresh
    assert done.installed.path.read_bytes() == CONTENT


def test_an_intact_model_is_left_alone(models: Models, downloader: FakeDownloader) -> None:
    models.install("some")
    downloader.events.clear()
    again = models.install("some", announce=lambda card: downloader.events.append(card.name))
    assert not again.fresh
    assert again.installed.origin == "models folder"
    assert downloader.events == []


def test_a_damaged_model_is_brought_again(models: Models, folder: Path, downloader: FakeDownloader) -> None:
    models.install("some")
    (folder / "some.onnx").write_bytes(b"damaged")
    assert models.install("some").fresh
    assert (folder / "some.onnx").read_bytes() == CONTENT
    assert downloader.events == ["fetch some", "fetch some"]


def test_a_failed_download_is_passed_on(models: Models, folder: Path, downloader: FakeDownloader) -> None:
    downloader.content = None
    with pytest.raises(DownloadFailed):
        models.install("some")
    assert models.listing()[0].installed is None


def test_installing_from_a_file_downloads_nothing(models: Models, tmp_path: Path, downloader: FakeDownloader) -> None:
    source = tmp_path / "had it"
    source.write_bytes(CONTENT)
    told: list[str] = []
    done = models.install("some", source=source, announce=lambda card: told.append(card.licence))
    assert (done.fresh, told, downloader.events) == (True, ["MIT"], [])
    assert done.installed.path.read_bytes() == CONTENT


def test_installing_from_a_wrong_file_changes_nothing(models: Models, tmp_path: Path, folder: Path) -> None:
    source = tmp_path / "wrong"
    source.write_bytes(b"wrong")
    with pytest.raises(ModelChanged):
        models.install("some", source=source)
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(ModelChanged):
        models.install("some", source=source)
    assert list(folder.iterdir()) == []


def test_of_ones_own_model_nothing_is_copied(models: Models, own_file: Path, tmp_path: Path) -> None:
    models.add(own(own_file), TODAY)
    for source in (own_file, tmp_path / "nothing"):
        with pytest.raises(BadArgument, match=r"weights of mine are your own and are read where they are") as caught:
            models.install("mine", source=source)
        assert str(own_file) in caught.value.message
        assert "Leave --from out" in caught.value.hint
    assert own_file.read_bytes() == b"own weights"


@pytest.mark.parametrize("leads", ["the path", "a symbolic link", "a hard link"])
@pytest.mark.parametrize("copied", [False, True])
def test_installing_does_not_replace_a_file_that_ones_own_entry_names(
    models: Models, folder: Path, tmp_path: Path, downloader: FakeDownloader, leads: str, copied: bool
) -> None:
    folder.mkdir()
    path, theirs, source = folder / "some.onnx", tmp_path / "theirs", tmp_path / "source"
    path.write_bytes(b"own weights")
    source.write_bytes(CONTENT)
    if leads == "the path":
        theirs = path
    elif leads == "a symbolic link":
        theirs.symlink_to(path)
    else:
        theirs.hardlink_to(path)
    models.add(own(theirs), TODAY)

    with pytest.raises(BadArgument, match=r"some.onnx would be replaced, and it is the weights file of mine") as caught:
        models.install("some", source=source if copied else None)

    assert "gallery models remove mine" in caught.value.hint
    assert path.read_bytes() == b"own weights"
    assert downloader.events == []


def test_installing_does_not_go_on_in_a_file_that_ones_own_entry_names(
    models: Models, folder: Path, tmp_path: Path
) -> None:
    folder.mkdir()
    (folder / "some.onnx.part").write_bytes(b"own weights")
    models.add(own(folder / "some.onnx.part"), TODAY)
    with pytest.raises(BadArgument, match="would be written to"):
        models.install("some")
    (tmp_path / "source").write_bytes(CONTENT)
    assert models.install("some", source=tmp_path / "source").fresh


def test_an_entry_of_ones_own_for_the_very_weights_gets_them_again(models: Models, folder: Path) -> None:
    path = models.install("some").installed.path
    models.add(own(path), TODAY)
    path.write_bytes(b"damaged")
    assert models.install("some").fresh
    assert models.install("mine").installed.path == path


def test_installing_anything_sweeps_what_a_killed_one_left(models: Models, folder: Path) -> None:
    models.install("some")
    left = folder / ".gallery-abcd1234.unfinished"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    assert not models.install("some").fresh
    assert not left.exists()


def test_installing_an_unknown_model(models: Models) -> None:
    with pytest.raises(UnknownName) as failure:
        models.install("vggface")
    assert "vgg-face" in failure.value.hint


def test_what_is_added_is_prepared_like_its_architecture(models: Models, own_file: Path) -> None:
    card = models.add(own(own_file), TODAY)
    assert models.registry.card("mine") == card
    assert card.file == str(own_file)
    assert card.size == len(b"own weights")
    assert card.sha256 == hashlib.sha256(b"own weights").hexdigest()
    assert (card.spec.thresholds.cosine, card.spec.thresholds.euclidean) == (0.3, 90.0)
    assert card.spec.thresholds.origin == "given by hand when added on 2025-01-02"
    pattern = models.registry.card("vgg-face")
    assert card.space.preparation == pattern.space.preparation
    assert (card.spec.floors, card.spec.grey_band) == (pattern.spec.floors, pattern.spec.grey_band)
    assert (card.urls, card.package) == ((), "")
    assert "CC BY-NC" not in card.licence  # that of other weights


def test_without_thresholds_it_is_added_to_be_measured(models: Models, own_file: Path) -> None:
    card = models.add(OwnWeights("mine", "vgg-face", own_file), TODAY)
    assert not card.spec.measured
    assert models.registry.card("mine") == card
    with pytest.raises(ModelUnmeasured, match="mine has no thresholds") as caught:
        card.require_measured()
    assert "gallery models measure mine" in caught.value.hint


def test_one_threshold_alone_says_nothing_where_both_are_needed(models: Models, own_file: Path) -> None:
    with pytest.raises(BadArgument, match="only one was given"):
        models.add(OwnWeights("mine", "vgg-face", own_file, cosine=0.3), TODAY)
    assert models.registry.own() == {}


def test_the_length_of_embeddings_is_the_file_s(models: Models, own_file: Path, reader: FakeReader) -> None:
    reader.dimension = 77
    assert models.add(own(own_file), TODAY).spec.dimension == 77
    assert models.registry.card("mine").spec.dimension == 77


def test_a_relative_path_is_recorded_in_full(models: Models, own_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_file.parent)
    assert models.add(own(Path("own.h5")), TODAY).file == str(own_file)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": "vgg-face"}, "already"),
        ({"name": "Mine!"}, "cannot be a model's name"),
        ({"name": ""}, "cannot be a model's name"),
        ({"name": "m" * 300}, "cannot be a model's name"),
        ({"architecture": "resnet"}, "no architecture 'resnet'"),
        ({"architecture": "some"}, "no architecture 'some'"),
        ({"cosine": -0.1}, "cosine threshold"),
        ({"cosine": float("nan")}, "cosine threshold"),
    ],
)
def test_what_makes_no_sense_is_not_added(
    models: Models, folder: Path, own_file: Path, change: dict[str, object], word: str
) -> None:
    with pytest.raises(BadArgument, match=word) as failure:
        models.add(own(own_file, **change), TODAY)  # type: ignore[arg-type]
    assert failure.value.hint
    assert not folder.exists()


def test_a_name_is_not_given_twice(models: Models, own_file: Path) -> None:
    first = models.add(own(own_file), TODAY)
    with pytest.raises(BadArgument, match="already"):
        models.add(own(own_file, cosine=0.2), TODAY)
    assert models.registry.card("mine") == first


def test_weights_that_are_no_file_are_not_added(models: Models, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ModelMissing):
        models.add(own(tmp_path / "nothing"), TODAY)
    with pytest.raises(ModelFailed):
        models.add(own(tmp_path), TODAY)
    with pytest.raises(BadArgument, match="empty"):
        models.add(own(tmp_path / "empty"), TODAY)
    assert not folder.exists()


def test_weights_of_something_else_are_not_added(
    models: Models, reader: FakeReader, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "other.h5").write_bytes(b"other weights")
    with pytest.raises(ModelFailed, match="other weights"):
        models.add(own(tmp_path / "other.h5"), TODAY)
    assert reader.read == [("vgg-face", tmp_path / "other.h5")]
    assert not folder.exists()


def test_own_weights_are_refused_once_they_change(models: Models, own_file: Path) -> None:
    models.add(own(own_file), TODAY)
    assert not models.install("mine").fresh
    own_file.write_bytes(b"own weightz")
    with pytest.raises(ModelChanged):
        models.install("mine")
    own_file.unlink()
    with pytest.raises(ModelMissing):
        models.install("mine")
    own_file.write_bytes(b"own weights")
    assert models.install("mine").installed.path == own_file


def test_verify_tells_intact_changed_gone_and_absent_apart(models: Models, folder: Path, own_file: Path) -> None:
    assert models.verify() == []
    models.install("some")
    models.add(own(own_file), TODAY)
    assert [(row.card.name, row.state) for row in models.verify()] == [
        ("some", State.INTACT),
        ("mine", State.INTACT),
        ("mine", State.NOT_MADE),
    ]

    (folder / "some.onnx").write_bytes(b"damaged")
    own_file.unlink()
    some, mine = models.verify()
    assert isinstance(some.error, ModelChanged)
    assert some.installed is not None
    assert some.installed.path == folder / "some.onnx"
    assert isinstance(mine.error, ModelMissing)
    assert mine.installed is None
    assert [row.state for row in (some, mine)] == [State.BROKEN, State.NOT_HERE]
    assert all(row.failed for row in (some, mine))


def test_verify_one(models: Models) -> None:
    (row,) = models.verify("vgg-face")
    assert isinstance(row.error, ModelMissing)
    models.install("some")
    (row,) = models.verify("some")
    assert row.intact
    with pytest.raises(UnknownName):
        models.verify("nobody")


def test_installing_makes_the_faster_form_once(models: Models, converter: FakeConverter, own_file: Path) -> None:
    models.add(own(own_file), TODAY)
    told: list[str] = []
    first = models.install("mine", tell=told.append)
    again = models.install("mine", tell=told.append)
    assert first.converted == again.converted
    assert first.converted is not None
    assert len(converter.made) == len(told) == 1
    assert models.install("some").converted is None


def test_a_form_is_compared_with_its_weights_and_refused_where_it_strays(
    models: Models, converter: FakeConverter, own_file: Path
) -> None:
    models.add(own(own_file), TODAY)
    models.install("mine")
    file, form = models.verify("mine")
    assert (file.intact, form.intact, form.converted is not None) == (True, True, True)
    converter.apart = 0.5
    file, form = models.verify("mine")
    assert (file.intact, form.intact, form.converted) == (True, False, None)
    with pytest.raises(ModelFailed, match="strays"):
        models.install("mine")


def test_a_form_that_could_be_made_is_named_and_is_no_failure(models: Models, own_file: Path) -> None:
    models.add(own(own_file), TODAY)
    file, form = models.verify("mine")
    assert (file.form, file.failed, form.form, form.failed) == (False, False, True, False)
    assert (form.state, form.installed, form.converted) == (State.NOT_MADE, None, None)
    own_file.unlink()
    (file,) = models.verify("mine")
    assert (file.state, file.failed) == (State.NOT_HERE, True)


@pytest.mark.parametrize("gone", [False, True], ids=["weights there", "weights gone"])
def test_half_a_form_is_named_and_is_made_anew(
    models: Models, converter: FakeConverter, own_file: Path, gone: bool
) -> None:
    models.add(own(own_file), TODAY)
    converter.halved = True
    if gone:
        own_file.unlink()
    _, form = models.verify("mine")
    assert (form.state, form.form, form.failed) == (State.BROKEN, True, True)
    assert form.installed is not None
    assert form.installed.path == converter.target(form.card)
    if not gone:
        assert models.install("mine").converted is not None
        assert [row.state for row in models.verify("mine")] == [State.INTACT, State.INTACT]


def test_the_listing_says_of_which_models_there_can_be_a_form_and_is_one(models: Models, own_file: Path) -> None:
    models.add(own(own_file), TODAY)
    assert {row.card.name: (row.convertible, row.converted) for row in models.listing()} == {
        "some": (False, None),
        "vgg-face": (True, None),
        "mine": (True, None),
    }
    done = models.install("mine").converted
    assert done is not None
    assert [row.converted for row in models.listing()] == [None, None, done.path]


def test_of_weights_that_are_gone_the_form_is_only_hashed(
    models: Models, converter: FakeConverter, own_file: Path
) -> None:
    models.add(own(own_file), TODAY)
    models.install("mine")
    own_file.unlink()
    converter.apart = 0.5
    file, form = models.verify("mine")
    assert (file.intact, form.intact) == (False, True)
