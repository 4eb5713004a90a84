"""What the machine reaches."""

from __future__ import annotations

import time

import numpy as np
from PIL import Image

from gallery.adapters.machine import ThisMachine, jpeg_rates


def test_the_clocks_tell_work_from_waiting():
    machine = ThisMachine()
    begun = machine.now()
    time.sleep(0.05)
    waited = machine.now() - begun
    begun = machine.now()
    while time.process_time() - begun.cpu < 0.05:
        pass
    worked = machine.now() - begun

    assert waited.wall >= 0.05 > waited.cpu
    assert worked.cpu >= 0.05
    assert worked.wall > 0.04


def test_the_cores_were_busy_at_least_as_long_as_this_process():
    machine = ThisMachine()

    assert machine.now().busy >= time.process_time() - 1
    assert machine.cores >= 1


def test_memory_that_was_held_counts_when_it_is_given_back():
    machine = ThisMachine()
    held = np.ones(machine.peak_memory() // 2 + 50_000_000, np.uint8)
    peak = machine.peak_memory()
    assert peak > held.nbytes
    del held

    assert machine.peak_memory() == peak


def test_jpeg_is_measured_on_photos_in_any_format(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    for name in ("a.jpg", "b.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "c.heic").write_bytes(b"no picture")

    assert all(rate > 0 for rate in jpeg_rates(sorted(tmp_path.iterdir())))
    assert jpeg_rates([tmp_path / "c.heic"]) == (0, 0)
