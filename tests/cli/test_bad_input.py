"""Bad input: one clear sentence, the right exit code, nothing lost."""

from __future__ import annotations

import os

import pytest

from gallery.testing import blank


@pytest.fixture
def tidy(here):
    """Checks afterwards that no file was left half-written."""
    yield here
    leftovers = [p for p in here.rglob("*") if p.name.startswith(".") or p.suffix in (".tmp", ".part")]
    assert leftovers == []


def sentence(said) -> str:
    text = " ".join((said.err + said.out).split())
    assert "Traceback" not in text
    return text


@pytest.mark.models
@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("gone.jpg", None, "gone.jpg"),
        ("empty.jpg", b"", "empty"),
        ("text.jpg", b"this is no photo", "text.jpg"),
        ("cut.jpg", "cut", "cut.jpg"),
    ],
)
@pytest.mark.parametrize("command", ["enroll", "anonymise"])
def test_files_that_are_no_photo(gallery, photos, tidy, name, content, cause, command):
    file = tidy / name
    if content == "cut":
        whole = (photos / "hopper-small.jpg").read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif content is not None:
        file.write_bytes(content)

    words = ["enroll", "Ada", file] if command == "enroll" else ["anonymise", file, "-o", tidy / "out"]
    said = gallery(*words)

    assert said.code == 1
    assert cause in sentence(said)
    assert not list(tidy.glob("out/*"))


@pytest.mark.models
def test_a_photo_without_a_face(gallery, here):
    from PIL import Image

    Image.fromarray(blank(300, 300)).save(here / "plain.png")

    said = gallery("enroll", "Ada", here / "plain.png")

    assert said.code == 1
    assert "No face" in sentence(said)


@pytest.mark.models
def test_a_folder_without_photos(gallery, here):
    (here / "folder").mkdir()
    (here / "folder" / "notes.txt").write_text("nothing to see")

    for words in (["enroll", "Ada", "folder"], ["anonymise", "folder", "-o", "out"]):
        said = gallery(*words)
        assert said.code == 1
        assert "folder" in sentence(said)


@pytest.mark.parametrize("command", [["list"], ["enroll", "Ada", "x.jpg"], ["audit"], ["remove", "Ada", "--yes"]])
def test_a_gallery_file_that_is_none(gallery, here, command):
    file = here / "notes.txt"
    file.write_text("Dear diary, " * 100)
    before = file.read_bytes()

    said = gallery(*command, "--db", file)

    assert said.code == 1
    assert "notes.txt" in sentence(said)
    assert file.read_bytes() == before


@pytest.mark.parametrize("command", [["list"], ["show", "Ada"], ["audit"], ["remove", "Ada", "--yes"]])
def test_no_gallery_yet(gallery, here, command):
    said = gallery(*command)

    assert said.code == 1
    assert "gallery enroll" in sentence(said)
    assert not (here / "gallery.db").exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 300])
def test_names_that_cannot_be_used(gallery, here, name):
    said = gallery("enroll", name, "x.jpg")

    assert said.code == 2
    assert "name" in sentence(said)
    assert not (here / "gallery.db").exists()


@pytest.mark.models
@pytest.mark.parametrize("option", ["--cosine", "--euclidean"])
@pytest.mark.parametrize("value", ["-0.1", "nan", "inf", "much", "1e999"])
def test_thresholds_that_make_no_sense(gallery, photos, here, option, value):
    said = gallery("anonymise", photos / "pair.png", "-o", here / "out", option, value)

    assert said.code == 2
    assert option.strip("-") in sentence(said).lower()
    assert not (here / "out").exists()


@pytest.mark.models
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_that_cannot_be_written(gallery, photos, here):
    out = here / "out"
    out.mkdir(mode=0o500)

    said = gallery("anonymise", photos / "pair.png", "-o", out)

    assert said.code == 1
    assert "out" in sentence(said)


@pytest.mark.models
def test_an_output_folder_that_is_a_file(gallery, photos, tidy):
    (tidy / "out").write_text("mine")

    said = gallery("anonymise", photos / "pair.png", "-o", tidy / "out")

    assert said.code == 1
    assert "out" in sentence(said)
    assert (tidy / "out").read_text() == "mine"


def test_the_output_folder_is_asked_for(gallery, here):
    said = gallery("anonymise", "x.jpg")

    assert said.code == 2
    assert "--output" in sentence(said)


@pytest.mark.models
def test_the_folder_of_the_inputs_is_no_output_folder(gallery, photos):
    before = {p.name: p.read_bytes() for p in photos.iterdir()}

    said = gallery("anonymise", photos, "-o", photos)

    assert said.code == 1
    assert {p.name: p.read_bytes() for p in photos.iterdir()} == before


@pytest.mark.models
@pytest.mark.parametrize("face", ["0", "-1", "both", "1.5", "9"])
def test_faces_that_are_not_there(gallery, photos, face):
    said = gallery("enroll", "Ada", photos / "pair.png", "--face", face)

    assert said.code in (1, 2)
    assert sentence(said)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["enroll", "Ada", "x.jpg", "--model", "sfaec"], "sface"),
        (["enroll", "Ada", "x.jpg", "--model", "yunet"], "detector"),
        (["enroll", "Ada", "x.jpg", "--detector", "sface"], "embedder"),
        (["anonymise", "x.jpg", "-o", "out", "--detector", "yunnet"], "yunet"),
        (["anonymise", "x.jpg", "-o", "out", "--method", "smear"], "smear"),
        (["enroll", "Ada", "x.jpg", "--model", "vgg-face"], "gallery models install vgg-face"),
        (["models", "install", "nothing"], "nothing"),
    ],
)
def test_models_that_are_not_there(gallery, here, words, wanted):
    said = gallery(*words)

    assert said.code in (1, 2)
    assert wanted in sentence(said)


@pytest.mark.parametrize(
    ("words", "option", "allowed"),
    [
        (["enroll", "Ada", "x.jpg", "--precision"], "precision", "'auto', 'float32', 'bfloat16', 'int8'"),
        (["anonymise", "x.jpg", "-o", "out", "--method"], "method", "'blur', 'pixelate', 'solid'"),
        (["anonymise", "x.jpg", "-o", "out", "--shape"], "shape", "'ellipse', 'box'"),
        (["anonymise", "x.jpg", "-o", "out", "--verify"], "verify", "'written', 'full'"),
        (["anonymise", "x.jpg", "-o", "out", "--fusion"], "fusion", "'best', 'mean', 'median-of-3'"),
        (["audit", "show", "1", "--decision"], "decision", "'keep', 'blur'"),
    ],
)
def test_a_word_that_is_none_of_those_allowed(gallery, here, words, option, allowed):
    said = gallery(*words, "int16")

    assert said.code == 2
    assert said.err.splitlines()[-1] == f"Error: Invalid value for '--{option}': 'int16' is not one of {allowed}."
    assert list(here.iterdir()) == []


def test_an_unknown_command(gallery):
    assert gallery("publish").code == 2


@pytest.mark.models
def test_unknown_people_and_runs(gallery, photos):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")

    for words in (["show", "Grace Hoper"], ["remove", "Grace Hoper", "--yes"]):
        said = gallery(*words)
        assert said.code == 1
        assert "Grace Hopper" in sentence(said)
    assert gallery("audit", "7").code == 1


def test_a_defect_is_one_sentence_too(gallery, monkeypatch):
    monkeypatch.setattr("gallery.bootstrap.Bootstrap.store", lambda *_, **__: 1 / 0)

    said = gallery("list")

    assert said.code == 1
    assert "ZeroDivisionError" in sentence(said)
    assert "--debug" in said.err
