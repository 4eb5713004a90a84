"""`gallery export` and `gallery import` from the command line: exit codes, and what is left as it was."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from exchanged import RAW, RAW_INT8, UNIT, contents, everything, person, reference
from gallery.bootstrap import Bootstrap
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds
from gallery.domain.people import Details
from said import sentence


def fill(db, given) -> None:
    boot = Bootstrap.of(db)
    with boot.store(create=True) as store:
        boot.import_(store, "refuse")(given, "fill")


def rows(db) -> dict[str, list]:
    with sqlite3.connect(db) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}
    connection.close()
    return found


@pytest.fixture
def filled(here):
    """The usual gallery, with people in it."""
    fill(here / "gallery.db", everything())
    return here / "gallery.db"


@pytest.fixture
def archive(gallery, filled, here):
    """An archive of that gallery."""
    assert gallery("export", here / "a.gallery").code == 0
    return here / "a.gallery"


def test_there_and_back(gallery, archive, here):
    said = gallery("import", archive, "--db", here / "new.db", "--yes", "--json")

    assert said.code == 0
    assert said.json["imported"] is True
    assert said.json["model"] == "raw"
    assert [who["name"] for who in said.json["people"]] == ["Ada Lovelace", "Nobody yet", "Émilie du Châtelet"]
    assert {who["fate"] for who in said.json["people"]} == {"added"}
    assert gallery("list", "--json", "--db", here / "new.db").json == gallery("list", "--json").json
    assert stat.S_IMODE((here / "new.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_what_was_exported_is_said(gallery, filled, here):
    said = gallery("export", here / "a.gallery", "--json")

    assert said.code == 0
    assert said.json == {
        "archive": str(here / "a.gallery"),
        "bytes": (here / "a.gallery").stat().st_size,
        "people": 3,
        "references": 4,
        "crops": 3,
        "templates": {"raw": 3, "unit": 3},
    }
    assert "not encrypted" in said.err
    some = gallery("export", here / "b.gallery", "--people", "ada lovelace", "--no-crops", "--json")
    assert (some.json["people"], some.json["references"], some.json["crops"]) == (1, 2, 0)
    assert "Delete it" in some.err


def test_exporting_changes_nothing_but_notes_where_and_overwrites_nothing(gallery, filled, archive, here):
    before, content = rows(filled), archive.read_bytes()
    assert [path for path, _ in before.pop("archive")] == [str(archive)]

    refused = gallery("export", archive)
    assert refused.code == 2
    assert "--force" in sentence(refused)
    assert archive.read_bytes() == content

    unknown = gallery("export", archive, "--people", "Ada Lovelase", "--force")
    assert unknown.code == 1
    assert "Did you mean Ada Lovelace?" in sentence(unknown)
    assert archive.read_bytes() == content

    assert gallery("export", filled, "--force").code == 2
    assert gallery("export", here / "nowhere" / "x").code == 1
    assert gallery("export", archive, "--people", "Ada Lovelace", "--force").code == 0
    assert archive.read_bytes() != content
    after = rows(filled)
    noted = {path for path, _ in after.pop("archive")}
    assert str(archive) in noted
    assert after == before
    assert not [path for path in here.iterdir() if path.suffix == ".tmp"]


def test_a_gallery_that_is_not_there_is_not_exported(gallery, here):
    said = gallery("export", here / "a.gallery")

    assert said.code == 1
    assert "There is no gallery" in sentence(said)
    assert list(here.iterdir()) == []


def test_conflicts_are_shown_and_nothing_is_changed(gallery, archive, filled):
    gallery("rename", "Ada Lovelace", "Grace Hopper")
    gallery("rename", "Nobody yet", "NOBODY YET")
    before = rows(filled)

    said = gallery("import", archive)

    assert said.code == 1
    text = sentence(said)
    assert "2 of 2 references show a face that is enrolled for Grace Hopper." in text
    assert "NOBODY YET is in the gallery." in text
    assert "Nothing is imported while there are conflicts." in text
    assert "0 added" in text
    assert gallery("import", archive, "--json").json["refused"] is True
    assert rows(filled) == before


@pytest.mark.parametrize(
    ("option", "code", "fates", "dry_code"),
    [
        ("--skip", 3, ["left out", "left out", "added"], 3),
        ("--merge", 3, ["left out", "unchanged", "added"], 3),
        ("--replace", 3, ["left out", "replaced", "added"], 3),
    ],
)
def test_options_resolve_conflicts(gallery, archive, filled, option, code, fates, dry_code):
    gallery("rename", "Ada Lovelace", "Grace Hopper")
    gallery("remove", "Émilie du Châtelet", "--yes")
    before = rows(filled)

    dry = gallery("import", archive, option, "--dry-run", "--json")
    assert (dry.code, [who["fate"] for who in dry.json["people"]]) == (dry_code, fates)
    assert (dry.json["imported"], dry.json["dry_run"]) == (False, True)
    assert rows(filled) == before

    said = gallery("import", archive, option, "--json")
    assert (said.code, [who["fate"] for who in said.json["people"]]) == (code, fates)
    assert said.json["imported"] is True
    assert rows(filled) != before
    gallery("undo")
    undone = rows(filled)
    for table in ("identity", "reference", "template", "crop", "tag", "model", "own_threshold"):
        assert undone[table] == before[table]


def test_importing_again_with_merge_is_all_well(gallery, archive, filled):
    before = rows(filled)

    said = gallery("import", archive, "--merge", "--json")

    assert said.code == 0
    assert said.json["imported"] is False
    assert {who["fate"] for who in said.json["people"]} == {"unchanged"}
    assert rows(filled) == before


def test_a_dry_run_makes_no_gallery(gallery, archive, here):
    said = gallery("import", archive, "--dry-run", "--db", here / "new.db")

    assert said.code == 0
    assert "Nothing was changed" in said.err
    assert not (here / "new.db").exists()


def test_options_that_contradict_each_other(gallery, archive, filled):
    before = rows(filled)

    said = gallery("import", archive, "--skip", "--replace")

    assert said.code == 2
    assert "--skip and --replace" in sentence(said)
    assert rows(filled) == before


def test_templates_to_be_made_are_remarked(gallery, archive, here):
    fill(here / "new.db", contents(person("Grace", [reference(9, (UNIT,))]), models=(UNIT,), own=UNIT))

    said = gallery("import", archive, "--db", here / "new.db", "--yes")

    assert said.code == 0
    assert "1 of 2 references has no template of unit yet." in sentence(said) or "have no template" in sentence(said)
    assert "gallery reembed --model unit" in said.err


@pytest.mark.parametrize(("ours", "theirs"), [(RAW, RAW_INT8), (RAW_INT8, RAW)])
def test_templates_in_other_numbers_are_said_not_to_be_used_until_they_are_made_anew(gallery, here, ours, theirs):
    fill(here / "theirs.db", contents(person("Ada", [reference(1, (theirs,))]), models=(theirs,), own=theirs))
    fill(here / "ours.db", contents(person("Grace", [reference(9, (ours,))]), models=(ours,), own=ours))
    gallery("export", here / "a.gallery", "--db", here / "theirs.db")
    words = ("import", here / "a.gallery", "--db", here / "ours.db")

    for said in (gallery(*words, "--dry-run"), gallery(*words)):
        assert said.code == 0
        assert f"has no template of raw in {ours.numbers} yet, only in {theirs.numbers}." in sentence(said)
        assert (
            f"Templates that were computed in {theirs.numbers} are not used for comparison in this gallery, whose own "
            f"are in {ours.numbers}: nobody is recognised by them until you make new ones from the pictures: "
            "gallery reembed --model raw"
        ) in said.err
        assert all(len(line) <= 80 for line in said.out.splitlines())

    again = gallery(*words, "--merge", "--json")
    assert (again.json["model"], again.json["numbers"], again.err) == ("raw", ours.numbers, "")
    gallery("undo", "--db", here / "ours.db")
    again = gallery(*words, "--json")
    assert again.json["people"][0]["conflicts"][0]["instead"] == [theirs.numbers]


def test_whoever_is_of_no_use_is_left_out(gallery, filled, here):
    fill(here / "new.db", contents(person("Grace", [reference(9, (UNIT,))]), models=(UNIT,), own=UNIT))
    fill(here / "raw.db", contents(person("Bea", [reference(7, (RAW,))]), models=(RAW,)))
    gallery("export", here / "raw.gallery", "--no-crops", "--db", here / "raw.db")
    before = rows(here / "new.db")

    said = gallery("import", here / "raw.gallery", "--db", here / "new.db")

    assert said.code == 1
    assert "No template of unit, and no picture to make one from." in sentence(said)
    assert rows(here / "new.db") == before


def damaged(path, kind):
    data = path.read_bytes()
    if kind == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "flipped":
        path.write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    elif kind == "packed":
        with zipfile.ZipFile(path) as file:
            content = {name: file.read(name) for name in file.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, piece in content.items():
                file.writestr(name, piece)
    elif kind == "outside":
        with zipfile.ZipFile(path, "a") as file:
            file.writestr("../evil", b"evil")
    elif kind == "newer":
        path.unlink()
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("manifest.json", b'{"format": "gallery archive", "version": 9, "program": "gallery 7.0"}')
    elif kind == "gone":
        path.unlink()
    else:
        path.write_bytes(b"not a ZIP file at all")


@pytest.mark.parametrize("kind", ["cut", "flipped", "packed", "outside", "newer", "gone", "none"])
@pytest.mark.parametrize("options", [[], ["--replace"], ["--dry-run"], ["--merge", "--json"]])
def test_an_archive_that_is_refused_changes_nothing(gallery, archive, filled, here, kind, options):
    damaged(archive, kind)
    before = rows(filled)
    files = sorted(path.name for path in here.parent.rglob("*"))

    said = gallery("import", archive, *options)
    new = gallery("import", archive, *options, "--db", here / "new.db")

    assert (said.code, new.code) == (1, 1)
    assert str(archive) in sentence(said)
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 2, "a sentence and a hint"
    assert rows(filled) == before
    assert sorted(path.name for path in here.parent.rglob("*")) == files


def test_tables_fit_the_width(gallery, archive, filled, here, monkeypatch):
    fill(here / "long.db", contents(person("Wolfgang " * 10, [reference(1), reference(4)], Details(notes="x" * 500))))
    for width in (80, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        for words in (["import", archive, "--db", here / "long.db"], ["export", here / "b.gallery", "--force"]):
            for line in gallery(*words).out.splitlines():
                assert len(line) <= width
                assert "\x1b" not in line


def test_many_conflicts_are_cut_short_in_the_table_only(gallery, here):
    fill(here / "gallery.db", contents(*(person(f"Person {n:02d}", [reference(n)]) for n in range(50)), models=(RAW,)))
    gallery("export", here / "a.gallery")

    said = gallery("import", here / "a.gallery")

    assert "Person 39" in said.out
    assert "Person 40" not in said.out
    assert "and 10 more; --json shows all" in said.out
    assert len(gallery("import", here / "a.gallery", "--json").json["people"]) == 50


def test_help_has_an_example(gallery):
    for command in ("export", "import"):
        said = gallery(command, "--help")
        assert said.code == 0
        assert f"Example: gallery {command}" in " ".join(said.out.split())


MADE = datetime(2026, 1, 31, 12, tzinfo=UTC)


def word(n: int, verdict: Verdict = Verdict.BLUR, x: int = 10) -> Override:
    """A manual decision on a face of the nth photo."""
    return Override(
        0, f"{n:064x}", Box(x, 20, 30, 40), verdict, f"photos/{n}.jpg", "somebody", MADE, "she asked for it"
    )


def decide(db, *words: Override) -> None:
    with Bootstrap.of(db).store() as store:
        for one in words:
            store.add_override(one)


def decided(db) -> list[Override]:
    with Bootstrap.of(db).store() as store:
        return [replace(one, number=0) for one in store.overrides()]


class TestManualDecisions:
    def test_those_to_blur_travel_and_how_many_stay_is_said(self, gallery, filled, here):
        decide(filled, word(1), word(2), replace(word(3, Verdict.KEEP), keeps="Ada Lovelace"))

        exported = gallery("export", here / "a.gallery", "--json")
        assert exported.json["decisions"] == {"blur": 2, "left_behind": 1}
        assert "1 manual decision stays behind" in sentence(exported)
        words = ("import", here / "a.gallery", "--db", here / "new.db", "--yes")
        assert gallery(*words, "--dry-run", "--json").json["decisions"] == {"blur": 2, "left_behind": 1}
        said = gallery(*words)

        assert said.code == 0, said.err
        assert "2 to blur" in said.out
        assert "1 manual decision stays behind" in sentence(said)
        assert decided(here / "new.db") == [word(1), word(2)]

    def test_with_some_people_only_all_stay_and_that_is_said(self, gallery, filled, here):
        decide(filled, word(1), word(2))

        exported = gallery("export", here / "a.gallery", "--people", "Ada Lovelace")

        assert "2 manual decisions stay behind" in sentence(exported)
        assert "2 manual decisions stay behind" in sentence(
            gallery("import", here / "a.gallery", "--db", here / "new.db", "--yes")
        )
        assert decided(here / "new.db") == []

    def test_where_the_same_face_is_to_be_kept_here_the_doubt_blurs(self, gallery, filled, here):
        decide(filled, word(1))
        gallery("export", here / "a.gallery")
        fill(here / "new.db", contents(person("Grace", [reference(9)])))
        decide(here / "new.db", replace(word(1, Verdict.KEEP, x=12), keeps="Grace"))

        assert gallery("import", here / "a.gallery", "--db", here / "new.db", "--yes").code == 0

        assert decided(here / "new.db") == [word(1)]

    def test_they_come_also_where_everybody_is_there_already_and_only_once(self, gallery, filled, here):
        decide(filled, word(1))
        gallery("export", here / "a.gallery")
        with Bootstrap.of(filled).store() as store:
            store.remove_override(store.overrides()[0].number)
        words = ("import", here / "a.gallery", "--merge", "--json")

        assert gallery(*words).json["decisions"]["blur"] == 1
        assert decided(filled) == [word(1)]
        assert "decisions" not in gallery(*words).json
        assert len(decided(filled)) == 1

    def test_an_archive_without_any_is_as_it_was(self, archive):
        with zipfile.ZipFile(archive) as file:
            manifest = json.loads(file.read("manifest.json"))

        assert manifest["version"] == 1
        assert set(manifest) == {"format", "version", "program", "models", "people"}


LOOSE = Thresholds(0.95, 200.0, "FMR 1e-5 over LFW, 13,233 photos")


def test_limits_that_come_along_are_shown_asked_about_and_get_an_origin_of_their_own(gallery, here):
    fill(here / "theirs.db", contents(person("Ada", [reference(1)], thresholds=((RAW, LOOSE),))))
    gallery("export", here / "a.gallery", "--db", here / "theirs.db")

    refused = gallery("import", here / "a.gallery")
    assert refused.code == 2
    assert "Ada (cosine 0.950, Euclidean 200.000)" in sentence(refused)
    assert not (here / "gallery.db").exists()
    (foreseen,) = gallery("import", here / "a.gallery", "--dry-run", "--json").json["people"]
    assert foreseen["limits"] == [{"model": "raw", "cosine": 0.95, "euclidean": 200.0, "looser": True}]

    said = gallery("import", here / "a.gallery", "--yes")
    assert said.code == 0
    assert "Limits that come along" in said.out
    with Bootstrap.of(here / "gallery.db").store() as store:
        own = store.identity("Ada").details.thresholds
    assert (own.cosine, own.euclidean) == (0.95, 200.0)
    assert own.origin.startswith("brought by an archive on ")


def test_limits_of_somebody_who_is_there_stay_and_are_not_asked_about(gallery, here):
    fill(here / "theirs.db", contents(person("Ada", [reference(1), reference(2)], thresholds=((RAW, LOOSE),))))
    gallery("export", here / "a.gallery", "--db", here / "theirs.db")
    fill(here / "gallery.db", contents(person("Ada", [reference(1)])))

    assert gallery("import", here / "a.gallery", "--merge").code == 0
    with Bootstrap.of(here / "gallery.db").store() as store:
        assert store.identity("Ada").details.thresholds is None


@pytest.mark.models
class TestOnPortraits:
    @pytest.fixture
    def carried(self, gallery, photos, here):
        """An archive of one person, with the template of somebody else and far too loose limits."""
        theirs = here / "theirs.db"
        gallery("enroll", "Grace Hopper", photos / "hopper.png", "--db", theirs)
        gallery("enroll", "Eileen Collins", photos / "collins.png", "--db", theirs)
        gallery("set", "Grace Hopper", "--cosine", "0.95", "--yes", "--db", theirs)
        with sqlite3.connect(theirs) as connection:
            vector = "(SELECT vector FROM template WHERE reference_id = 2)"
            connection.execute(f"UPDATE template SET vector = {vector} WHERE reference_id = 1")
            connection.execute("UPDATE own_threshold SET origin = 'FMR 1e-5 over LFW'")
        connection.close()
        assert gallery("export", here / "a.gallery", "--people", "Grace Hopper", "--db", theirs).code == 0
        return here / "a.gallery"

    def test_templates_are_made_from_the_pictures_and_loose_limits_are_found_for_ever(
        self, gallery, carried, photos, here
    ):
        assert gallery("import", carried).code == 2
        said = gallery("import", carried, "--yes")

        assert said.code == 3
        assert "1 templates of sface were made from the pictures" in said.err
        assert "the archive's template was not that of its picture" in said.err
        checked = gallery("check", "--json")
        assert checked.code == 3
        assert [one["who"] for one in checked.json["looser_limits"]] == ["Grace Hopper"]
        assert "Grace Hopper (cosine 0.950" in gallery("anonymise", photos / "pair.png", "-o", here / "out").err

        gallery("set", "Grace Hopper", "--default-thresholds")
        assert gallery("check").code == 0
        words = ("anonymise", photos / "pair.png", "-o", here / "again", "--json")
        assert [face["decision"] for face in gallery(*words).json["images"][0]["faces"]] == ["blur", "keep"]

    def test_stricter_limits_come_in_unasked_and_what_is_there_is_the_yardstick(self, gallery, photos, here):
        theirs = here / "theirs.db"
        gallery("enroll", "Grace Hopper", photos / "hopper.png", "--db", theirs)
        gallery("set", "Grace Hopper", "--cosine", "0.5", "--db", theirs)
        gallery("export", here / "a.gallery", "--db", theirs)

        said = gallery("import", here / "a.gallery")

        assert said.code == 0
        assert "no looser" in said.out
        assert gallery("check").code == 0
