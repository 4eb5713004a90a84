"""The second signal ends the program within two seconds, whatever is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2.0

STUCK = """
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import gallery.cli.app
from gallery.adapters.photos.atomic import hidden_beside
from gallery.cli import boundary, main
from gallery.domain.unfinished import temporary_folder

def native():
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

def stuck(words, prog_name):
    where, folder = sys.argv[1], Path(sys.argv[2])
    hidden_beside(folder / "a.jpg").write_bytes(b"everybody")
    with temporary_folder("gallery-stuck-") as temporary:
        (temporary / "crop.jpg").write_bytes(b"everybody")
        if where == "main":
            print(temporary, flush=True)
            native()
        elif where == "patient":
            with boundary.finishing_first("Finishing."), ThreadPoolExecutor() as pool:
                print(temporary, flush=True)
                pool.submit(native).result()
        elif where == "thread":
            with ThreadPoolExecutor() as pool:
                print(temporary, flush=True)
                pool.submit(native).result()

gallery.cli.app.app_for = lambda words: stuck
main()
"""


@pytest.mark.parametrize("where", ["main", "patient", "thread"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_leaves_nothing(tmp_path: Path, where: str, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, where, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        temporary = Path(process.stdout.readline().strip())
        time.sleep(0.3)
        process.send_signal(number)
        time.sleep(0.3)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - began < SECONDS
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Interrupted." in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert not temporary.exists()


def test_one_signal_waits_for_what_is_at_work(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, "patient", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        time.sleep(2 * SECONDS)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
