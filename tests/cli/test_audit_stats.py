"""Statistics on the command line."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from decided_faces import blurred, kept
from gallery.adapters.store import SqliteStore
from gallery.cli import statistics_plots, statistics_tables
from gallery.cli.statistics_plots import ASCII, BLOCKS
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus

BOX = Box(1, 1, 30, 30)
EVIL = "[bold]$\\frac[/bold]"
SETTINGS = RunSettings(
    *("1", EmbeddingSpace("m", "0" * 64, "p", 4), "d", "0" * 64, Thresholds(0.5, 1.3, "made up")), {}, {}, 1, 1, "out"
)
OTHER = replace(SETTINGS, space=EmbeddingSpace("n", "1" * 64, "p", 4))
GROUP = ImageRecord(
    *("a.jpg", ImageStatus.OK, "a" * 64), faces=(kept(BOX, EVIL, 0.21), kept(BOX, EVIL, 0.41), blurred(BOX, EVIL, 0.8))
)
EMPTY = ImageRecord("b.jpg", ImageStatus.OK, "b" * 64)


@pytest.fixture
def recorded(here):
    """Records runs in a gallery: pairs of settings and photos."""

    def record(*runs: tuple[RunSettings, list[ImageRecord]], end: bool = True) -> None:
        with SqliteStore.open(here / "gallery.db", create=True) as store:
            for settings, images in runs:
                number = store.begin_run(settings)
                for image in images:
                    store.record(number, image)
                if end:
                    store.end_run(number, RunStatus.FINISHED)

    return record


@pytest.mark.parametrize("columns", [80, 160])
def test_all_is_shown_in_the_width_there_is(gallery, recorded, monkeypatch, columns):
    recorded((SETTINGS, [GROUP]))
    monkeypatch.setenv("COLUMNS", str(columns))
    said = gallery("audit", "stats")
    lines = said.out.splitlines()

    assert (said.code, said.err) == (0, "")
    assert all(len(line) <= columns for line in lines)
    assert "Run 1 of m: 1 photo, 3 faces." in said.out
    assert "kept: 2 faces" in said.out
    assert "blurred: 1 face" in said.out
    place = next(line for line in lines if "threshold 0.500" in line).index("▲")
    upper = lines[lines.index("kept: 2 faces") + 1 :][:7]
    assert all(line[place] == "│" for line in upper), "the mark stands below its line"
    person = next(line for line in lines if line.startswith(EVIL[:6]))
    assert "0.210" in said.out
    assert "┿" in person
    assert "67%" in lines[-1]


def test_json_holds_all(gallery, recorded):
    recorded((OTHER, [GROUP]), (SETTINGS, [GROUP, EMPTY]))
    said = gallery("audit", "stats", "--json")
    found = said.json

    assert (found["model"], found["runs"], found["other_models"]) == ("m", [2], [1])
    assert (found["photos"], found["kept"], found["blurred"]) == (2, 2, 1)
    assert sum(found["histogram"]["kept"]) == 2
    assert len(found["histogram"]["edges"]) == len(found["histogram"]["kept"]) + 1
    assert found["people"][0]["name"] == EVIL
    assert found["people"][0]["median"] == pytest.approx(0.31)
    assert found["over_time"]["periods"][0]["share_kept"] == pytest.approx(2 / 3)
    assert found["thresholds"] == [{"cosine": 0.5, "runs": [2]}]
    assert "newest run's model, m" in said.err
    assert "1 run of others (n)" in said.err


def test_runs_can_be_chosen(gallery, recorded):
    recorded((OTHER, [GROUP]), (SETTINGS, [GROUP]), (SETTINGS, [EMPTY]))

    def runs(*words: object) -> list[int]:
        return gallery("audit", "stats", *words, "--json").json["runs"]

    assert runs("--model", "n") == [1]
    assert runs("--last", 1) == [3]
    assert runs("--since", "2020-01-01") == [2, 3]
    assert runs("--since", "9000-01-01") == []
    assert runs(1) == [1]


def test_figures_are_written(gallery, recorded, here):
    recorded((SETTINGS, [GROUP]))
    said = gallery("audit", "stats", "--png", here / "figures")

    assert said.code == 0
    files = sorted((here / "figures").iterdir())
    assert [file.name for file in files] == ["people.png", "scores.png", "time.png"]
    assert {Image.open(io.BytesIO(file.read_bytes())).format for file in files} == {"PNG"}
    assert len({file.read_bytes() for file in files}) == 3
    assert "scores.png" in said.err


def test_a_run_without_faces_and_a_gallery_without_runs(gallery, recorded):
    recorded()
    assert "No run is recorded" in gallery("audit", "stats").err
    assert gallery("audit", "stats", "--json").json["runs"] == []
    recorded((SETTINGS, [EMPTY]))
    said = gallery("audit", "stats", 1)
    assert "No face was compared with anybody" in said.out
    assert said.out.splitlines()[-1].split()[2:] == ["1", "0", "0", "0", "0", "–"]
    assert "No recorded run is like that" in gallery("audit", "stats", "--model", "x").err


def test_a_run_still_going_on_is_remarked(gallery, recorded):
    recorded((SETTINGS, [GROUP]), end=False)
    assert "Run 1 is still going on" in gallery("audit", "stats").err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [((9,), 1, "no run 9"), ((1, "--last", 1), 2, "One run"), (("--since", "yesterday"), 2, "--since cannot be")],
)
def test_what_makes_no_sense_is_refused(gallery, recorded, words, code, said):
    recorded((SETTINGS, [GROUP]))
    found = gallery("audit", "stats", *words)

    assert found.code == code
    assert said in found.err


@pytest.mark.parametrize(("encoding", "used"), [("utf-8", BLOCKS), ("ascii", ASCII), ("latin-1", ASCII), ("?", ASCII)])
def test_without_blocks_ascii_is_used(encoding, used):
    assert statistics_plots.characters(encoding) is used


def test_a_whole_page_in_ascii(here, recorded):
    recorded((SETTINGS, [GROUP]))
    with SqliteStore.open(here / "gallery.db", create=False) as store:
        found = store.scores()
    page = io.BytesIO()
    out = Console(file=io.TextIOWrapper(page, "ascii", write_through=True), width=80)
    statistics_tables.write_histograms(out, found)
    assert b"#" in page.getvalue()
    assert b"^ threshold 0.500" in page.getvalue()


@pytest.mark.parametrize("used", [BLOCKS, ASCII])
def test_a_histogram_shows_all_that_is_not_nothing(used):
    lines = list(statistics_plots.histogram(np.array([0, 1, 1000, 500]), [0.1], used))

    assert len(lines) == statistics_plots.HEIGHT + 1
    columns = [[line.ljust(10)[6 + place] for line in lines[:-1]] for place in range(4)]
    assert set(columns[0]) == {used.upright}
    assert columns[1][-1] == used.levels[1], "one of a thousand can be seen"
    assert set(columns[2]) == {used.levels[-1]}
    assert 3 <= columns[3].count(used.levels[-1]) <= 4


def test_bars_and_spans():
    assert statistics_plots.bar(0.5, 4, BLOCKS) == "██  "
    assert statistics_plots.bar(1, 4, ASCII) == "####"
    assert statistics_plots.bar(0, 4, BLOCKS) == "    "
    assert statistics_plots.span(10, 1.0, (0.1, 0.2, 0.4), 0.8, 0.5, BLOCKS) == " ━┿━━│  × "
    assert statistics_plots.span(10, 1.0, None, None, None, BLOCKS).strip() == ""
