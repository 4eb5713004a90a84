"""Asking the audit trail on the command line."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from PIL import Image

from gallery.adapters.store import trail
from gallery.bootstrap import Bootstrap
from gallery.domain.trail import FIRST, Event, entry_hash

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
    assert gallery("audit", run, "--decision", "keep").out.count("SHA-256") == 0, "no settings above a few faces"
    assert "2 faces" in gallery("audit", run, "--identity", "grace hopper").out
    assert "1 face in" in gallery("audit", run, "--below", "0.3").out
    assert "1 face in" in gallery("audit", run, "--above", "0.3").out


def test_what_was_asked_for_is_said_in_a_line(gallery, run):
    said = gallery("audit", run, "--identity", "grace hopper", "--below", 0.3, "--image", "*.png", "--closest").out
    first = " ".join(said.split("\n\n")[0].split())
    assert first.startswith("Run 1 of 20")
    assert first.endswith(
        "(UTC): faces, closest to grace hopper, cosine at most 0.3, the most doubtful first, in photos like *.png"
    )
    failed = gallery("audit", run, "--failed", "--image", "*.jpg").out
    assert failed.splitlines()[0].endswith("(UTC): photos like *.jpg, that failed")
    assert "SHA-256" in gallery("audit", run).out
    assert gallery("audit", run, "--failed", "--json").json["detector_sha256"]


def test_somebody_whom_the_run_does_not_know_is_an_error(gallery, run):
    for form in ([], ["--csv"], ["--json"]):
        said = gallery("audit", run, "--identity", "Bob", *form)
        assert (said.code, said.out) == (1, "")
        assert "Nobody called 'Bob' is on record in run 1." in said.err
    assert "Did you mean Grace Hopper?" in gallery("audit", run, "--identity", "Hoppr", "--above", 1).err


def test_where_no_face_fits_a_sentence_says_so(gallery, run):
    for question in (["--identity", "Grace Hopper", "--above", "1.9"], ["--below", "0"]):
        said = gallery("audit", run, *question)
        assert (said.code, said.out, said.err) == (0, "", "No face of run 1 is like that.\n")
    assert len(gallery("audit", run, "--below", "0", "--csv").out.splitlines()) == 1
    assert gallery("audit", run, "--below", "0", "--json").json["images"] == []


def test_photos_without_a_face_are_counted(gallery, run, here):
    Image.new("RGB", (80, 60)).save(here / "in" / "black.png")
    gallery("anonymise", here / "in" / "black.png", here / "in" / "broken.jpg", "-o", here / "other")
    said = " ".join(gallery("audit", 2).out.split())
    assert "photos 2, 1 failed, 1 without a face" in said
    assert "gallery audit 2 --no-face" in said
    assert "0 without a face" in " ".join(gallery("audit", 1).out.split())
    assert gallery("audit", 2, "--no-face").out.splitlines()[0].endswith("photos without a face")
    assert [one["no_face_found"] for one in gallery("audit", "--json").json] == [1, 0]
    gallery("report", 2, "-o", "page.html")
    assert "<dt>photos, no face found</dt><dd>1</dd>" in (here / "page.html").read_text()


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


@pytest.mark.parametrize(
    "words",
    [
        ["--closest"],
        ["--decision", "keep"],
        ["1", "--csv", "--json"],
        ["--face", "1"],
        ["1", "=pair.png", "--closest"],
        ["1", "*"],
        ["explain", "photos/pair.png", "--csv", "--json"],
        ["verify", "--chain-only", "--outputs", "out"],
        ["verify", "--head", "abc"],
        ["prune", "--older-than", "soon"],
        ["prune", "--older-than", "0d"],
    ],
)
def test_what_makes_no_sense_is_refused(gallery, run, words):
    assert gallery("audit", *words).code == 2


def test_runs_are_listed_with_who_and_how_long(gallery, run):
    said = gallery("audit")
    assert said.out.splitlines()[1].split()[-7:] == ["photos", "faces", "kept", "blurred", "review", "failed", "time"]
    (known,) = gallery("audit", "--json").json
    assert known["by"]
    assert known["seconds"] > 0
    (row,) = csv.DictReader(io.StringIO(gallery("audit", "--csv").out))
    assert (row["run"], row["photos"], row["failed"], row["by"]) == ("1", "2", "1", known["by"])


def test_many_runs_are_listed_in_lines(gallery, run, monkeypatch):
    monkeypatch.setattr("gallery.cli.long_table.FROM", 1)
    head, rule, line, *_ = gallery("audit").out.splitlines()
    assert head.split()[-3:] == ["review", "failed", "time"]
    assert set(rule) == {"─"}
    assert line.split()[0] == "1"
    assert line.split()[-3] == "1", "one failed"
    assert max(map(len, (head, rule, line))) <= 80


def test_one_photo_is_shown_with_everybody(gallery, run, photos):
    gallery("enroll", "Eileen Collins", photos / "collins.png")
    said = gallery("audit", run, "=pair.png")
    assert said.code == 0
    assert said.out.count("Grace Hopper") >= 2
    assert said.out.count("Eileen Collins") == 2, "she is compared with both faces, though she was not enrolled then"
    assert "have changed since the run" in said.err
    assert "passes" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert "\x1b" not in said.out
    document = gallery("audit", run, "=pair.png", "--json").json
    assert [len(face["comparisons"]) for face in document["faces"]] == [2, 2]
    assert {one["identity"] for one in document["faces"][0]["comparisons"]} == {"Grace Hopper", "Eileen Collins"}
    rows = list(csv.DictReader(io.StringIO(gallery("audit", run, "=pair.png", "--face", 2, "--csv").out)))
    assert [(row["face"], row["rank"]) for row in rows] == [("2", "1"), ("2", "2")]


def test_a_photo_that_is_gone_is_shown_as_it_was_recorded(gallery, run, here):
    (here / "in" / "=pair.png").unlink()
    said = gallery("audit", run, "=pair.png")
    assert said.code == 0
    assert "only the two closest people on record" in said.err
    assert said.out.count("Grace Hopper") >= 2


def test_a_photo_that_was_changed_is_not_taken_for_the_one_on_record(gallery, run, here, photos):
    shutil.copy(photos / "collins.png", here / "in" / "=pair.png")
    assert "was changed since the run" in gallery("audit", run, "=pair.png").err


def test_what_is_not_there_is_said_in_a_sentence(gallery, run):
    for words, sentence in (
        (["7"], "There is no run 7."),
        (["1", "nobody.jpg"], "there is no photo 'nobody.jpg' in it"),
        (["1", "=pair.png", "--face", "9"], "has no face 9; it has 2 of them."),
        (["1", "broken.jpg", "--face", "1"], "has no face 1; it has none."),
        (["explain", "nobody.jpg"], "No such file: nobody.jpg"),
        (["verify", "7"], "There is no run 7."),
    ):
        said = gallery("audit", *words)
        assert said.code == 1, words
        assert sentence in said.err
        assert len(said.err.splitlines()) <= 2


def test_a_photo_of_no_run_is_explained_and_nothing_is_written(gallery, run, here, photos):
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*") if path.suffix != ".db-shm"}
    said = gallery("audit", "explain", photos / "pair.png")
    assert said.code == 0
    assert "keep, matches" in said.out
    assert "blur, cosine too far" in said.out
    strict = gallery("audit", "explain", photos / "pair.png", "--cosine", "0.001", "--json").json
    assert {face["decision"] for face in strict["faces"]} == {"blur"}
    assert len(gallery("audit", "--json").json) == 1
    assert {path: path.stat().st_mtime_ns for path in here.rglob("*") if path.suffix != ".db-shm"} == before


def test_the_record_and_the_outputs_are_verified(gallery, run, here):
    said = gallery("audit", "verify")
    assert said.code == 0
    assert "All is as it was written." in said.out
    head = gallery("audit", "verify", "--json").json["trail"]["head"]
    assert gallery("audit", "verify", "--head", head.upper()).code == 0
    unknown = gallery("audit", "verify", "--head", "0" * 63 + "1")
    assert unknown.code == 1
    assert "is no entry's" in unknown.out
    assert all(len(line) <= 80 for line in said.out.splitlines())


def test_what_was_changed_since_the_noted_head_is_listed(gallery, run, here):
    head = gallery("audit", "verify", "--json").json["trail"]["head"]
    with closing(sqlite3.connect(here / "gallery.db")) as connection, connection:
        connection.execute("UPDATE decision SET reason = 'other'")
    with Bootstrap.of().store(create=True) as store, store._database.writing() as session:
        trail.seal_image(session, Event.FORGOTTEN, 1, 1, datetime.now(UTC))
    said = gallery("audit", "verify", "--head", head)
    assert said.code == 3
    words = " ".join(said.out.split())
    assert "is in the trail; 1 record of what it vouched for changed since" in words
    assert "in run 1, somebody forgotten" in words
    assert "All is as it was written" not in words
    assert gallery("audit", "verify", "--head", head, "--json").json["trail"]["superseded"][0]["entry"] > 1
    with Bootstrap.of().store(create=True) as store, store._database.writing() as session:
        trail.seal_image(session, Event.AMENDED, 1, 1, datetime.now(UTC))
    amended = gallery("audit", "verify", "--head", head)
    assert amended.code == 1
    assert "was made when its run had ended" in " ".join(amended.out.split())


def test_an_output_that_was_changed_moved_or_removed_is_named(gallery, run, here):
    output = here / "out" / "=pair.png"
    moved = here / "elsewhere"
    shutil.copytree(here / "out", moved)
    output.write_bytes(output.read_bytes() + b"x")
    said = gallery("audit", "verify")
    assert said.code == 1
    assert "is not as it was written" in " ".join(said.out.split())
    output.unlink()
    assert "is missing" in " ".join(gallery("audit", "verify").out.split())
    assert gallery("audit", "verify", "--outputs", moved).code == 0
    assert gallery("audit", "verify", run, "--outputs", moved).code == 0
    assert gallery("audit", "verify", "--chain-only").code == 0
    assert gallery("audit", "verify", "--outputs", here / "nowhere").code == 1


def test_one_byte_changed_by_sql_is_found(gallery, run, here):
    with closing(sqlite3.connect(here / "gallery.db")) as connection, connection:
        changed = connection.execute("UPDATE decision SET cosine = cosine + 1e-9 WHERE verdict = 'blur'")
        assert changed.rowcount == 1
    said = gallery("audit", "verify")
    assert said.code == 1
    assert "=pair.png in run 1, or a decision on one of its faces, is not as it was written" in " ".join(
        said.out.split()
    )
    document = gallery("audit", "verify", "--json")
    assert document.code == 1
    assert document.json["fits"] is False


def test_old_runs_are_pruned_to_stubs(gallery, run, here):
    assert "No run is that old." in gallery("audit", "prune", "--older-than", "1d", "--yes").out
    age(here / "gallery.db")
    dry = gallery("audit", "prune", "--older-than", "90d", "--dry-run")
    assert "would be removed" in dry.out
    assert gallery("audit", run, "--json").json["images"]
    assert gallery("audit", "prune", "--older-than", "90d").code == 2, "nobody is there to confirm it"
    said = gallery("audit", "prune", "--older-than", "90d", "--yes")
    assert said.code == 0
    assert "2 photos and 2 decisions, was removed; stubs are left" in " ".join(said.out.split())
    listed = gallery("audit").out
    assert "pruned" in listed
    assert listed.splitlines()[3].split()[-4:-2] == ["–", "1"], "nobody can review it any more"
    assert "review" not in gallery("audit", run).out
    asked = gallery("audit", run, "--decision", "keep")
    assert (asked.code, asked.out) == (1, "")
    assert "Run 1 cannot show that: its photos are no longer on record." in asked.err
    assert "no longer on record" in " ".join(gallery("audit", run).out.split())
    assert "its photos are no longer on record" in gallery("audit", run, "=pair.png").err
    assert gallery("audit", "verify").code == 0
    assert b"=pair.png" not in (here / "gallery.db").read_bytes()


def age(path) -> None:
    """Makes run 1 old, and begins the trail anew so that it fits."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET started = '2020-01-01 00:00:00.000000', finished = '2020-01-01 00:00:09.0'")
        connection.execute("UPDATE run SET finished = '2020-01-01 00:00:09.000000'")
        connection.execute("DELETE FROM trail")
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'trail'")
        ask = connection.execute
        numbers = iter(range(1, 99))
        previous = FIRST
        for (run_number, image), made in trail.digests(lambda query, values: iter(ask(query, values))).items():
            number, at = next(numbers), "2020-01-01 00:00:09.000000"
            sealed = entry_hash(number, at, "adopted", run_number, image, made, previous)
            values = (number, at, "adopted", run_number, image, made, previous, sealed)
            connection.execute("INSERT INTO trail VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            previous = sealed


def test_a_long_run_is_listed_in_lines_and_a_part_of_it_in_tables(gallery, run, monkeypatch):
    monkeypatch.setattr("gallery.cli.long_table.FROM", 2)
    lines = gallery("audit", run).out.splitlines()
    assert any(line.startswith("photo") and line.endswith("reason") for line in lines)
    assert "2 photos; one in full: gallery audit 1 IMAGE" in lines
    assert sum("broken.jpg" in line and line.endswith("failed") for line in lines) == 1
    assert sum("=pair.png" in line for line in lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert "best" in gallery("audit", run, "--image", "*.png").out


def test_a_run_that_has_not_ended_is_said_to_be_going_on(gallery, run, here):
    assert gallery("audit", run).err == ""
    with closing(sqlite3.connect(here / "gallery.db")) as connection, connection:
        connection.execute("UPDATE run SET status = 'running', finished = NULL")
    said = gallery("audit", run)
    assert said.code == 0
    assert "still going on, or was cut off" in said.err
    assert gallery("audit", run, "--json").json["status"] == "running"
