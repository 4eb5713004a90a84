"""Ctrl-C in the middle of a run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from gallery.bootstrap import Bootstrap
from gallery.domain.runs import ImageStatus, RunStatus

pytestmark = pytest.mark.models

MANY = 400


@pytest.fixture
def running(gallery, photos, here):
    """A run over many photos that has written some, and its output folder."""
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    inputs, out = here / "many", here / "out"
    inputs.mkdir()
    for number in range(MANY):
        shutil.copy(photos / "pair.png", inputs / f"{number:03}.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "gallery", "anonymise", str(inputs), "-o", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    patience = time.monotonic() + 60
    while not (out.exists() and len(list(out.glob("*.png"))) >= 3):
        assert time.monotonic() < patience, "no output within a minute"
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    return process, out


def test_no_half_written_output_and_a_run_marked_as_interrupted(running):
    process, out = running
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Interrupted" in said
    assert "Traceback" not in said
    written = sorted(out.iterdir())
    assert 2 <= len(written) < MANY, "the photo in hand is recorded, or taken back"
    for path in written:
        with Image.open(path) as image:
            image.load()
    with Bootstrap.of().store() as store:
        (summary,) = store.runs()
        run = store.run(summary.id)
    assert summary.status is RunStatus.INTERRUPTED
    recorded = {image.output for image in run.images if image.status is ImageStatus.OK}
    assert {str(path) for path in written} == recorded, "the photos in hand are finished and recorded"


def test_the_second_ctrl_c_stops_at_once(running):
    process, out = running
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in said
    with Bootstrap.of().store() as store:
        (summary,) = store.runs()
        run = store.run(summary.id)
    recorded = {image.output for image in run.images if image.status is ImageStatus.OK}
    assert {str(path) for path in out.glob("*.png")} == recorded
