"""Runs that are killed at any moment, and gone on with."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from gallery.bootstrap import Bootstrap
from gallery.domain.runs import ImageStatus

pytestmark = [pytest.mark.models, pytest.mark.slow]

MANY = 300
KILLS = 100
SHORTEST, LONGEST = 0.5, 2.2
"""Seconds after which a run is killed: from its start-up to some photos later."""


def anonymise(folder: Path, output: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "gallery", "anonymise", str(folder), "-o", str(output), "--resume", *words]


def contents(folder: Path) -> dict[str, bytes]:
    """The outputs; what is hidden is none."""
    return {path.name: path.read_bytes() for path in folder.glob("*.jpg")} if folder.exists() else {}


def test_only_complete_outputs_and_the_same_bytes_in_the_end(gallery, photos, here, monkeypatch):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    inputs = here / "many"
    inputs.mkdir()
    with Image.open(photos / "pair.png") as pair:
        for number in range(MANY):
            pair.convert("RGB").resize((240 + number, 160)).save(inputs / f"{number:03}.jpg", quality=80 + number % 15)
    shutil.copy(here / "gallery.db", here / "other.db")
    assert subprocess.run(anonymise(inputs, here / "whole"), stdout=subprocess.DEVNULL, check=False).returncode == 0
    whole = contents(here / "whole")
    assert len(whole) == MANY

    monkeypatch.setenv("GALLERY_DB", str(here / "other.db"))
    chance = random.Random(5)
    out, kills = here / "out", 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            anonymise(inputs, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        time.sleep(chance.uniform(SHORTEST, LONGEST))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        with Bootstrap.of().store() as store:
            assert store.check_trail().misfit is None, "what was recorded is chained, killed or not"
        found = contents(out)
        assert all(whole[name] == data for name, data in found.items()), "each output is whole, and the right one"
    assert kills >= KILLS / 2, "the photos were too few to be interrupted so often"

    said = subprocess.run(anonymise(inputs, out), capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert contents(out) == whole
    assert [path for path in out.iterdir() if path.name.startswith(".")] == []
    with Bootstrap.of().store() as store:
        last = store.run(store.runs()[0].id)
        trail = store.check_trail()
    assert trail.misfit is None
    assert len(trail.unended) >= KILLS / 2
    assert len(last.images) == MANY
    assert all(image.status in (ImageStatus.OK, ImageStatus.DONE_BEFORE) for image in last.images)
