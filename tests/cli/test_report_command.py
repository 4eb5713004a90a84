"""`gallery report` on the command line; its runs are recorded without any model."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.bootstrap import Bootstrap
from gallery.domain.runs import RunStatus
from reported import by_hand, done, kept, settings, too_far, waiting


@pytest.fixture
def record(here):
    """Records a run over two photos; its outputs lie in `out`, and paths are relative as a user gives them."""

    def recorded(status: RunStatus | None = RunStatus.FINISHED) -> None:
        images = [
            done(Path(), "anna.jpg", kept("Anna"), too_far("Bob"), by_hand("dora")),
            done(Path(), "sub/b.jpg", waiting("Anna")),
        ]
        with Bootstrap.of().store(create=True) as store:
            number = store.begin_run(settings("out"))
            for image in images:
                store.record(number, image)
            if status:
                store.end_run(number, status)

    return recorded


def test_a_page_is_written(gallery, record, here):
    record()
    said = gallery("report", 1, "-o", "report.html")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("report.html: 2 photos, 0.")
    text = (here / "report.html").read_text()
    assert "Anna" in text
    assert "out/anna.jpg" in text


def test_a_changed_and_a_missing_output_are_one_remark_and_code_3(gallery, record, here):
    record()
    (here / "out" / "anna.jpg").write_bytes(b"other")
    (here / "out" / "sub" / "b.jpg").unlink()
    said = gallery("report", 1, "-o", "report.html")
    assert said.code == 3
    assert said.err == ("Not every output is as it was recorded: 1 missing, 1 changed since. Their places say so.\n")
    text = (here / "report.html").read_text()
    assert "The output at out/anna.jpg has been changed since and is not the one on record." in text
    assert "The output is not at out/sub/b.jpg any more." in text


def test_outputs_that_were_moved_are_found(gallery, record, here):
    record()
    (here / "out").rename(here / "elsewhere")
    assert gallery("report", 1, "-o", "report.html").code == 3
    assert gallery("report", 1, "-o", "report.html", "--outputs", here / "elsewhere").code == 0


def test_originals_are_warned_about_and_kept_out_of_what_is_published(gallery, record, here):
    record()
    said = gallery("report", 1, "-o", "report.html", "--include-originals")
    assert said.code == 0
    assert "not for publishing" in said.err
    assert (here / "report.html").stat().st_mode & 0o777 == 0o600
    refused = gallery("report", 1, "-o", "out/report.html", "--include-originals")
    assert refused.code == 2
    assert "lies in the output folder" in refused.err
    assert gallery("report", 1, "-o", "out/report.html").code == 2
    (here / "photos" / "anna.jpg").unlink()
    said = gallery("report", 1, "-o", "report.html", "--include-originals")
    assert said.code == 3
    assert "Not every original is as it was recorded: 1 missing." in said.err


def test_pseudonyms_leave_no_name(gallery, record, here):
    record()
    assert gallery("report", 1, "-o", "report.html", "--pseudonyms").code == 0
    text = (here / "report.html").read_text().split('id="pictures-0"')[0]
    assert not [name for name in ("Anna", "anna", "Bob", "dora", "Zoë") if name in text]
    assert "photos/Person 1.jpg" in text


def test_a_run_that_is_going_on_works(gallery, record):
    record(None)
    said = gallery("report", 1, "-o", "report.html")
    assert said.code == 0
    assert "still going on" in said.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["2", "-o", "r.html"], 1, "There is no run 2."),
        (["1"], 2, "--output"),
        (["1", "-o", "r.txt"], 2, "not called like one"),
        (["1", "-o", "r.html", "--outputs", "none"], 2, "There is no folder none."),
        (["1", "-o", "mine.html"], 1, "mine.html is there already"),
        (["x", "-o", "r.html"], 2, "RUN"),
    ],
)
def test_what_cannot_be_is_one_sentence(gallery, record, here, words, code, told):
    record()
    (here / "mine.html").write_text("mine")
    said = gallery("report", *words)
    assert said.code == code
    assert told in said.err
    assert "Traceback" not in said.err
