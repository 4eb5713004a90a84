"""Asking the audit trail on the command line."""

from __future__ import annotations

import csv
import io
import shutil

import pytest

pytestmark = pytest.mark.models


@pytest.fixture
def run(gallery, photos, here):
    """Grace Hopper is enrolled; a run over a pair, a photo without faces and a broken one, with an evil name."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    inputs = here / "in"
    inputs.mkdir()
    shutil.copy(photos / "pair.png", inputs / "=pair.png")
    (inputs / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert gallery("anonymise", inputs, "-o", here / "out").code == 3
    return 1


def test_faces_are_listed_the_most_doubtful_first(gallery, run):
    said = gallery("audit", run, "--closest")
    lines = said.out.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("photo"))
    assert "2 faces in 1 photo" in said.out
    assert lines[head + 2].split()[-2:] != lines[head + 3].split()[-2:]
    assert all(len(line) <= 80 for line in lines)


def test_kept_and_blurred_faces_can_be_asked_for(gallery, run):
    assert "1 face in 1 photo" in gallery("audit", run, "--decision", "keep").out
    assert "matches" not in gallery("audit", run, "--decision", "blur").out
    assert "0 faces in 0 photos" in gallery("audit", run, "--identity", "Bob").out
    assert "2 faces" in gallery("audit", run, "--identity", "grace hopper").out
    assert "1 face in" in gallery("audit", run, "--below", "0.3").out
    assert "1 face in" in gallery("audit", run, "--above", "0.3").out


def test_photos_can_be_asked_for(gallery, run):
    failed = gallery("audit", run, "--failed").out
    assert "broken.jpg" in failed
    assert "pair.png" not in failed
    assert "pair.png" in gallery("audit", run, "--image", "*.png").out
    none = gallery("audit", run, "--no-face")
    assert none.code == 0
    assert "No photo of run 1 is like that" in none.err


def test_json_has_the_photos_that_were_asked_for(gallery, run):
    document = gallery("audit", run, "--decision", "keep", "--json").json
    assert [image["source"].endswith("=pair.png") for image in document["images"]] == [True]


def test_csv_is_whole_and_harmless(gallery, run, here, monkeypatch):
    monkeypatch.chdir(here / "in")
    gallery("anonymise", "=pair.png", "-o", here / "other")
    rows = list(csv.DictReader(io.StringIO(gallery("audit", 2, "--csv").out)))
    assert [row["decision"] for row in rows].count("keep") == 1
    assert {row["closest"] for row in rows} == {"Grace Hopper"}
    assert {row["source"] for row in rows} == {"'=pair.png"}, "a spreadsheet would calculate it"
    assert [row["face"] for row in rows] == ["1", "2"]


@pytest.mark.parametrize("words", [["--closest"], ["--csv"], ["--decision", "keep"], ["1", "--csv", "--json"]])
def test_what_makes_no_sense_is_refused(gallery, run, words):
    assert gallery("audit", *words).code == 2
