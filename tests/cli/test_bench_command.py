"""`gallery bench`, as a user calls it."""

from __future__ import annotations

import json

import pytest

from gallery.domain.benching import STAGES

pytestmark = pytest.mark.models


def test_a_table_of_80_columns_and_nothing_left_behind(gallery, photos, here):
    before = sorted(here.rglob("*"))

    said = gallery("bench", photos)

    assert said.code == 0
    lines = said.out.splitlines()
    assert all(any(line.startswith(stage) for line in lines) for stage in (*STAGES, "the run", "JPEG decoded"))
    assert max(map(len, lines)) <= 80
    assert "0 templates" in said.out
    assert "…" not in said.out
    assert sorted(here.rglob("*")) == before, "no gallery was made, and no output is left"


def test_the_gallery_is_compared_with_and_stays_as_it_is(gallery, photos):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    before = gallery("db", "status", "--json").out

    found = json.loads(gallery("bench", photos, "--photos", 2, "--json").out)

    assert (found["templates"], found["photos"], found["model"]) == (1, 2, "sface")
    assert found["faces"] == 2
    assert all(found["stages"][stage]["wall"] > 0 for stage in STAGES)
    assert gallery("db", "status", "--json").out == before
    assert json.loads(gallery("audit", "--json").out) == []


def test_the_demo_picture_where_no_folder_is_named(gallery):
    found = json.loads(gallery("bench", "--photos", 2, "--json").out)

    assert (found["folder"], found["photos"], found["faces"]) == (None, 2, 6)
    assert (found["model"], found["precision"]) == ("sface", "float32")


def test_other_numbers_are_the_gallerys_models(gallery, photos, here, monkeypatch):
    """`sface` computes in float32 only; were the model of a new gallery taken, it would be measured unasked."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png", "--model", "sface")

    found = gallery("bench", photos, "--photos", 2, "--precision", "float32", "--json").json

    assert (found["model"], found["precision"], found["templates"]) == ("sface", "float32", 1)


def test_few_photos_are_said_to_tell_little(gallery, photos):
    assert "are few" in gallery("bench", "--photos", 2, "--jobs", 1).err
    assert "are few" not in gallery("bench", "--photos", 4, "--jobs", 1).err


def test_what_is_not_there_is_said_before_anything_is_measured(gallery, here):
    said = gallery("bench", here / "nothing")

    assert said.code == 1
    assert said.err.startswith("Error: No such file")


def test_numbers_that_the_model_does_not_compute_in_are_refused(gallery):
    said = gallery("bench", "--precision", "int8", "--model", "sface")

    assert said.code == 2
    assert "does not compute in int8" in said.err


def test_a_photo_that_cannot_be_read_is_named(gallery, photos):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")

    said = gallery("bench", photos, "--photos", 9)

    assert said.code == 3
    assert "broken.jpg was left out" in said.err
