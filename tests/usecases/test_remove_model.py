"""Removing models: on the real registry and folder, with forms that are plain files."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import tomli_w

from gallery.adapters.download import HttpDownloader
from gallery.adapters.registry import TomlRegistry
from gallery.adapters.weights import WeightsFolder
from gallery.domain.errors import (
    BadArgument,
    ModelMissing,
    ModelsChanged,
    NotWritten,
    RegistryUnusable,
    UnknownName,
)
from gallery.domain.models import EmbeddingSpace, ModelCard
from gallery.domain.people import SpaceUse
from gallery.usecases.remove_model import RemoveModel

CONTENT = b"some weights"
ENTRY = {
    "kind": "embedder",
    "architecture": "vgg-face",
    "file": "vgg.h5",
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
    "size": len(CONTENT),
    "licence": "CC BY-NC 4.0",
    "input_size": [224, 224],
    "colour": "BGR",
    "mean": [103.939, 116.779, 123.68],
    "scale": 1.0,
    "crop": "box",
    "margin": 0.0,
    "dimension": 2622,
    "normalisation": "none",
    "thresholds": {"cosine": 0.4, "euclidean": 120.0, "origin": "the notebook"},
    "floors": {"size": 20, "sharpness": 3, "origin": "guessed"},
}
CARRIED = {"kind": "detector", "architecture": "yunet", "file": "yunet.onnx", "licence": "MIT", "size": 9}


@dataclass
class FileForms:
    """Forms are files beside the weights; removing one fails where it is told to."""

    folder: Path
    fails: bool = False

    def handles(self, card: ModelCard) -> bool:
        return card.architecture == "vgg-face"

    def make(self, card: ModelCard) -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{card.sha256}.form"
        path.write_bytes(b"form")
        return path

    def parts(self, card: ModelCard) -> tuple[Path, ...]:
        path = self.folder / f"{card.sha256}.form"
        return (path,) if path.is_file() else ()

    def remove(self, card: ModelCard) -> None:
        if self.fails:
            raise NotWritten("No permission.")
        for path in self.parts(card):
            path.unlink()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def forms(folder: Path) -> FileForms:
    return FileForms(folder)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that carries a detector."""
    (tmp_path / "site" / "carries_yunet").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    path = tmp_path / "site" / "carries_yunet" / "yunet.onnx"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def use(tmp_path: Path, folder: Path, forms: FileForms, package: Path) -> RemoveModel:
    carried = CARRIED | {"sha256": "a" * 64, "package": "carries_yunet", "package_path": "yunet.onnx"}
    entries = {"yunet": carried, "vgg-face": ENTRY, "vgg-face-aligned": ENTRY | {"crop": "aligned", "margin": 0.3}}
    (tmp_path / "list.toml").write_text(tomli_w.dumps(entries))
    return RemoveModel(TomlRegistry(folder, tmp_path / "list.toml"), WeightsFolder(folder), HttpDownloader(), forms)


@pytest.fixture
def downloaded(folder: Path) -> Path:
    folder.mkdir()
    (folder / "vgg.h5").write_bytes(CONTENT)
    return folder / "vgg.h5"


@pytest.fixture
def mine(use: RemoveModel, tmp_path: Path) -> ModelCard:
    """A user's own weights."""
    (tmp_path / "own.h5").write_bytes(b"own weights")
    card = replace(
        use.registry.card("vgg-face"),
        name="mine",
        file=str(tmp_path / "own.h5"),
        sha256=hashlib.sha256(b"own weights").hexdigest(),
    )
    use.registry.add(card)
    return card


def used(card: ModelCard, templates: int = 3, current: bool = True) -> SpaceUse:
    return SpaceUse(card.space, current, templates, ())


def test_of_a_downloaded_model_weights_and_form_are_deleted(
    use: RemoveModel, forms: FileForms, downloaded: Path
) -> None:
    form = forms.make(use.registry.card("vgg-face"))

    planned = use.plan("vgg-face")
    assert (planned.weights, planned.form, planned.stays, planned.entry) == (downloaded, (form,), None, False)
    assert planned.sharing == ("vgg-face-aligned",)
    assert downloaded.exists(), "a plan changes nothing"
    use(planned)

    assert [path.name for path in downloaded.parent.iterdir()] == []
    assert "vgg-face" in use.registry.cards()
    with pytest.raises(ModelMissing, match="nothing to remove"):
        use.plan("vgg-face")


def test_a_form_without_weights_is_removed_too(use: RemoveModel, forms: FileForms) -> None:
    form = forms.make(use.registry.card("vgg-face"))
    planned = use.plan("vgg-face-aligned")
    assert (planned.weights, planned.form) == (None, (form,))
    use(planned)
    assert not form.exists()


def test_what_a_download_left_is_removed_too(use: RemoveModel, folder: Path, mine: ModelCard) -> None:
    for name in ("vgg.h5.part", "own.h5.part"):
        (folder / name).write_bytes(b"some")
    planned = use.plan("vgg-face")
    assert (planned.part, planned.weights) == (folder / "vgg.h5.part", None)
    use(planned)
    assert not (folder / "vgg.h5.part").exists()
    use(use.plan("mine"))
    assert (folder / "own.h5.part").exists()


def test_of_ones_own_model_the_weights_stay(use: RemoveModel, forms: FileForms, mine: ModelCard) -> None:
    form = forms.make(mine)

    planned = use.plan("mine")
    assert (planned.entry, planned.weights, planned.stays, planned.form) == (True, None, Path(mine.file), (form,))
    use(planned)

    assert Path(mine.file).read_bytes() == b"own weights"
    assert not form.exists()
    assert "mine" not in use.registry.cards()
    with pytest.raises(UnknownName):
        use.plan("mine")


def test_ones_own_model_whose_weights_are_gone_leaves_the_list(use: RemoveModel, mine: ModelCard) -> None:
    Path(mine.file).unlink()
    planned = use.plan("mine")
    assert (planned.entry, planned.stays) == (True, None)
    use(planned)
    assert "mine" not in use.registry.cards()


def test_an_entry_written_by_hand_for_a_file_in_the_models_folder_leaves_the_file(
    use: RemoveModel, folder: Path, downloaded: Path
) -> None:
    use.registry.add(replace(use.registry.card("vgg-face"), name="tighter"))
    planned = use.plan("tighter")
    assert (planned.weights, planned.stays, planned.sharing) == (None, downloaded, ())
    use(planned)
    assert downloaded.exists()


@pytest.mark.parametrize("file", ["vgg.h5", "vgg.h5.part", "form"])
@pytest.mark.parametrize("leads", ["the path", "a symbolic link", "a hard link", "a link to the user's"])
def test_a_file_that_ones_own_entry_names_is_not_deleted(
    use: RemoveModel, forms: FileForms, folder: Path, tmp_path: Path, file: str, leads: str
) -> None:
    made = forms.make(use.registry.card("vgg-face"))
    path, theirs = (made if file == "form" else folder / file), tmp_path / "theirs.h5"
    path.unlink(missing_ok=True)
    if leads == "a link to the user's":
        theirs.write_bytes(b"own weights")
        path.symlink_to(theirs)
    else:
        path.write_bytes(b"own weights")
    if leads == "the path":
        theirs = path
    elif leads == "a symbolic link":
        theirs.symlink_to(path)
    elif leads == "a hard link":
        theirs.hardlink_to(path)
    use.registry.add(replace(use.registry.card("vgg-face"), name="mine", file=str(theirs), sha256="e" * 64))

    if (file, leads) == ("vgg.h5.part", "a link to the user's"):
        assert use.plan("vgg-face").part is None, "no download has left a link"
        return
    with pytest.raises(BadArgument, match=r"would be deleted, and it is the weights file of mine") as caught:
        use.plan("vgg-face")

    assert str(path) in caught.value.message
    assert "gallery models remove mine" in caught.value.hint
    use(use.plan("mine"))
    assert theirs.read_bytes() == b"own weights"


def test_removing_sweeps_what_a_killed_install_left(use: RemoveModel, folder: Path, downloaded: Path) -> None:
    left = folder / ".gallery-abcd1234.unfinished"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    use.plan("vgg-face")
    assert list(folder.iterdir()) == [downloaded]

    downloaded.rename(left)
    os.utime(left, (1, 1))
    with pytest.raises(ModelMissing, match="nothing to remove"):
        use.plan("vgg-face")
    assert list(folder.iterdir()) == []


def test_weights_that_are_not_those_on_record_are_said_to_be_something_else(use: RemoveModel, downloaded: Path) -> None:
    assert use.plan("vgg-face").doubt == ""
    downloaded.write_bytes(b"something that only has the name")
    planned = use.plan("vgg-face")
    assert "vgg.h5 is not the file of model vgg-face: expected SHA-256" in planned.doubt
    assert planned.weights == downloaded
    use(planned)
    assert not downloaded.exists()


@pytest.mark.parametrize("removed", ["vgg-face", "mine"])
def test_a_form_that_another_model_needs_stays(
    use: RemoveModel, forms: FileForms, downloaded: Path, tmp_path: Path, removed: str
) -> None:
    (tmp_path / "copy.h5").write_bytes(CONTENT)
    use.registry.add(replace(use.registry.card("vgg-face"), name="mine", file=str(tmp_path / "copy.h5")))
    form = forms.make(use.registry.card("vgg-face"))

    planned = use.plan(removed)
    assert planned.form == ()
    assert planned.form_needed_by == (("mine",) if removed == "vgg-face" else ("vgg-face", "vgg-face-aligned"))
    use(planned)

    assert form.exists()
    assert downloaded.exists() == (removed == "mine")


def test_what_comes_with_a_package_cannot_be_removed(use: RemoveModel, package: Path, folder: Path) -> None:
    with pytest.raises(BadArgument, match="yunet comes with the package carries_yunet and cannot be removed"):
        use.plan("yunet")
    folder.mkdir()
    (folder / "yunet.onnx").write_bytes(CONTENT)
    use(use.plan("yunet"))
    assert package.exists()
    assert list(folder.iterdir()) == []


def test_an_entry_that_cannot_be_taken_out_is_found_out_first(
    use: RemoveModel, forms: FileForms, folder: Path, mine: ModelCard
) -> None:
    form, path = forms.make(mine), folder / "registry.toml"
    table = tomllib.loads(path.read_text())["mine"]
    fields = ", ".join(f"{key} = {_inline(value)}" for key, value in table.items())
    path.write_text(f"mine = {{ {fields} }}\n")
    assert use.registry.card("mine") == mine
    with pytest.raises(RegistryUnusable, match="cannot be taken out alone; nothing was changed"):
        use.plan("mine")
    assert form.exists()


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


@pytest.mark.parametrize("change", ["another needs the form", "another file", "other weights", "gone"])
def test_what_changed_since_it_was_asked_about_is_not_removed(
    use: RemoveModel, forms: FileForms, downloaded: Path, folder: Path, tmp_path: Path, change: str
) -> None:
    form = forms.make(use.registry.card("vgg-face"))
    planned = use.plan("vgg-face")
    if change == "another needs the form":
        use.registry.add(replace(use.registry.card("vgg-face"), name="mine", file=str(tmp_path / "copy.h5")))
    elif change == "another file":
        (folder / "vgg.h5.part").write_bytes(b"some")
    elif change == "other weights":
        downloaded.write_bytes(b"something else")
    else:
        downloaded.unlink()
    left = sorted(folder.iterdir())
    with pytest.raises(ModelsChanged, match="The models changed while vgg-face was to be removed") as caught:
        use(planned)
    assert "again" in caught.value.hint
    assert sorted(folder.iterdir()) == left
    assert form.exists()


def test_a_file_that_became_ones_own_is_not_removed(use: RemoveModel, downloaded: Path) -> None:
    planned = use.plan("vgg-face")
    use.registry.add(replace(use.registry.card("vgg-face"), name="mine", file=str(downloaded)))
    with pytest.raises(BadArgument, match="weights file of mine"):
        use(planned)
    assert downloaded.exists()


def test_a_gallery_that_uses_it_by_now_forbids_it(use: RemoveModel, forms: FileForms, mine: ModelCard) -> None:
    form = forms.make(mine)
    planned = use.plan("mine")
    planned.require_unused([])
    with pytest.raises(BadArgument, match="The gallery's 3 templates were made by mine"):
        use(planned, lambda: [used(mine)])
    assert form.exists()
    assert "mine" in use.registry.cards()


def test_a_form_that_fewer_need_by_now_is_no_reason_to_ask_again(
    use: RemoveModel, forms: FileForms, mine: ModelCard
) -> None:
    use.registry.add(replace(mine, name="other"))
    form = forms.make(mine)
    one, other = use.plan("mine"), use.plan("other")
    assert (one.form, other.form) == ((), ())
    assert use(one).form_needed_by == ("other",)
    assert form.exists()
    assert use(other).form == (form,)
    assert not form.exists()


def test_of_several_that_are_removed_at_once_no_form_stays(use: RemoveModel, forms: FileForms, mine: ModelCard) -> None:
    names = ["mine", "first", "second", "third"]
    together = threading.Barrier(len(names))

    class AtOnce(TomlRegistry):
        """All have looked for the last time before the first entry goes."""

        def remove(self, name: str) -> None:
            together.wait(20)
            super().remove(name)

    for name in names[1:]:
        use.registry.add(replace(mine, name=name))
    form = forms.make(mine)
    registry = AtOnce(use.registry._folder, use.registry._builtin)
    with ThreadPoolExecutor() as threads:
        done = list(threads.map(lambda name: (one := replace(use, registry=registry))(one.plan(name)), names))

    assert not form.exists()
    assert (form,) in [one.form for one in done]
    assert list(use.registry.own()) == []


def test_an_unknown_model(use: RemoveModel) -> None:
    with pytest.raises(UnknownName, match="vggface"):
        use.plan("vggface")


def test_a_gallery_that_compares_faces_under_it_forbids_it(use: RemoveModel, downloaded: Path, mine: ModelCard) -> None:
    card, aligned = (use.registry.card(name) for name in ("vgg-face", "vgg-face-aligned"))
    planned = use.plan("vgg-face")
    for own in (card, aligned):
        with pytest.raises(BadArgument, match=rf"The gallery's 3 templates were made by {own.name}") as caught:
            planned.require_unused([used(own)])
        assert "--force" in caught.value.hint
    for other in ([], [used(mine)], [used(card, templates=0)], [used(mine), used(card, current=False)]):
        planned.require_unused(other)
    assert planned.made([used(mine), used(card, current=False)]) == [used(card, current=False)]
    renewed = EmbeddingSpace("vgg-face", "b" * 64, card.space.preparation, 2622)
    assert planned.made([SpaceUse(renewed, True, 3, ())]) == []
    with pytest.raises(BadArgument, match="The gallery's template was made by mine"):
        use.plan("mine").require_unused([used(mine, templates=1)])


@pytest.mark.parametrize("name", ["vgg-face", "mine"])
def test_what_was_broken_off_leaves_the_model_whole_and_is_finished_by_the_same_command(
    use: RemoveModel, forms: FileForms, downloaded: Path, mine: ModelCard, name: str
) -> None:
    card = use.registry.card(name)
    forms.make(card)
    forms.fails = True
    with pytest.raises(NotWritten):
        use(use.plan(name))
    assert use.weights.verified(use.registry.card(name)).path.exists()

    forms.fails = False
    forms.remove(card)  # as far as a kill may have let it come
    assert use.weights.verified(use.registry.card(name)).path.exists()
    use(use.plan(name))

    assert ("mine" in use.registry.cards()) == (name == "vgg-face")
    assert downloaded.exists() == (name == "mine")
    assert forms.parts(card) == ()
