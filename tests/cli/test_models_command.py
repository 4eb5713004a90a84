"""`gallery models` from the command line: what is shown, asked, refused, and left as it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

import arcface_files
from gallery.bootstrap import Bootstrap
from gallery.cli.model_removal import question
from said import sentence

LIMITS = ("--cosine", "0.4", "--euclidean", "120")


@pytest.fixture
def carried():
    """SFace's file in the package that carries it."""
    boot = Bootstrap.of()
    return boot.weights().verified(boot.registry().card("sface")).path


@pytest.fixture
def own_sface(gallery, here, carried):
    """The same weights as a user's own, under another hash."""
    path = here / "own.onnx"
    path.write_bytes(carried.read_bytes() + b"\x12\x00")  # an empty `producer_name`, which ONNX lets stand twice
    limits = ("--cosine", "0.591", "--euclidean", "1.087")
    said = gallery("models", "add", "mine", "--architecture", "sface", "--weights", path, *limits)
    assert said.code == 0, said.err
    return path


@pytest.fixture
def own_vgg(here):
    """An entry for VGG-Face's architecture, as `models add` writes it; commands that only hash take any file."""
    boot = Bootstrap.of()
    path = here / "own.h5"
    path.write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    boot.registry().add(replace(boot.registry().card("vgg-face"), name="mine", file=str(path), sha256=sha256))
    return boot.registry().card("mine")


def form(here, card, whole: bool = True):
    """The file of an eight-bit form, with its record or without."""
    path = Bootstrap.of().converted().target(card)
    path.write_bytes(b"form")
    if whole:
        record = {"sha256": hashlib.sha256(b"form").hexdigest(), "source_sha256": card.sha256}
        path.with_suffix(".json").write_text(json.dumps(record | {"cosine": 0.001, "euclidean": 0.5, "relative": 0.05}))
    return path


class TestForms:
    def test_the_list_says_whether_there_is_one(self, gallery, here, own_vgg):
        row = gallery("models", "list", "--json").json[-1]
        assert (row["name"], row["convertible"], row["converted"]) == ("mine", True, None)
        said = gallery("models", "list")
        assert "no int8" in said.out
        assert "There is no eight-bit form of mine" in said.err
        assert "gallery models install mine" in said.err

        path = form(here, own_vgg)

        assert gallery("models", "list", "--json").json[-1]["converted"] == str(path)
        said = gallery("models", "list")
        assert "+ int8" in said.out
        assert said.err == ""
        assert all(len(line) <= 80 for line in said.out.splitlines())

    def test_models_without_weights_are_not_said_to_lack_one(self, gallery):
        said = gallery("models", "list")
        assert "int8" not in said.out
        assert said.err == ""
        assert [row["name"] for row in said_rows(gallery) if row["convertible"]] == ["vgg-face", "vgg-face-aligned"]

    def test_verify_names_what_could_be_made_and_does_not_fail(self, gallery, own_vgg):
        said = gallery("models", "verify", "mine")
        assert said.code == 0
        assert "not made" in said.out
        assert "gallery models install mine" in sentence(said)
        file, missing = gallery("models", "verify", "mine", "--json").json
        assert (file["state"], file["form"], missing["state"], missing["form"]) == ("intact", False, "not made", True)
        assert (missing["intact"], missing["error"]) == (False, None)

    def test_verify_names_half_a_form(self, gallery, here, own_vgg):
        path = form(here, own_vgg, whole=False)
        said = gallery("models", "verify", "mine")
        assert said.code == 1
        assert "broken" in said.out
        (_, half) = gallery("models", "verify", "mine", "--json").json
        assert half["path"] == str(path)
        assert "without its record" in half["error"]
        assert "gallery models install mine" in half["remedy"]

        path.unlink()
        path.with_suffix(".json").write_text("{}")
        (_, half) = gallery("models", "verify", "--json").json[-2:]
        assert "without the form" in half["error"]

    def test_of_weights_that_are_gone_no_form_is_missed(self, gallery, here, own_vgg):
        (here / "own.h5").unlink()
        said = gallery("models", "verify", "mine", "--json")
        assert said.code == 1
        assert [row["state"] for row in said.json] == ["not here"]


def said_rows(gallery) -> list:
    return gallery("models", "list", "--json").json


class TestAdd:
    @pytest.mark.parametrize("architecture", ["vgg-face", "sface", "arcface"])
    def test_what_does_not_hold_the_weights_is_refused(self, gallery, here, architecture):
        file = here / "notes.txt"
        file.write_text("Dear diary, " * 100)

        said = gallery("models", "add", "mine", "--architecture", architecture, "--weights", file, *LIMITS)

        assert said.code == 1
        assert "notes.txt" in sentence(said)
        assert len(said.err.strip().splitlines()) == 2, "a sentence and a hint"
        assert [path.name for path in here.iterdir()] == ["notes.txt"]

    @pytest.mark.models
    def test_weights_of_another_architecture_are_refused(self, gallery, here, carried):
        said = gallery("models", "add", "mine", "--architecture", "vgg-face", "--weights", carried, *LIMITS)
        assert said.code == 1
        assert "no file of Keras weights" in sentence(said)
        assert list(here.iterdir()) == []

    def test_a_network_of_arcface_s_form_is_added_and_refused_until_it_is_measured(self, gallery, here, photos):
        file = arcface_files.write(here / "mine.onnx", arcface_files.made((1,), 2, 33))

        said = gallery("models", "add", "mine", "--architecture", "arcface", "--weights", file)

        assert said.code == 0, said.err
        assert "gallery models measure mine" in said.err
        row = gallery("models", "list", "--json").json[-1]
        assert (row["name"], row["dimension"], row["thresholds"], row["measured"]) == ("mine", 33, None, False)
        said = gallery("models", "list")
        assert "mine cannot be used before thresholds are measured" in said.err
        assert all(len(line) <= 80 for line in said.out.splitlines())
        for words in (
            ("enroll", "Grace", photos / "hopper.png", "--model", "mine"),
            ("anonymise", photos, "-o", here / "out", "--model", "mine"),
            ("reembed", "--model", "mine"),
            ("evaluate", "identification", "--gallery-from", photos, "--probes", photos, "--model", "mine"),
            ("evaluate", "redaction", photos, "--model", "mine"),
            ("bench", "--model", "mine"),
            ("demo", "--model", "mine"),
        ):
            said = gallery(*words)
            assert said.code in (1, 2), words
            assert "Traceback" not in said.err
            if "evaluate" not in words and "anonymise" not in words:
                assert "gallery models measure mine" in sentence(said), (words, said.err)
        assert not (here / "out").exists()

    @pytest.mark.models
    def test_nothing_is_decided_by_a_model_that_is_not_measured(self, gallery, here, photos):
        assert gallery("enroll", "Grace", photos / "hopper.png", "--model", "sface").code == 0
        file = arcface_files.write(here / "mine.onnx", arcface_files.made((1,), 2, 33))
        gallery("models", "add", "mine", "--architecture", "arcface", "--weights", file)
        before = (here / "gallery.db").read_bytes()
        said = gallery("reembed", "--model", "mine")
        assert said.code == 1
        assert "has no thresholds" in sentence(said)
        assert (here / "gallery.db").read_bytes() == before

    def test_detectors_are_not_added(self, gallery, here, carried):
        for architecture in ("yunet", "haar"):
            said = gallery("models", "add", "mine", "--architecture", architecture, "--weights", carried, *LIMITS)
            assert said.code == 2
            assert "sface, vgg-face" in sentence(said)
        assert list(here.iterdir()) == []


class TestRemove:
    def test_ones_own_leaves_the_list_and_its_weights_stay(self, gallery, here, own_vgg):
        path = form(here, own_vgg)

        said = gallery("models", "remove", "mine", "--yes")

        assert said.code == 0
        assert said.out.splitlines() == [
            "Took mine off the list of models.",
            f"Its weights stay: {here / 'own.h5'}",
            f"Deleted the eight-bit form of mine: {path}",
        ]
        assert (here / "own.h5").read_bytes() == b"weights"
        assert sorted(path.name for path in (here / "models").iterdir()) == [".registry.toml.lock", "registry.toml"]
        assert "mine" not in [row["name"] for row in said_rows(gallery)]
        assert gallery("models", "remove", "mine", "--yes").code == 1

    def test_it_is_asked_first(self, gallery, here, own_vgg):
        said = gallery("models", "remove", "mine")
        assert said.code == 2
        assert "--yes" in sentence(said)
        assert said_rows(gallery)[-1]["name"] == "mine"

    @pytest.mark.models
    def test_what_was_installed_is_deleted(self, gallery, here, carried):
        (here / "models").mkdir()
        copy = here / "models" / carried.name
        shutil.copy(carried, copy)

        said = gallery("models", "remove", "sface", "--yes", "--json")

        assert said.code == 0
        assert said.json == {
            "removed": "sface",
            "off_the_list": False,
            "weights": str(copy),
            "weights_as_recorded": True,
            "weights_that_stay": None,
            "partial_download": None,
            "converted": [],
            "sharing": [],
        }
        assert list((here / "models").iterdir()) == []

    def test_the_question_says_if_the_weights_are_not_those_on_record(self, gallery, here):
        (here / "models").mkdir()
        path = here / "models" / "vgg_face_weights.h5"
        path.write_bytes(b"something that only has the name")
        asked = question(Bootstrap.of().remove_model().plan("vgg-face"))
        assert asked.startswith(f"{path} is not the file of model vgg-face: expected SHA-256")
        assert "Delete it all the same?" in asked
        assert gallery("models", "remove", "vgg-face", "--yes", "--json").json["weights_as_recorded"] is False

    def test_what_is_ones_own_is_not_deleted(self, gallery, here, own_vgg):
        (here / "models" / "vgg_face_weights.h5").hardlink_to(here / "own.h5")
        for words in (("remove", "vgg-face", "--yes"), ("install", "vgg-face"), ("install", "vgg-face", "--from", "x")):
            said = gallery("models", *words)
            assert said.code == 2
            assert "it is the weights file of mine, which you added" in sentence(said)
            assert "gallery models remove mine" in sentence(said)

    @pytest.mark.parametrize("name", ["sface", "yunet", "haar"])
    def test_what_comes_with_a_package_cannot_be_removed(self, gallery, name):
        said = gallery("models", "remove", name, "--yes")
        assert said.code == 2
        assert f"{name} comes with the package" in sentence(said)

    def test_what_a_download_left_is_deleted(self, gallery, here):
        part = here / "models" / "vgg_face_weights.h5.part"
        part.parent.mkdir()
        part.write_bytes(b"the first bytes")
        said = gallery("models", "remove", "vgg-face", "--yes")
        assert said.code == 0
        assert said.out == f"Deleted what a download had left of vgg-face: {part}\n"
        assert list(part.parent.iterdir()) == []

    def test_what_is_not_there_cannot_be_removed(self, gallery, here):
        said = gallery("models", "remove", "vgg-face", "--yes")
        assert said.code == 1
        assert "nothing to remove" in sentence(said)
        assert "Did you mean" in sentence(gallery("models", "remove", "vggface", "--yes"))
        assert list(here.iterdir()) == []

    @pytest.mark.models
    def test_a_gallery_that_needs_it_forbids_it(self, gallery, here, photos, own_sface):
        assert gallery("enroll", "Grace Hopper", photos / "hopper.png", "--model", "mine").code == 0
        before = (here / "models" / "registry.toml").read_bytes()

        said = gallery("models", "remove", "mine", "--yes")
        assert said.code == 2
        assert "The gallery's template was made by mine" in sentence(said)
        assert "--force" in sentence(said)
        assert (here / "models" / "registry.toml").read_bytes() == before

        assert gallery("reembed", "--model", "sface").code == 0
        said = gallery("models", "remove", "mine", "--yes")
        assert said.code == 0
        assert "keeps the templates of a model that was its own before: 1 of mine" in sentence(said)
        assert own_sface.exists()

    @pytest.mark.models
    def test_force_does_not_look_at_the_gallery(self, gallery, here, own_sface):
        (here / "gallery.db").write_text("Dear diary, " * 100)
        said = gallery("models", "remove", "mine", "--yes")
        assert said.code == 1
        assert "Whether the gallery's templates were made by mine cannot be told" in sentence(said)
        assert "--force" in sentence(said)
        assert gallery("models", "remove", "mine", "--yes", "--force").code == 0
        assert own_sface.exists()
