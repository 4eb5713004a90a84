"""Thousands of situations: no traceback, no hang, and no output that is not on record.

The seed is fixed; GALLERY_SITUATIONS and GALLERY_SEED in the environment draw more, fewer or others.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from situations import HARM, SLOWEST, Disturbance, Said, World, as_fakes, disturbed, mended

from gallery.adapters.store import SqliteStore
from gallery.cli.boundary import run
from portraits import hopper, scaled

pytestmark = [
    pytest.mark.slow,  # an interruption may come while Python clears up, which it then says
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SITUATIONS = int(os.environ.get("GALLERY_SITUATIONS", "10000"))
SEED = int(os.environ.get("GALLERY_SEED", "14"))
BATCHES, IN_A_WORLD = 20, 12


class Hung(BaseException):
    """A command that takes too long; nothing in the program may catch it."""


@pytest.fixture
def call(capfd):
    """Calls the program in this process, and gives up on it after a minute."""

    def hung(*_: object) -> None:
        raise Hung

    def called(words: list[str]) -> Said:
        capfd.readouterr()
        former = signal.signal(signal.SIGALRM, hung)
        signal.alarm(SLOWEST + 1)
        begun = time.monotonic()
        try:
            code = run(words)
        except Hung:
            code = -1
        except KeyboardInterrupt:  # it came before the first or after the last line of the program
            code = 130
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, former)
        return Said(code, capfd.readouterr().err, time.monotonic() - begun)

    return called


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_is_published_is_on_record(batch, call, tmp_path, monkeypatch):
    as_fakes(monkeypatch.setattr)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("GALLERY_DEBUG", raising=False)
    lot, left = Random(SEED * 1000 + batch), SITUATIONS // BATCHES
    tally: dict[str, int] = {}
    troubles = []
    number = 0
    while left > 0:
        number += 1
        root = tmp_path / str(number)
        root.mkdir()
        monkeypatch.chdir(root)
        monkeypatch.setenv("GALLERY_DB", str(root / "gallery.db"))
        world = World(root, lot)
        world.build(lambda words: call(words).code)
        for world.step in range(min(IN_A_WORLD, left)):
            words = world.words()
            harm = lot.choices(list(HARM), list(HARM.values()))[0] if words[0] == "anonymise" else "nothing"
            before = world.snapshot()
            with disturbed(world, harm) as disturbance:
                said = call(words)
            world.look(words, disturbance, before, said)
            mended(world, lambda more: call(more).code)
            for what in (words[0], harm, f"exit {said.code}"):
                tally[what] = tally.get(what, 0) + 1
            left -= 1
        troubles += [(number, trouble) for trouble in world.troubles]
    told = [
        f"world {number}, step {one.step}, {one.disturbance}: {one.what}\n    gallery {' '.join(one.words)}"
        for number, one in troubles
    ]
    with Path(os.environ.get("GALLERY_TALLY", os.devnull)).open("a", encoding="utf-8") as file:
        print(batch, tally, len(told), file=file)
    assert not told, "\n".join([f"seed {SEED}, batch {batch}: {tally}", *told])


PROCESSES = int(os.environ.get("GALLERY_PROCESSES", "300"))
LAST_MOMENT = 6.0
"""Seconds after which a process is signalled at the latest: most have ended by then."""


@pytest.mark.models
@pytest.mark.parametrize("batch", range(10))
def test_whatever_a_killed_process_published_is_on_record(batch, tmp_path, monkeypatch):
    """With the real models, in processes of their own."""
    lot, tally = Random(SEED * 7000 + batch), Counter[str]()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GALLERY_DB", str(tmp_path / "gallery.db"))
    world = World(tmp_path, lot, drawn=False)
    world.build(lambda _: 0)
    for number in range(12):
        Image.fromarray(scaled(hopper(), 0.3 + number / 50)).save(tmp_path / "photos" / f"hopper{number}.png")
    enrol = ["enroll", "Grace Hopper", "photos/hopper0.png"]
    subprocess.run([sys.executable, "-m", "gallery", *enrol], check=True, stdout=subprocess.DEVNULL)
    for world.step in range(PROCESSES // 10):
        words = world.words()
        while words[0] != "anonymise":
            words = world.words()
        sent = lot.choice((None, signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL))
        before = world.snapshot()
        said = killed(words, sent, lot.uniform(0.3, LAST_MOMENT))
        name = "nothing" if sent is None else sent.name
        world.look(words, Disturbance(name), before, said)
        tally.update((name, f"exit {said.code}"))
        with SqliteStore.open(tmp_path / "gallery.db", create=False) as store:
            assert store.check_trail().misfit is None, "killed or not, what was recorded is chained"
    told = [f"{one.step}, {one.disturbance}: {one.what}\n    gallery {' '.join(one.words)}" for one in world.troubles]
    with Path(os.environ.get("GALLERY_TALLY", os.devnull)).open("a", encoding="utf-8") as file:
        print("processes", batch, dict(tally), len(told), file=file)
    assert not told, "\n".join([f"seed {SEED}, batch {batch}: {tally}", *told])


def killed(words: list[str], number: signal.Signals | None, moment: float) -> Said:
    """Calls the program in a process of its own, and sends it a signal."""
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "gallery", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        if number is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            process.send_signal(number)
        _, err = process.communicate(timeout=2 * SLOWEST)
    ended_by = {
        -signal.SIGKILL,
        -signal.SIGTERM,
        -signal.SIGINT,
    }  # the last two before and after the program's own time
    code = 130 if number is not None and process.returncode in ended_by else process.returncode
    return Said(code, err, time.monotonic() - begun)
