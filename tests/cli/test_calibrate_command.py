"""`gallery calibrate` as a user types it, and where its thresholds show. Its people are directions without photos."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from gallery.bootstrap import Bootstrap
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.people import NewReference, Reference
from gallery.testing import blank

PEOPLE = [f"Person {n}" for n in range(12)]


def add(store, name: str, random: np.random.Generator, centre: np.ndarray, spread: float = 0.05) -> None:
    space = Bootstrap.of().registry().card("sface").space
    vector = centre + spread * random.normal(size=space.dimension)
    reference = Reference(
        source=f"photos/{name}.jpg",
        sha256=random.bytes(32).hex(),
        detection=Detection(Box(1, 2, 100, 120), 0.9),
        quality=Quality(100, 50.0, True),
        detector="yunet",
    )
    embedding = (vector / np.linalg.norm(vector)).astype(np.float32)
    store.add(name, NewReference(reference, embedding), space)


@pytest.fixture
def crowd(here):
    """Twelve people with three references each, but one with one and one with a poor one: 33 · 11 comparisons."""
    random = np.random.default_rng(8)
    with Bootstrap.of().store(create=True) as store:
        for name in PEOPLE:
            centre = random.normal(size=128) / np.sqrt(128) + 0.05
            for n in range(1 if name == PEOPLE[3] else 3):
                add(store, name, random, centre, 0.3 if (name, n) == (PEOPLE[5], 2) else 0.05)
    return here


def words(said) -> str:
    return " ".join((said.out + said.err).split())


def test_before_and_after_are_shown_and_kept(gallery, crowd):
    said = gallery("calibrate", "--fmr", "0.01", "--per-person", "--yes")

    assert said.code == 0, said.err
    text = words(said)
    assert Bootstrap.of().registry().card("sface").spec.thresholds.origin in text, "where the former ones came from"
    assert "for FMR 0.01 from 374 impostor comparisons: 34 references of 12 people" in text
    assert "of 374 comparisons with others" in text
    assert "One reference only" in text
    assert PEOPLE[5] in said.out
    assert "--reset" not in said.out, "which would let more match"
    assert "stricter than everybody's" in text


def test_the_json_other_programs_rely_on(gallery, crowd):
    document = gallery("calibrate", "--fmr", "0.01", "--per-person", "--yes", "--json").json

    assert set(document) >= {
        "model",
        "fmr",
        "thresholds",
        "personal",
        "fusion",
        "impostor_comparisons",
        "genuine_comparisons",
        "references",
        "made",
        "stored",
        "before",
        "after",
        "people",
        "failing",
        "closest",
        "impostors",
    }
    assert (document["model"], document["stored"], document["impostors"]) == ("sface", True, None)
    for side in ("before", "after"):
        assert set(document[side]) >= {"thresholds", "personal", "fmr", "fnmr", "failing_references"}
        assert document[side]["fmr"]["trials"] == 374
        assert document[side]["fnmr"]["trials"] == 33
    assert document["after"]["fmr"]["value"] <= 0.01
    for own in document["personal"].values():
        assert own["cosine"] <= document["thresholds"]["cosine"]


def test_a_dry_run_changes_nothing(gallery, crowd):
    said = gallery("calibrate", "--fmr", "0.01", "--dry-run")

    assert said.code == 0
    assert "nothing was changed" in said.out
    assert all(model["calibrated"] is None for model in gallery("models", "list", "--json").json)


def test_too_little_data_offers_a_command_that_works(gallery, crowd):
    said = gallery("calibrate", "--per-person", "--fusion", "mean")

    assert said.code == 1
    assert "FMR 1e-3 needs 3,000" in said.err
    assert "there are 374" in said.err
    assert said.out == ""
    (command,) = (line.removeprefix("Run: ") for line in said.err.splitlines() if line.startswith("Run: "))
    _, *rest = shlex.split(command)
    assert "--allow-looser" not in rest
    assert gallery(*rest, "--yes").code == 0
    document = gallery("models", "list", "--json").json
    (calibrated,) = (model["calibrated"] for model in document if model["calibrated"])
    assert (calibrated["fmr"], calibrated["fusion"]) == (0.0081, "mean")


def test_the_origin_is_named_wherever_thresholds_are(gallery, crowd):
    calibrated = gallery("calibrate", "--fmr", "0.01", "--per-person", "--yes", "--json").json
    with_own = next(iter(calibrated["personal"]))
    without = next(name for name in PEOPLE if name not in calibrated["personal"])

    assert "own, calibrated on" in words(gallery("show", with_own))
    assert "374 impostor comparisons: 34 references" in words(gallery("show", without))
    shown = gallery("show", with_own, "--json").json
    assert (shown["own_thresholds"], shown["thresholds"]) == (True, calibrated["personal"][with_own])
    assert gallery("show", without, "--json").json["own_thresholds"] is False
    listed = words(gallery("models", "list"))
    assert "374 impostor comparisons: 34 references" in listed
    assert "(own, calibrated" in listed
    assert "LFW view 2" in listed, "the model's own are named, too"


def test_a_changed_gallery_is_remarked_upon(gallery, crowd):
    gallery("calibrate", "--fmr", "0.01", "--yes")
    assert gallery("list").err == ""
    with Bootstrap.of().store() as store:
        add(store, "Newcomer", np.random.default_rng(1), np.ones(128))
        store.remove(PEOPLE[0])

    for command in (["list"], ["models", "list"], ["show", "Newcomer"]):
        said = gallery(*command)
        assert said.code == 0
        assert "1 reference was added and 3 removed. Run 'gallery calibrate' again." in words(said)
    assert gallery("list", "--json").err == ""
    assert (
        gallery("show", "Newcomer", "--json")
        .json["thresholds"]["origin"]
        .endswith("1 reference was added and 3 removed")
    )


def test_in_python(crowd):
    from gallery import Gallery
    from gallery.domain.errors import BadArgument, TooLittleData

    with Gallery(crowd / "gallery.db") as school:
        with pytest.raises(TooLittleData) as caught:
            school.calibrate()
        with pytest.raises(BadArgument, match="no fusion 'worst'"):
            school.calibrate(0.1, fusion="worst")
        assert school.calibration() is None
        result = school.calibrate(caught.value.least, per_person=True)
        assert result.standing_after.fmr.value <= caught.value.least
        assert school.calibration() == result.calibration
        assert school.reset_calibration()
        assert school.calibration() is None


def test_back_to_the_models_own(gallery, crowd):
    gallery("calibrate", "--fmr", "0.01", "--per-person", "--yes")

    refused = gallery("calibrate", "--reset")
    assert refused.code == 2
    assert "looser than those that apply now" in words(refused)
    said = gallery("calibrate", "--reset", "--yes")

    assert said.code == 0
    assert "LFW view 2" in words(said)
    assert gallery("show", PEOPLE[0], "--json").json["thresholds"]["origin"].startswith("FMR 1e-5")
    again = gallery("calibrate", "--reset", "--json")
    assert again.code == 0
    assert again.json["reset"] is False


@pytest.mark.parametrize("width", [80, 60, 200])
def test_tables_fit_the_width(gallery, crowd, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))

    for command in (
        ["calibrate", "--fmr", "0.01", "--per-person", "--yes"],
        ["models", "list"],
        ["show", PEOPLE[0]],
    ):
        for line in gallery(*command).out.splitlines():
            assert len(line) <= width


OWN = {"cosine": 0.591, "euclidean": 1.087}


def in_force(gallery, name: str = PEOPLE[0]) -> dict[str, float]:
    found = gallery("show", name, "--json").json["thresholds"]
    return {which: found[which] for which in OWN}


def test_nothing_is_kept_before_somebody_agreed(gallery, crowd):
    before = (crowd / "gallery.db").read_bytes()

    said = gallery("calibrate", "--fmr", "0.01")

    assert said.code == 2
    assert "Calibration for FMR 0.01" in said.out
    assert "Add --yes" in said.err
    assert "--dry-run" in said.err
    assert (crowd / "gallery.db").read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--per-person"], ["--fusion", "mean"]])
def test_nothing_looser_than_the_models_own_is_set(gallery, crowd, options):
    said = gallery("calibrate", "--fmr", "0.9", "--yes", *options)

    assert said.code == 0
    assert in_force(gallery) == OWN
    assert "no looser than sface itself" in words(said)
    assert gallery("calibrate", "--fmr", "0.9", "--dry-run", "--json", *options).json["looser_than_model"] is False


def test_looser_than_the_models_own_is_set_only_if_asked_for_and_said_ever_after(gallery, crowd):
    refused = gallery("calibrate", "--fmr", "0.9", "--allow-looser")
    assert refused.code == 2
    assert "looser than those of sface itself" in words(refused)
    assert in_force(gallery) == OWN

    said = gallery("calibrate", "--fmr", "0.9", "--allow-looser", "--yes")
    assert said.code == 0
    assert "looser than those of sface itself" in words(said)
    assert "gallery calibrate --reset" in said.out
    assert in_force(gallery)["cosine"] > 0.6
    assert [one["who"] for one in gallery("check", "--json").json["looser_limits"]] == ["everybody"]
    assert gallery("calibrate", "--reset").code == 0, "which is stricter"


def test_no_laxer_rate_is_suggested_where_stricter_limits_apply(gallery, crowd):
    gallery("calibrate", "--fmr", "0.01", "--yes")

    said = gallery("calibrate")

    assert said.code == 1
    assert "Run:" not in said.err
    assert "--impostors" in said.err


def test_limits_of_a_gallery_that_was_changed_meanwhile_are_not_kept(crowd):
    from gallery.domain.errors import GalleryChanged
    from gallery.usecases.calibrate import Request

    boot = Bootstrap.of()
    with boot.store() as store:
        use = boot.calibrate(store, boot.registry().card("sface"), "yunet")
        derived = use.derive(Request(0.01))
        store.remove(PEOPLE[0])
        with pytest.raises(GalleryChanged):
            use.keep(derived)
        assert store.calibration() is None


@pytest.mark.parametrize("fmr", ["0", "1", "-1", "nan", "inf", "many", "1e999"])
def test_rates_that_make_no_sense(gallery, crowd, fmr):
    before = (crowd / "gallery.db").read_bytes()

    said = gallery("calibrate", "--fmr", fmr)

    assert said.code == 2
    assert "Traceback" not in said.err
    assert "fmr" in said.err or "false match rate" in said.err
    assert (crowd / "gallery.db").read_bytes() == before


def test_galleries_that_cannot_be_calibrated(gallery, here):
    missing = gallery("calibrate")
    assert missing.code == 1
    assert "gallery enroll" in missing.err
    assert not (here / "gallery.db").exists()
    with Bootstrap.of().store(create=True) as store:
        empty = gallery("calibrate")
        assert (empty.code, "holds nobody" in empty.err) == (1, True)
        for seed in range(2):
            add(store, "Ada", np.random.default_rng(seed), np.ones(128))
        alone = gallery("calibrate")
        assert (alone.code, "Ada is the only person" in alone.err, "--impostors" in alone.err) == (1, True, True)


@pytest.mark.parametrize("options", [["--impostors", "x"], ["--per-person"], ["--dry-run"]])
def test_reset_stands_alone(gallery, crowd, options):
    assert gallery("calibrate", "--reset", *options).code == 2


@pytest.mark.models
def test_folders_of_strangers_that_are_none(gallery, crowd):
    from PIL import Image

    (crowd / "empty").mkdir()
    (crowd / "plain").mkdir()
    Image.fromarray(blank(300, 300)).save(crowd / "plain" / "plain.png")

    for folder, cause in (("gone", "no folder gone"), ("empty", "holds no photo"), ("plain", "No face was found")):
        said = gallery("calibrate", "--fmr", "0.1", "--impostors", folder)
        assert said.code == 1
        assert cause in said.err
    assert all(model["calibrated"] is None for model in gallery("models", "list", "--json").json)


@pytest.mark.models
def test_strangers_are_compared_and_failures_are_named(gallery, crowd, photos):
    (photos / "torn.jpg").write_bytes(b"no photo")

    said = gallery("calibrate", "--fmr", "0.01", "--impostors", photos, "--yes")

    assert said.code == 3
    assert "5 faces from 5 photos in" in words(said)
    assert "torn.jpg" in said.err
    assert "434 impostor comparisons" in words(said)
    shown = gallery("calibrate", "--fmr", "0.01", "--impostors", photos, "--yes", "--json")
    assert shown.json["impostors"]["failures"][0]["source"].endswith("torn.jpg")


def test_a_gallery_that_cannot_be_read_does_not_hide_the_models(gallery, here):
    (here / "gallery.db").write_text("Dear diary, " * 100)

    said = gallery("models", "list")

    assert said.code == 0
    assert "sface" in said.out
    assert "not a gallery" in said.err


@pytest.mark.models
class TestInAnAnonymisation:
    """By hand, else a person's own, else the gallery's, else the model's."""

    @pytest.fixture
    def hopper(self, gallery, photos):
        from dataclasses import replace
        from datetime import UTC, datetime

        from gallery.domain.calibrated import Calibration
        from gallery.domain.models import Thresholds

        gallery("enroll", "Grace Hopper", photos / "hopper.png", "--model", "sface")

        def calibrate(**changes) -> None:
            with Bootstrap.of().store() as store:
                made = Calibration(
                    space=store.space(),
                    thresholds=Thresholds(0.5, 1.0, "the gallery's"),
                    personal={},
                    fmr=1e-3,
                    fusion="best",
                    method="made up",
                    detector="yunet",
                    genuine=0,
                    impostors=3000,
                    strangers=3000,
                    references=1,
                    last_reference=1,
                    made=datetime(2026, 2, 1, tzinfo=UTC),
                )
                store.set_calibration(replace(made, **changes))

        calibrate()
        return calibrate

    @pytest.fixture
    def own(self, hopper):
        from gallery.domain.models import Thresholds

        hopper(personal={"Grace Hopper": Thresholds(0.0, 0.0, "Hopper's own")})

    def test_the_gallerys_come_before_the_models(self, gallery, hopper, photos):
        document = gallery("anonymise", photos / "pair.png", "-o", "out", "--json").json

        assert document["thresholds"] == {"cosine": 0.5, "euclidean": 1.0, "origin": "the gallery's"}
        collins, kept = document["images"][0]["faces"]
        assert (kept["decision"], kept["thresholds"]["origin"]) == ("keep", "the gallery's")
        assert collins["decision"] == "blur"

    def test_a_persons_own_come_before_the_gallerys(self, gallery, own, photos):
        document = gallery("anonymise", photos / "pair.png", "-o", "out", "--json").json

        assert document["policy"]["personal"]["Grace Hopper"]["origin"] == "Hopper's own"
        for face in document["images"][0]["faces"]:
            assert (face["decision"], face["rule"]) == ("blur", "cosine too far")
            assert face["thresholds"] == {"cosine": 0.0, "euclidean": 0.0, "origin": "Hopper's own"}

    def test_those_set_by_hand_come_first(self, gallery, own, photos):
        both = gallery(
            "anonymise", photos / "pair.png", "-o", "out", "--cosine", 0.4, "--euclidean", 0.9, "--json"
        ).json
        one = gallery("anonymise", photos / "pair.png", "-o", "out", "--cosine", 0.4, "--json").json

        assert both["images"][0]["faces"][1]["decision"] == "keep"
        assert "personal" not in both["policy"]
        face = one["images"][0]["faces"][1]
        assert face["rule"] == "euclidean too far"
        assert face["thresholds"]["origin"] == "cosine set by hand; else Hopper's own"

    def test_audit_names_them(self, gallery, own, photos):
        anonymised = words(gallery("anonymise", photos / "pair.png", "-o", "out"))
        run, runs = words(gallery("audit", 1)), words(gallery("audit"))

        for text in (anonymised, run):
            assert "thresholds: the gallery's" in text
            assert "Grace Hopper: Hopper's own" in text
            assert "≤ 0.000" in text
        assert "of Grace Hopper cosine ≤ 0.000, Euclidean ≤ 0.000 (Hopper's own)" in run
        assert "1 cosine ≤ 0.500, Euclidean ≤ 1.000 (the gallery's)" in runs
        assert gallery("audit", "--json").json[0]["thresholds"]["origin"] == "the gallery's"

    def test_those_of_another_fusion_are_not_used(self, gallery, hopper, photos):
        hopper(fusion="mean")

        said = gallery("anonymise", photos / "pair.png", "-o", "out")

        assert "--fusion mean" in said.err
        assert "LFW view 2" in words(said)

    def test_a_changed_gallery_is_remarked_upon_and_on_record(self, gallery, hopper, photos):
        gallery("enroll", "Grace Hopper", photos / "hopper-small.jpg")

        said = gallery("anonymise", photos / "pair.png", "-o", "out")

        assert "1 reference was added" in said.err
        origin = gallery("audit", 1, "--json").json["thresholds"]["origin"]
        assert origin == "the gallery's; since then 1 reference was added"

    def test_the_python_interface_uses_them(self, hopper, photos, here):
        from PIL import Image

        from gallery import Gallery

        with Image.open(photos / "pair.png") as image:
            pixels = np.asarray(image.convert("RGB"))
        with Gallery(here / "gallery.db") as school:
            assert sum(face.decision.kept for face in school.anonymise(pixels).faces) == 1
        from gallery.domain.models import Thresholds

        hopper(personal={"Grace Hopper": Thresholds(0.0, 0.0, "Hopper's own")})
        with Gallery(here / "gallery.db") as school:
            assert sum(face.decision.kept for face in school.anonymise(pixels).faces) == 0
            assert sum(face.decision.kept for face in school.anonymise(pixels, cosine=0.5, euclidean=1).faces) == 1
