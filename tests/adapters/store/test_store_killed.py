"""Killed at any moment: the file opens, is sound, and holds what was reported and nothing half."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import gallery
from gallery.adapters.store import SqliteStore, encryption
from gallery.adapters.store.backup import recorded
from gallery.adapters.store.connection import connect
from gallery.adapters.store.converting import decrypt, encrypt
from gallery.adapters.store.health import check
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import make_file, open_file

pytestmark = pytest.mark.slow

ROOT = Path(gallery.__file__).resolve().parent.parent
MOMENTS = 200

# Importing takes far longer than what is to be killed. So one process imports, and one of its children is killed each
# time. A line is one short write to a pipe, which is done whole or not at all.
NURSERY = """
import os
import signal
import sys
import time
from pathlib import Path
import numpy as np
from gallery.adapters.store import SqliteStore, backup, converting, drivers, health, migrating, people, undo
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import NewReference, Reference

drivers.cipher()
path = Path(sys.argv[1])

def say(what, value=0):
    os.write(1, f"{what} {value}\\n".encode())

def work(word):
    {work}

for line in sys.stdin:
    word, seconds = line.split()
    child = os.fork()
    if child == 0:
        try:
            work(word)
        finally:
            os._exit(0)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    say("gone")
"""

ENROL = """
    space = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, none, 256-d", 256)
    with SqliteStore.open(path, create=True) as store:
        for n in range(int(word), int(word) + 100_000):
            face = Detection(Box(1, 2, 3, 4), 0.9), Quality(3, 1.0, True), "yunet"
            reference = Reference(f"{n}.jpg", f"{n:064x}", *face)
            name = f"Person {n // 5}"
            say("adding", n)
            store.add(name, NewReference(reference, np.full(256, n, np.float32)), space)
            say("added", n)
            if n % 5 == 4 and n % 3 == 0:
                say("removing", n // 5)
                store.remove(name)
                say("removed", n // 5)
"""

CONVERT = """
    getattr(converting, word)(path)
    say("done")
"""

BACK_UP = """
    while True:
        say("made", backup.make(path, None).path)
"""

Killed = Callable[[object, float], list[tuple[str, str]]]


@contextmanager
def nursery(path: Path, work: str) -> Iterator[Killed]:
    """Yields what begins some work on a gallery, kills it after some seconds, and returns what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", NURSERY.replace("{work}", work.strip()), str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said = (tuple(line.split(maxsplit=1)) for line in process.stdout)

    def run(word: object, seconds: float) -> list[tuple[str, str]]:
        print(word, seconds, file=process.stdin, flush=True)
        lines: list[tuple[str, str]] = []
        for what, value in said:
            if what == "gone":
                return lines
            lines.append((what, value.strip()))
        raise AssertionError("the process has ended")

    try:
        yield run
    finally:
        process.communicate()


class Expected:
    """What a gallery must and may hold after what was printed."""

    def __init__(self) -> None:
        self.must: set[int] = set()
        self.may: set[int] = set()

    def take(self, lines: list[tuple[str, str]]) -> None:
        for what, number in lines:
            n = int(number)
            whole = set(range(5 * n, 5 * n + 5))
            if what == "adding":
                self.may.add(n)
            elif what == "added":
                self.must.add(n)
            elif what == "removing":
                self.must -= whole
                self.may |= whole
            elif what == "removed":
                self.may -= whole

    def settle(self, held: set[int]) -> None:
        """What is held now must stay; what is not must not come back."""
        self.must, self.may = set(held), set()


def look(path: Path, expected: Expected) -> None:
    with closing(connect(open_file(path, create=False))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        halves = "SELECT count(*) FROM reference LEFT JOIN template ON reference_id = id WHERE vector IS NULL"
        assert connection.execute(halves).fetchone() == (0,)
        empty = "SELECT count(*) FROM identity WHERE id NOT IN (SELECT identity_id FROM reference)"
        assert connection.execute(empty).fetchone() == (0,)
    with SqliteStore.open(path, create=False) as store:
        templates = store.whitelist().templates
    assert (templates == templates[:, :1]).all()
    held = {int(template[0]) for template in templates}
    assert held >= expected.must
    assert held <= expected.must | expected.may
    expected.settle(held)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_what_was_reported_is_there_and_nothing_is_half_there(path, monkeypatch, encrypted):
    monkeypatch.setenv("GALLERY_KEY", "secret")
    make_file(path, encrypted)
    expected, chance, longest, counts = Expected(), random.Random(1), 0.2, []
    with nursery(path, ENROL) as killed:
        for moment in range(MOMENTS):
            lines = killed(1000 * moment, chance.uniform(0, longest))
            longest *= 0.97 if len(lines) > 10 else 1.03  # about half of them are later, on any machine
            counts.append(len(lines))
            expected.take(lines)
            look(path, expected)
    assert sum(count > 10 for count in counts) > MOMENTS // 4
    assert check(path).findings == ()


def test_a_gallery_whose_conversion_was_killed_is_the_old_one_or_the_new_one(path, monkeypatch, space, make_reference):
    monkeypatch.setenv("GALLERY_KEY", "secret")
    with SqliteStore.open(path, create=True) as store:
        for n in range(20):
            store.add("Ada", make_reference(n), space)
        before = store.identity("Ada")
    seen, chance, longest = set(), random.Random(1), 0.5
    with nursery(path, CONVERT) as killed:
        for _ in range(MOMENTS):
            was_plain = encryption.is_plain_copy(path)
            done = bool(killed("encrypt" if was_plain else "decrypt", chance.uniform(0, longest)))
            converted = encryption.is_plain_copy(path) != was_plain
            assert converted or not done
            longest *= 0.9 if done else 1.1  # so that about half of the moments are too late, whatever the machine
            seen.add((was_plain, converted))
            with SqliteStore.open(path, create=False, keys=Keys()) as store:
                assert store.identity("Ada") == before
                assert len(store.whitelist()) == 20
            assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}
    assert seen == {(True, False), (True, True), (False, False), (False, True)}
    (encrypt if encryption.is_plain_copy(path) else decrypt)(path)
    assert [one.name for one in path.parent.iterdir()] == ["gallery.db"]


def test_backups_of_a_killed_process_are_known(path, space, make_reference):
    with SqliteStore.open(path, create=True) as store:
        for n in range(20):
            store.add("Ada", make_reference(n), space)
    chance = random.Random(1)
    reported: set[str] = set()
    with nursery(path, BACK_UP) as killed:
        for _ in range(30):
            reported |= {one for _, one in killed("-", chance.uniform(0, 0.2))}
    with closing(connect(open_file(path, create=False))) as connection:
        known = {str(one) for one in recorded(connection)}
    there = {str(one) for one in path.parent.glob("*.backup")}
    assert reported <= there <= known
    assert len(reported) > 10
    copy = path.with_name("copy.db")
    for one in random.Random(1).sample(sorted(reported), 10):
        shutil.copyfile(one, copy)
        with SqliteStore.open(copy, create=False) as store:
            assert store.identities()[0].references == 20
