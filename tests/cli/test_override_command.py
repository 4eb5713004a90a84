"""`gallery override`: said in every way the words can be put, listed, and taken back."""

from __future__ import annotations

import getpass
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import gallery as package
from gallery.adapters.login import login_name
from gallery.adapters.store import SqliteStore
from gallery.cli.long_table import FROM
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.geometry import Box

FROZEN = Path(__file__).resolve().parents[1] / "assets" / "upgrade"
WORD = Override(
    0,
    "0123456789abcdef" * 4,
    Box(1234, 567, 1100, 1300),
    Verdict.KEEP,
    "holidays/2026/by the sea/IMG_20260704_123456.jpg",
    "anna-lena.schmidt",
    datetime(2026, 3, 4, 12, tzinfo=UTC),
    "She signed the consent form; [see] folder 12.",
)
FIELDS = {"number", "source", "sha256", "box", "decision", "by", "made", "note"}


@pytest.fixture
def said(here, gallery):
    """A gallery with two words."""
    with SqliteStore.open(here / "gallery.db", create=True) as store:
        store.add_override(WORD)
        store.add_override(replace(WORD, box=Box(1, 2, 30, 40), verdict=Verdict.BLUR, by="", note="", source="a.jpg"))
    return gallery


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_the_list_fits_and_leaves_nothing_out(said):
    shown = said("override", "list")

    assert shown.code == 0
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= 80
    head, first = lines[0].split(), lines[2]
    assert head == ["no.", "photo", "hash", "box", "verdict", "by", "made", "note"]
    for part in ("1 ", "0123456", "1234,567", "keep", "2026-03-04"):
        assert part in first
    column = {name: lines[0].index(name) for name in head}
    ends = sorted([*column.values(), 200])
    cell = {
        name: squeezed("".join(line[start : ends[ends.index(start) + 1]] for line in lines[2:-1]))
        for name, start in column.items()
    }
    assert cell["photo"] == WORD.source.replace(" ", "")
    assert cell["by"] == WORD.by
    assert cell["box"] == "1234,5671100×1300"
    assert cell["note"] == squeezed(WORD.note)
    assert lines[-1].split() == ["2", "a.jpg", "0123456", "1,2", "30×40", "blur", "–", "2026-03-04"]


def test_a_long_list_is_written_quickly_and_in_lines(said, here):
    with SqliteStore.open(here / "gallery.db", create=True) as store:
        for n in range(FROM):
            store.add_override(replace(WORD, box=Box(n * 50, 5000, 30, 40), note="two\nlines"))
    lines = said("override", "list").out.splitlines()
    assert len(lines) == FROM + 2 + 2
    assert max(map(len, lines)) <= 80


def test_the_json_other_programs_rely_on(said):
    first, second = said("override", "list", "--json").json

    assert set(first) >= FIELDS
    assert (first["number"], first["decision"], first["box"]) == (1, "keep", [1234, 567, 1100, 1300])
    assert (first["by"], first["made"], first["note"]) == (WORD.by, "2026-03-04T12:00:00+00:00", WORD.note)
    assert (second["number"], second["decision"]) == (2, "blur")


def test_a_word_is_taken_back(said):
    gone = said("override", "remove", 1)

    assert gone.code == 0
    assert "Override 1 is removed" in gone.out
    assert said("override", "remove", 2, "--json").json["removed"]["number"] == 2
    assert said("override", "list", "--json").json == []
    nothing = said("override", "list")
    assert (nothing.code, nothing.out) == (0, "")
    assert "Nothing was decided by hand" in nothing.err
    assert said("override", "remove", 1).code == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["remove", "9"], 1, "There is no override 9. 'gallery override list'"),
        (["remove", "0"], 2, "greater than or equal to 1"),
        (["remove", "one"], 2, "integer"),
        (["remove"], 2, "NUMBER"),
        ([], 2, "gallery override"),
        (["photo.jpg"], 2, "keep"),
        (["photo.jpg", "maybe"], 2, "maybe"),
        (["photo.jpg", "keep", "--face", "0"], 2, "--face"),
        (["photo.jpg", "keep", "blur"], 2, "blur"),
        (["photo.jpg", "keep", "--detector", "sface"], 2, "not a detector"),
        (["photo.jpg", "keep", "--detector", "nonsense"], 1, "nonsense"),
        (["photo.jpg", "keep", "--haar-scale", "1.2"], 2, "mean nothing to yunet"),
        (["--nonsense"], 2, "nonsense"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(said, words, code, sentence):
    before = said("override", "list").out

    answer = said("override", *words)

    assert answer.code == code, answer.err
    assert sentence in " ".join(answer.err.split())
    assert "Traceback" not in answer.err
    assert said("override", "list").out == before


def test_galleries_of_other_versions(here, gallery):
    path = here / "gallery.db"
    missing = gallery("override", "list")
    assert missing.code == 1
    assert "no gallery at" in missing.err
    shutil.copyfile(FROZEN / "0003.db", path)
    path.chmod(0o600)
    for words in (["list"], ["remove", 1], ["photo.jpg", "keep"]):
        old = gallery("override", *words)
        assert (old.code, "gallery db upgrade" in old.err) == (1, True), old.err
    gallery("db", "upgrade")
    assert gallery("override", "list").code == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (["list"], ["remove", 1], ["photo.jpg", "keep"]):
        new = gallery("override", *words)
        assert (new.code, "later version" in new.err) == (1, True), new.err


@pytest.mark.parametrize("words", [[], ["set"], ["list"], ["remove"]])
def test_every_help_has_an_example(gallery, words):
    helped = gallery("override", *words, "--help")
    assert helped.code == 0
    assert f"Example: gallery override {words[0] if words and words[0] != 'set' else ''}".rstrip() in helped.out


def test_who_decides():
    assert login_name() == getpass.getuser()
    script = "import getpass; getpass.getuser = lambda: {}['nobody']; from gallery.adapters.login import login_name"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; print(repr(login_name()))"],
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "''\n"


@pytest.mark.models
def test_a_word_on_a_real_face_however_it_is_put(gallery, photos):
    pair = photos / "pair.png"
    assert gallery("enroll", "Grace Hopper", photos / "hopper.png").code == 0
    first = gallery("override", pair, "--face", 2, "keep", "--note", "Asked her", "--for", "grace hopper")
    assert first.code == 0, first.err
    assert "Override 1: face 2 of 2" in first.out
    assert "will be kept for Grace Hopper" in first.out
    assert "visible in every later run as Grace Hopper" in " ".join(first.err.split())

    assert gallery("override", "--face", "1", pair, "blur").code == 0
    assert gallery("override", "set", pair, "blur", "--face=2").code == 0
    both = gallery("override", "list", "--json").json
    assert [(one["number"], one["decision"]) for one in both] == [(2, "blur"), (3, "blur")]
    assert [one["box"][0] > 480 for one in both] == [False, True]
    assert {one["by"] for one in both} == {getpass.getuser()}

    assert gallery("anonymise", photos / "hopper.png", "-o", photos / "out").code == 0
    alone = gallery("override", photos / "hopper.png", "keep", "--json")
    assert alone.json["keeps"] == "Grace Hopper", "the closest person on record"
    assert (alone.json["face"], alone.json["faces"], alone.json["note"]) == (1, 1, "")
    assert set(alone.json) >= FIELDS


@pytest.mark.models
@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("gone.png", [], "gone.png"),
        ("pair.png", [], "shows 2 faces: 1 at"),
        ("pair.png", ["--face", "3"], "has no face 3; it shows 2: 1 at"),
        ("pair.png", ["--face", "1", "--note", "\x1b[31m"], "cannot be shown"),
    ],
)
def test_a_face_that_cannot_be_meant(gallery, photos, name, words, sentence):
    assert gallery("enroll", "Grace Hopper", photos / "hopper.png").code == 0
    answer = gallery("override", photos / name, "keep", "--for", "Grace Hopper", *words)

    assert answer.code in (1, 2)
    assert sentence in " ".join(answer.err.split())
    assert gallery("override", "list", "--json").json == []


@pytest.mark.models
def test_no_embedder_is_loaded(here, photos):
    script = (
        "import sys; from gallery.cli.boundary import run\n"
        "assert run(['init']) == 0\n"
        f"assert run(['override', {str(photos / 'hopper.png')!r}, 'blur']) == 0\n"
        "assert not {'tensorflow', 'keras', 'h5py'} & set(sys.modules)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
        check=True,
        timeout=120,
    )
