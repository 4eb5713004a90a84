"""Normalised scores on the command line: what is said, recorded, compared and set."""

from __future__ import annotations

import csv
import io

import pytest

from said import sentence

pytestmark = pytest.mark.models


@pytest.fixture
def run_of(gallery, photos, here):
    """Anonymises the pair picture under some options, and gives the document."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")

    def call(*words: str):
        said = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json", *words)
        assert said.code in (0, 3), said.err
        return said.json

    return call


def test_the_score_is_in_the_table_the_documents_and_the_record(gallery, run_of, photos, here):
    document = run_of()
    stranger, kept = document["images"][0]["faces"]
    scores = document["policy"]["scores"]
    assert kept["decision"] == "keep"
    assert kept["normalised"] > scores["strict"] > scores["lax"] > stranger["normalised"]
    assert kept["age"] > scores["young"]
    assert (scores["references"], scores["people"], scores["target"]) == (1, 1, 0.001)

    shown = gallery("audit", 1)
    assert f"≥ {scores['strict']:.2f}" in shown.out
    assert f"{kept['normalised']:.2f}" in shown.out
    assert "1 in 20,000 is expected to be kept (target 1 in 1,000)" in sentence(shown)
    (first, second) = csv.DictReader(io.StringIO(gallery("audit", 1, "--csv").out))
    assert float(second["normalised"]) == kept["normalised"]
    assert float(first["normalised"]) == stranger["normalised"]
    explained = gallery("audit", 1, "pair.png", "--json").json
    assert explained["faces"][1]["comparisons"][0]["normalised"] == pytest.approx(kept["normalised"], abs=1e-4)
    assert explained["scores"] == scores
    assert gallery("audit", "verify").code == 0
    page = here / "page.html"
    assert gallery("report", 1, "-o", page).code == 0
    assert f"normalised score ≥ {scores['strict']:.2f}" in page.read_text()


def test_a_stricter_target_leaves_what_it_blurs_for_review(gallery, run_of):
    before, after = run_of(), run_of("--target", "1e-6")
    assert after["policy"]["scores"]["strict"] > before["policy"]["scores"]["strict"]
    assert after["policy"]["scores"]["target"] == 1e-6
    face = after["images"][0]["faces"][1]
    assert face["rule"] in ("matches", "borderline")
    differing = gallery("audit", "diff", 1, 2)
    assert "scores strict" in differing.out


def test_another_target_is_another_state(run_of):
    assert run_of()["images"][0]["status"] == "ok"
    assert run_of("--resume")["images"][0]["status"] == "done before"
    assert run_of("--resume", "--target", "1e-4")["images"][0]["status"] == "ok"
    assert run_of("--resume", "--trust-children")["images"][0]["status"] == "ok"


@pytest.mark.parametrize("target", ["0", "-1", "0.5", "nan"])
def test_a_target_that_makes_no_sense_is_refused(gallery, photos, here, target):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    said = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--target", target)
    assert said.code == 2
    assert "must be a share of strangers" in sentence(said)
    assert not (here / "out").exists()


def test_models_say_what_their_scores_are_measured_against(gallery):
    said = gallery("models", "list")
    assert "FairFace" in sentence(said)
    assert "none: this model has no cohort" in sentence(said)
    cohorts = {one["name"]: one["cohort"] for one in gallery("models", "list", "--json").json}
    assert cohorts["sface"]["licence"] == "CC BY 4.0"
    assert cohorts["vgg-face"] is None


def test_who_looks_like_somebody_is_named_when_they_are_enrolled_and_by_check(gallery, photos):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    said = gallery("enroll", "Her Twin", photos / "hopper-small.jpg")
    assert "faces that are not clearly one of them are left for review" in sentence(said)
    checked = gallery("check")
    assert checked.code == 3
    assert "Grace Hopper" in checked.out
    assert "Her Twin" in checked.out


def test_of_two_look_alikes_only_who_is_clearly_one_is_kept(gallery, photos, here):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    gallery("enroll", "Her Twin", photos / "hopper-small.jpg")
    said = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json")
    assert said.code == 3
    assert said.json["images"][0]["faces"][1]["rule"] == "look-alikes"
