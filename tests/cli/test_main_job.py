"""Enrol, anonymise, audit on real portraits, as a user types it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.models

FACE_FIELDS = {"box", "score", "identity", "cosine", "euclidean", "decision", "reason"}


@pytest.fixture
def enrolled(gallery, photos):
    said = gallery("enroll", "Grace Hopper", photos / "hopper.png", photos / "hopper-small.jpg")
    assert said.code == 0, said.err
    return said


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_enrolment_says_what_it_took(enrolled):
    assert enrolled.out.count("accepted") == 2
    assert "sface" in enrolled.out
    assert "gallery models install vgg-face" in enrolled.err


def test_only_the_enrolled_person_stays(gallery, enrolled, photos, here):
    said = gallery("anonymise", photos / "pair.png", "--output", here / "out")

    assert said.code == 0
    assert "1 kept, 1 blurred" in said.out
    before, after = pixels(photos / "pair.png"), pixels(here / "out" / "pair.png")
    changed = np.abs(before - after).max(axis=2) > 0
    assert changed[:, :480].any(), "Eileen Collins is blurred"
    assert not changed[:, 480:].any(), "Grace Hopper is not touched"


def test_the_json_other_programs_rely_on(gallery, enrolled, photos, here):
    said = gallery("anonymise", photos / "pair.png", photos / "gone.png", "-o", here / "out", "--json")

    assert said.code == 3
    document = said.json
    assert set(document) >= {"run", "model", "detector", "thresholds", "images"}
    assert (document["run"], document["model"], document["detector"]) == (1, "sface", "yunet")
    assert set(document["thresholds"]) >= {"cosine", "euclidean"}
    fine, failed = document["images"]
    assert set(fine) >= {"source", "output", "status", "error", "faces"}
    assert (fine["status"], fine["error"], fine["output"]) == ("ok", None, str(here / "out" / "pair.png"))
    assert all(set(face) >= FACE_FIELDS for face in fine["faces"])
    assert [face["decision"] for face in fine["faces"]] == ["blur", "keep"]
    assert [face["identity"] for face in fine["faces"]] == ["Grace Hopper"] * 2
    assert (failed["status"], failed["output"], failed["faces"]) == ("failed", None, [])
    assert "gone.png" in failed["error"]


def test_an_empty_gallery_blurs_everything_and_says_so(gallery, photos, here):
    said = gallery("anonymise", photos / "pair.png", "-o", here / "out")

    assert said.code == 0
    assert "0 kept, 2 blurred" in said.out
    assert "holds nobody" in said.err
    document = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json").json
    for face in document["images"][0]["faces"]:
        assert (face["identity"], face["cosine"], face["euclidean"]) == (None, None, None)


def test_a_dry_run_writes_nothing(gallery, enrolled, photos, here):
    said = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--dry-run", "--json")

    assert said.code == 0
    assert said.json["run"] is None
    assert [f["decision"] for f in said.json["images"][0]["faces"]] == ["blur", "keep"]
    assert not (here / "out").exists()
    assert "No run" in gallery("audit").err


def test_thresholds_can_be_overridden_and_zero_is_one(gallery, enrolled, photos, here):
    strict = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--cosine", 0, "--json").json
    loose = gallery(
        "anonymise", photos / "pair.png", "-o", here / "out", "--cosine", 2, "--euclidean", 9, "--json"
    ).json

    assert strict["thresholds"]["cosine"] == 0
    assert {f["decision"] for f in strict["images"][0]["faces"]} == {"blur"}
    collins, hopper = loose["images"][0]["faces"]
    assert hopper["decision"] == "keep"
    assert collins["decision"] == "blur", "one identity at most once per photo, however loose the thresholds"
    assert collins["rule"] == "score too low"


@pytest.mark.parametrize("method", ["blur", "pixelate", "solid"])
@pytest.mark.parametrize("spelling", ["anonymise", "anonymize"])
def test_methods_and_spellings(gallery, photos, here, method, spelling):
    said = gallery(spelling, photos / "collins.png", "-o", here / "out", "--method", method)

    assert said.code == 0
    before, after = pixels(photos / "collins.png"), pixels(here / "out" / "collins.png")
    assert np.abs(before - after).max() > 50


def test_the_audit_tells_what_was_decided(gallery, enrolled, photos, here):
    run = gallery("anonymise", photos, "-o", here / "out", "--json")
    again = gallery("audit", 1, "--json")

    assert run.code == 0
    assert again.json["images"] == run.json["images"]
    assert again.json["status"] == "finished"
    assert all(len(again.json[name]) == 64 for name in ("model_sha256", "detector_sha256"))
    table = gallery("audit", 1)
    assert table.code == 0
    assert "Grace Hopper" in " ".join(table.out.split())
    assert "finished" in gallery("audit").out
    assert [r["run"] for r in gallery("audit", "--json", "--model", "sface").json] == [1]
    assert gallery("audit", "--json", "--detector", "haar").json == []


def test_the_haar_detector_goes_with_sface(gallery, enrolled, photos, here):
    document = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--detector", "haar", "--json").json

    kept = [f for f in document["images"][0]["faces"] if f["decision"] == "keep"]
    assert len(kept) == 1
    assert kept[0]["landmarks"] is not None


def test_people_are_listed_shown_and_removed(gallery, enrolled):
    assert gallery("list", "--json").json[0]["references"] == 2
    shown = gallery("show", "grace hopper", "--json").json
    assert shown["name"] == "Grace Hopper"
    assert len(shown["references"]) == 2
    assert "Grace Hopper" in gallery("list").out
    assert "hopper-small.jpg" in gallery("show", "Grace Hopper").out.replace("\n", "").replace(" ", "")
    refused = gallery("remove", "Grace Hopper")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert gallery("remove", "Grace Hopper", "--yes").code == 0
    assert gallery("list", "--json").json == []


def test_enrolling_twice_changes_nothing(gallery, enrolled, photos):
    said = gallery("enrol", "Grace Hopper", photos / "hopper.png", "--json")

    assert said.code == 3
    assert said.json["photos"][0]["already"]
    assert gallery("list", "--json").json[0]["references"] == 2


def test_several_faces_must_be_chosen_from(gallery, photos):
    refused = gallery("enroll", "Grace Hopper", photos / "pair.png")
    chosen = gallery("enroll", "Grace Hopper", photos / "pair.png", "--face", 2)

    assert refused.code == 1
    assert "2 faces" in " ".join(refused.out.split())
    assert chosen.code == 0


def test_the_demo(gallery, here):
    said = gallery("demo", "--output", here / "shown")

    assert said.code == 0, said.err
    assert "1 kept, 2 blurred" in said.out
    assert "public domain" in " ".join(said.out.split())
    for name in ("before/group.png", "after/group.png", "before-after.png", "references/hopper-darker.png"):
        assert (here / "shown" / name).is_file()
    assert not (here / "gallery.db").exists(), "the demo has a gallery of its own"


def test_options_before_the_command_hold_for_it(gallery, here, photos):
    gallery("--db", here / "other.db", "enroll", "Grace Hopper", photos / "hopper.png")

    assert gallery("list", "--db", here / "other.db", "--json").json[0]["name"] == "Grace Hopper"


@pytest.mark.parametrize("width", [80, 60, 200])
def test_tables_fit_the_width(gallery, enrolled, photos, here, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    gallery("anonymise", photos, "-o", here / "out")

    for words in (["list"], ["show", "Grace Hopper"], ["audit"], ["audit", "1"], ["models", "list"]):
        for line in gallery(*words).out.splitlines():
            assert len(line) <= width
            assert "\x1b" not in line, "no colour without a terminal"


def test_thresholds_that_let_everybody_in_are_remarked(gallery, enrolled, photos, here):
    words = ("anonymise", photos / "pair.png", "-o", here / "out")

    assert "strangers may stay visible" in gallery(*words, "--cosine", 2, "--euclidean", 9).err
    assert "strangers may stay visible" not in gallery(*words, "--cosine", 0.5).err
    looser = "for Grace Hopper (cosine 1.500, Euclidean 1.732) are looser than those of sface itself"
    refused = gallery("set", "Grace Hopper", "--cosine", 1.5)
    assert refused.code == 2
    assert looser in refused.err
    assert "looser" not in gallery(*words).err
    assert looser in gallery("set", "Grace Hopper", "--cosine", 1.5, "--yes").err
    assert looser in gallery(*words).err


def test_a_collage_may_repeat_a_person(gallery, enrolled, photos, here):
    twice = np.concatenate([pixels(photos / "hopper.png")] * 2, axis=1).astype(np.uint8)
    Image.fromarray(twice).save(here / "collage.png")

    once = gallery("anonymise", here / "collage.png", "-o", here / "out", "--json").json
    both = gallery("anonymise", here / "collage.png", "-o", here / "out", "--allow-repeats", "--json").json

    assert [f["rule"] for f in once["images"][0]["faces"]] == ["better match here"] * 2, "nothing tells them apart"
    assert [f["decision"] for f in both["images"][0]["faces"]] == ["keep", "keep"]
    assert not both["policy"]["once_per_photo"]


@pytest.mark.parametrize("fusion", ["best", "mean", "median-of-3"])
def test_fusion_is_recorded(gallery, enrolled, photos, here, fusion):
    document = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--fusion", fusion, "--json").json

    assert document["policy"]["fusion"] == fusion
    assert [f["decision"] for f in document["images"][0]["faces"]] == ["blur", "keep"]


def test_what_waits_for_a_person_is_listed(gallery, enrolled, photos, here):
    sure = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json").json
    distance = sure["images"][0]["faces"][1]["cosine"]

    waiting = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--cosine", distance * 1.01, "--json")

    assert waiting.code == 3
    assert waiting.json["images"][0]["faces"][1]["rule"] == "needs review"
    assert waiting.json["images"][0]["faces"][1]["decision"] == "blur"
    assert [r["run"] for r in gallery("audit", "--review", "--json").json] == [2]
    assert "needs" in gallery("audit", "2", "--review").out


def test_a_margin_to_the_next_person_can_be_asked_for(gallery, enrolled, photos, here):
    gallery("enroll", "Eileen Collins", photos / "collins.png")

    loose = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json").json
    strict = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--margin", 2, "--json").json

    assert [f["decision"] for f in loose["images"][0]["faces"]] == ["keep", "keep"]
    assert [f["rule"] for f in strict["images"][0]["faces"]] == ["too like another"] * 2
    assert gallery("anonymise", photos / "pair.png", "-o", here / "out", "--margin", -1).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("review", "1"),
        ("audit", "prune", "--older-than", "1d", "--yes"),
        ("override", "photos/pair.png", "--face", "1", "blur"),
        ("override", "remove", "1"),
        ("rename", "Ada", "Eve"),
        ("remove", "Ada", "--yes"),
        ("forget", "Ada", "--yes"),
        ("undo", "--yes"),
        ("calibrate", "--yes"),
        ("reembed", "--model", "sface"),
        ("export", "a.gallery"),
        ("check",),
        ("list",),
        ("db", "compact"),
    ],
    ids=" ".join,
)
def test_a_mistyped_gallery_is_not_made(gallery, photos, here, words):
    said = gallery(*words, "--db", here / "typo.db")

    assert said.code == 1
    assert "There is no gallery" in said.err
    assert not list(here.glob("typo*"))
    assert not (here / "a.gallery").exists()


def test_a_dry_run_needs_no_gallery_and_makes_none_where_a_run_would_make_one(gallery, photos, here):
    words = ("anonymise", photos / "pair.png", "-o", here / "out", "--json")

    dry = gallery(*words, "--dry-run")

    assert dry.code == 0, dry.err
    assert [face["decision"] for face in dry.json["images"][0]["faces"]] == ["blur", "blur"]
    assert not (here / "gallery.db").exists()
    assert not (here / "out").exists()
    (here / "gallery.db").touch()
    assert gallery(*words, "--dry-run").code == 0
    assert (here / "gallery.db").stat().st_size == 0
    assert gallery(*words).code == 0


def test_consent_without_an_end_is_settled_at_enrolment_too(gallery, photos):
    gallery("enroll", "Grace Hopper", photos / "hopper.png", "--expires", "2020-01-01")
    assert "consent ended" in gallery("list").out

    gallery("enroll", "Grace Hopper", photos / "hopper-small.jpg")
    assert "consent ended" in gallery("list").out, "what is not given leaves what is settled"
    gallery("remove", "Grace Hopper", "--reference", "2")
    gallery("enroll", "Grace Hopper", photos / "hopper-small.jpg", "--expires", "never")

    assert "consent ended" not in gallery("list").out
