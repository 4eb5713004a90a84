"""Comparing two runs on the command line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from decided_faces import blurred, kept
from gallery.adapters.store import SqliteStore
from gallery.cli import long_table
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus

BOX = Box(10, 10, 40, 40)
SETTINGS = RunSettings(
    "1", EmbeddingSpace("m", "0" * 64, "p", 4), "d", "0" * 64, Thresholds(0.5, 1.3, "made up"), {}, {}, 1, 1, "out"
)
STRICT = replace(SETTINGS, thresholds=Thresholds(0.3, 1.3, "set by hand"))
EVIL = "=1+[bold]x[/bold]"


def photo(face=None, source: str = EVIL, content: str = "a") -> ImageRecord:
    return ImageRecord(source, ImageStatus.OK, content * 64, faces=(face,) if face else ())


KEPT, BLURRED = photo(kept(BOX, EVIL, 0.4)), photo(blurred(BOX, EVIL, 0.4))


@pytest.fixture
def recorded(here):
    """Records runs in a gallery: pairs of settings and photos."""

    def record(*runs: tuple[RunSettings, list[ImageRecord]], end: RunStatus | None = RunStatus.FINISHED) -> None:
        with SqliteStore.open(here / "gallery.db", create=True) as store:
            for settings, images in runs:
                number = store.begin_run(settings)
                for image in images:
                    store.record(number, image)
                if end:
                    store.end_run(number, end)

    return record


def test_what_changed_is_shown_with_its_cause(gallery, recorded):
    recorded((SETTINGS, [KEPT]), (STRICT, [BLURRED]))
    said = gallery("audit", "diff", 1, 2)

    assert said.code == 0
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert "thresholds cosine  0.5" in said.out
    row = next(line for line in said.out.splitlines() if "keep → blur" in line)
    assert row.split() == [EVIL, "1", EVIL, "keep", "→", "blur", "0.400", "→", "0.400", "thresholds"]
    assert "1 decision changed, by decisive cause: 1 thresholds" in said.out
    assert "Visible only in run 1: 1 face" in said.out


def test_rules_are_shown_where_there_is_room(gallery, recorded, monkeypatch):
    recorded((SETTINGS, [KEPT]), (STRICT, [BLURRED]))
    assert "matches → cosine too far" not in gallery("audit", "diff", 1, 2).out
    monkeypatch.setenv("COLUMNS", "160")
    assert "matches → cosine too far" in gallery("audit", "diff", 1, 2).out


def test_nothing_changed_is_a_sentence(gallery, recorded):
    recorded((SETTINGS, [KEPT]), (SETTINGS, [KEPT]))
    said = gallery("audit", "diff", 1, 2)

    assert (said.code, said.err) == (0, "")
    assert said.out == "1 photo and 1 face are in both runs. Nothing changed from run 1 to run 2.\n"


def test_runs_without_faces_and_photos_of_one_run(gallery, recorded):
    recorded((SETTINGS, [photo()]), (SETTINGS, [photo(source="new.jpg", content="b")]))
    said = gallery("audit", "diff", 1, 2)

    assert f"only in run 1  1: {EVIL}" in said.out
    assert "only in run 2  1: new.jpg" in said.out
    assert "No decision changed." in said.out


def test_json_holds_all(gallery, recorded):
    recorded((SETTINGS, [KEPT]), (STRICT, [BLURRED, photo(source="new.jpg", content="b")]))
    found = gallery("audit", "diff", 1, 2, "--json").json

    assert (found["before"]["run"], found["after"]["run"], found["photos"], found["faces"]) == (1, 2, 1, 1)
    assert found["by_cause"] == {"thresholds": 1}
    assert found["changes"][0]["causes"] == ["thresholds"]
    assert found["changes"][0]["before"]["cosine"] == 0.4
    assert found["changes"][0]["after"]["decision"] == "blur"
    assert [one["source"] for one in found["only_after"]] == ["new.jpg"]
    assert {"name": "thresholds cosine", "before": 0.5, "after": 0.3} in found["settings"]


def test_csv_is_harmless(gallery, recorded):
    recorded((SETTINGS, [KEPT]), (STRICT, [BLURRED]))
    rows = list(csv.DictReader(io.StringIO(gallery("audit", "diff", 1, 2, "--csv").out)))

    assert len(rows) == 1
    assert rows[0]["source"] == rows[0]["person_before"] == f"'{EVIL}"
    assert (rows[0]["decision_before"], rows[0]["decision_after"]) == ("keep", "blur")
    assert (rows[0]["cause"], rows[0]["other_causes"]) == ("thresholds", "")


@pytest.mark.parametrize("columns", [80, 160])
def test_many_changes_are_a_line_each(gallery, recorded, monkeypatch, columns):
    many = range(long_table.FROM)
    before, after = (
        [replace(one, source=f"folder/of/photos/{n}.jpg", sha256=f"{n:064}") for n in many] for one in (KEPT, BLURRED)
    )
    recorded((SETTINGS, before), (STRICT, after))
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = gallery("audit", "diff", 1, 2).out.splitlines()

    rows = [line for line in lines if "keep → blur" in line]
    assert len(rows) == long_table.FROM
    assert all(len(line) <= columns for line in lines)
    assert all(line.endswith("thresholds") for line in rows)


def test_a_run_still_going_on_is_remarked(gallery, recorded):
    recorded((SETTINGS, [KEPT]))
    recorded((SETTINGS, [KEPT]), end=None)

    assert "Run 2 is still going on" in gallery("audit", "diff", 1, 2).err


@pytest.mark.parametrize(("words", "code", "said"), [((1, 1), 2, "itself"), ((1, 9), 1, "no run 9"), ((1,), 2, "RUN2")])
def test_what_cannot_be_compared_is_refused(gallery, recorded, words, code, said):
    recorded((SETTINGS, [KEPT]))
    found = gallery("audit", "diff", *words)

    assert found.code == code
    assert said in found.err


def test_csv_and_json_exclude_each_other(gallery, recorded):
    recorded((SETTINGS, [KEPT]), (SETTINGS, [KEPT]))
    assert gallery("audit", "diff", 1, 2, "--csv", "--json").code == 2
