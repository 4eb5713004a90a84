"""`gallery review` at a real terminal of 80×24, with keys pressed."""

from __future__ import annotations

import codecs
import csv
import fcntl
import io
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from gallery.bootstrap import Bootstrap
from gallery.domain.deciding import Verdict
from gallery.domain.runs import RunStatus
from portraits import hopper, scaled

pytestmark = pytest.mark.models
KEYS = "? help"


class Terminal:
    """A process at a terminal, and what it has written."""

    def __init__(self, *words: object, **environment: str) -> None:
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "COLORTERM")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gallery", "review", *map(str, words)],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env=kept | {"TERM": "xterm-256color"} | environment,
        )
        self.said = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # what is read may end within a character

    @property
    def modes(self) -> int:
        return termios.tcgetattr(self._theirs)[3]

    def until(self, text: str, seconds: float = 60) -> str:
        """What has been written up to a text; only what comes after it is looked at next."""
        end = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < end, self.said
            if select.select([self._ours], [], [], 0.1)[0]:
                self.said += self._decoder.decode(os.read(self._ours, 65536))
            elif self.process.poll() is not None:
                pytest.fail(f"it ended: {self.said}")
        found, _, self.said = self.said.partition(text)
        return found

    def press(self, keys: str) -> None:
        """Presses keys on a screen that has been waited for: what comes before it can have been seen is forgotten."""
        time.sleep(1)
        os.write(self._ours, keys.encode())

    def ended(self) -> tuple[int, str]:
        code = None
        end = time.monotonic() + 60
        while code is None:
            assert time.monotonic() < end, self.said
            code = self.process.poll()
            while select.select([self._ours], [], [], 0.1)[0]:
                self.said += self._decoder.decode(os.read(self._ours, 65536))
        return code, self.said

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def terminal():
    opened = []

    def start(*words, **environment):
        opened.append(Terminal(*words, **environment))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def waiting(gallery, photos, here):
    """A run whose photo shows one person twice, once so coarsely that this face waits."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    coarse = scaled(scaled(hopper(), 0.1), 10)[: hopper().shape[0]]
    Image.fromarray(np.concatenate([hopper(), coarse], axis=1)).save(here / "twice.png")
    assert gallery("anonymise", "twice.png", "-o", "out", "--keep-review-crops").code == 3
    return here


def words():
    with Bootstrap.of().store() as store:
        return store.overrides()


def screen(written: str) -> list[str]:
    last = written.rsplit("\x1b[2J", maxsplit=1)[-1]
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", last).replace("\r", "").split("\n")


def line(written: str) -> str:
    """What can be seen of a line in which the terminal goes back and writes over what is there."""
    seen = ""
    for part in re.sub(r"\x1b\[K", "\0", written).split("\r"):
        seen = part.partition("\0")[0] if "\0" in part else part + seen[len(part) :]
    return seen.rstrip()


def test_a_key_decides_and_the_photo_is_written_anew(waiting, terminal, gallery):
    before = (waiting / "out" / "twice.png").read_bytes()
    at = terminal(1)
    shown = at.until(KEYS)
    lines = screen(shown)
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    for part in (
        "face 1 of 1 to review",
        "twice.png",
        "Grace Hopper",
        "≤ 0.591",
        "better match here",
        "reference 1",
        "▀",
    ):
        assert part in "\n".join(lines)
    at.press("n")
    at.until("note, then Enter:")
    at.press("asked hez\x7fr")
    at.until("asked hez")
    assert line(at.until("asked her") + "asked her") == "note, then Enter: asked her"
    at.press("\r")
    at.until("note: asked her")
    at.until(KEYS)
    at.press("\x1b[A")
    at.until(KEYS)
    at.press("k")
    assert "will be visible in every later run" in " ".join("\n".join(screen(at.until("any other key"))).split())
    at.press("q")
    code, said = at.ended()
    assert code == 0, said
    assert "by hand" in said
    assert "Run 2 wrote 1 photo of run 1 anew." in said
    (word,) = words()
    assert (word.verdict, word.note) == (Verdict.KEEP, "asked her")
    assert (waiting / "out" / "twice.png").read_bytes() != before
    with Bootstrap.of().store() as store:
        assert store.review_crop(1, 0, 2) is None
        assert store.run(2).images[0].kept == 2
    again = gallery("review", 1)
    assert (again.code, again.err) == (0, "Nothing of run 1 waits for review.\n")


def test_after_a_review_nothing_waits_and_both_runs_name_each_other(waiting, terminal, gallery):
    at = terminal(1)
    at.until(KEYS)
    at.press("b")
    at.until("any other key")
    at.press("q")
    assert at.ended()[0] == 0
    after, before = gallery("audit", "--json").json
    assert (before["waiting"], before["still_waiting"], before["rewritten_in"]) == (1, 0, [2])
    assert after["reviewed_run"] == 1
    listed = gallery("audit").out
    assert "anew of 1" in listed
    assert "anew in 2" in listed
    first = gallery("audit", 1).out
    assert "0 of them for review, 1 decided on since" in first
    assert "photos were written anew after a review, in run 2" in first
    assert "gallery review 1" not in first
    assert "1 blurred, 1 decided on since" in gallery("audit", 1, "--image", "*").out
    assert "run 1: its photos written anew" in gallery("audit", 2).out
    assert "No photo of run 1 is like that" in gallery("audit", 1, "--review").err
    assert "No recorded run is like that" in gallery("audit", "--review").err
    assert [row["rewritten_in"] for row in csv.DictReader(io.StringIO(gallery("audit", "--csv").out))] == ["", "2"]
    assert gallery("audit", "verify").code == 0


def test_keys_that_come_before_a_face_can_have_been_seen_decide_nothing(waiting, terminal):
    at = terminal(1)
    os.write(at._ours, b"kb")
    at.until(KEYS)
    at.press("q")
    assert at.ended()[0] == 3
    assert words() == []


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "xterm"}], ids=["no colour", "dumb", "16 colours"]
)
def test_it_works_without_pictures(waiting, terminal, environment):
    at = terminal(1, "--no-rewrite", **environment)
    shown = at.until(KEYS)
    assert "▀" not in shown
    assert "No pictures are shown here" in shown
    at.press("s")
    at.until("any other key")
    at.press("u")
    at.until(KEYS)
    at.press("n")
    at.until("note, then Enter:")
    at.press("x" * 70 + "\x15")
    at.press("no consent")
    assert line(at.until("no consent") + "no consent") == "note, then Enter: no consent"
    at.press("\r")
    at.until("note: no consent")
    at.until(KEYS)
    at.press("b")
    at.until("any other key")
    assert [word.note for word in words()] == ["no consent"]
    at.press("u")
    at.until("note: no consent")
    assert "Taken back" in at.until(KEYS), "and its note is proposed again"
    assert words() == []
    at.press("n")
    at.until("note, then Enter: no consent")
    at.press(" yet\r")
    at.until("note: no consent yet")
    at.until(KEYS)
    at.press("k")
    at.until("any other key")
    at.press("q")
    assert at.ended()[0] == 0
    assert [(word.verdict, word.note) for word in words()] == [(Verdict.KEEP, "no consent yet")]


def test_a_run_with_relative_paths_is_looked_at_and_reviewed_from_another_folder(
    waiting, terminal, gallery, monkeypatch
):
    (waiting / "else").mkdir()
    monkeypatch.chdir(waiting / "else")
    written = waiting / "out" / "twice.png"
    before = written.read_bytes()
    assert gallery("audit", "verify").code == 0
    assert "only the two closest" not in gallery("audit", 1, "twice.png").err
    assert gallery("report", 1, "-o", "page.html", "--pseudonyms").code == 0
    assert str(waiting) not in (waiting / "else" / "page.html").read_text()
    at = terminal(1)
    assert "this face  " in "\n".join(screen(at.until(KEYS)))
    at.press("k")
    at.until("any other key")
    at.press("q")
    code, said = at.ended()
    assert code == 0, said
    assert written.read_bytes() != before
    with Bootstrap.of().store() as store:
        made = store.run(2)
    assert (made.settings.base, made.settings.output, made.images[0].source) == (str(waiting), "out", "twice.png")
    assert gallery("audit", "verify").code == 0
    assert gallery("review", 1).err == "Nothing of run 1 waits for review.\n"
    for place in (waiting / "else", waiting):
        monkeypatch.chdir(place)
        start = os.path.relpath(waiting, place)
        resumed = gallery("anonymise", f"{start}/twice.png", "-o", f"{start}/out", "--resume")
        assert resumed.code == 0
        assert "1, in earlier runs" in resumed.out


def test_a_run_of_which_it_is_not_known_where_it_was_made_says_where_to_go(waiting, terminal):
    with closing(sqlite3.connect(waiting / "gallery.db")) as connection, connection:
        connection.execute("UPDATE run SET policy = json_remove(policy, '$.base')")
    (waiting / "twice.png").unlink()
    at = terminal(1)
    at.until(KEYS)
    at.press("b")
    at.until("any other key")
    at.press("q")
    assert "go to the folder in which run 1 was made" in " ".join(at.ended()[1].split())


def test_where_the_photo_is_out_of_reach_the_kept_picture_is_shown(waiting, terminal):
    (waiting / "twice.png").rename(waiting / "moved.png")
    at = terminal(1)
    assert "as kept for the review" in at.until(KEYS)
    at.press("b")
    at.until("any other key")
    at.press("q")
    code, said = at.ended()
    assert code == 3
    assert "twice.png was not written anew: It is not there." in " ".join(said.split())
    (waiting / "moved.png").rename(waiting / "twice.png")
    code, said = terminal(1).ended()
    assert code == 0, "the next review writes what this one could not"
    assert "Run 2 wrote 1 photo" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_the_terminal_is_restored_whatever_ends_it(waiting, terminal, number):
    at = terminal(1)
    at.until(KEYS)
    assert not at.modes & (termios.ECHO | termios.ICANON)
    at.process.send_signal(number)
    code, said = at.ended()
    assert code == 130
    assert "Traceback" not in said
    assert at.modes & termios.ECHO
    assert at.modes & termios.ICANON


def test_what_cannot_be_reviewed_is_said_in_a_sentence(waiting, gallery):
    piped = gallery("review", 1)
    assert piped.code == 2
    assert "gallery override" in piped.err
    assert "There is no run 9" in gallery("review", 9).err
    with Bootstrap.of().store() as store:
        number = store.begin_run(store.run(1).settings)
        going = gallery("review", number)
        assert (going.code, "still going on" in going.err) == (1, True)
        store.end_run(number, RunStatus.FINISHED)
    assert gallery("review", number).code == 0


def test_pictures_can_be_discarded_without_a_review(waiting, gallery):
    done = gallery("review", 1, "--discard-crops")
    assert (done.code, done.err) == (0, "1 picture kept for the review of run 1 removed.\n")
    with Bootstrap.of().store() as store:
        assert store.review_crop(1, 0, 2) is None


def test_without_the_option_no_picture_of_a_blurred_face_is_in_the_gallery(gallery, photos, here):
    gallery("enroll", "Grace Hopper", photos / "hopper.png", "--no-crops")
    gallery("anonymise", photos / "pair.png", "-o", "out")
    assert b"\xff\xd8\xff" not in (here / "gallery.db").read_bytes(), "no JPEG of anybody"
