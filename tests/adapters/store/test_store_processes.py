"""Several processes on one gallery."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gallery
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file

ROOT = Path(gallery.__file__).resolve().parent.parent

ADD = """
import sys
import time
from pathlib import Path
import numpy as np
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file
from gallery.domain.errors import AlreadyEnrolled
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import NewReference, Reference

path, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
space = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4)
refused = 0
sys.stdin.readline()
with SqliteStore.open(path, create=True) as store:
    for n in range(first, last):
        reference = Reference(f"{n}.jpg", f"{n:064x}", Detection(Box(1, 2, 3, 4), 0.9), Quality(3, 1.0, True), "yunet")
        try:
            store.add(f"Person {n % 7}", NewReference(reference, np.full(4, n, np.float32)), space)
        except AlreadyEnrolled:
            refused += 1
        print(n, flush=True)
print("refused", refused)
"""


def start(path: Path, first: int, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ADD, str(path), str(first), str(last)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_together(path: Path, *ranges: tuple[int, int]) -> list[str]:
    processes = [start(path, *bounds) for bounds in ranges]
    try:
        for process in processes:  # all have started; now let them go at the same moment
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        results = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * len(processes), results
    assert [stderr for _, stderr in results] == [""] * len(processes)
    return [stdout for stdout, _ in results]


def test_two_processes_that_enrol_at_once_lose_nothing(path):
    run_together(path, (0, 50), (50, 100))
    with SqliteStore.open(path, create=False) as store:
        assert sorted(store.whitelist().templates[:, 0].tolist()) == list(range(100))
        assert sum(person.references for person in store.identities()) == 100
        assert len(store.identities()) == 7


def test_two_processes_that_enrol_the_same_photos_add_each_once(path):
    outputs = run_together(path, (0, 25), (0, 25))
    refused = sum(int(output.split("refused ")[1]) for output in outputs)
    assert refused == 25
    with SqliteStore.open(path, create=False) as store:
        assert sorted(store.whitelist().templates[:, 0].tolist()) == list(range(25))


MAKE = """
import sys
import time
from pathlib import Path
import gallery.adapters.store.migrating
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file
for line in sys.stdin:
    with SqliteStore.open(Path(line.strip()), create=True) as store:
        print(len(store.identities()), flush=True)
"""


def maker() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", MAKE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def tell(process: subprocess.Popen[str], path: Path) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{path}\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.slow
def test_processes_that_make_one_gallery_at_once_all_get_it(tmp_path):
    processes = [maker() for _ in range(4)]
    for n in range(40):
        for process in processes:
            tell(process, tmp_path / f"{n}.db")
        assert [answer(process) for process in processes] == ["0\n"] * 4
    for process in processes:
        process.communicate()


@pytest.mark.slow
def test_a_gallery_whose_making_was_killed_can_be_made_again(tmp_path):
    found = set()
    for n in range(40):
        path = tmp_path / f"{n}.db"
        process = maker()
        tell(process, tmp_path / "other.db")
        answer(process)
        tell(process, path)
        time.sleep(0.002 * n)
        process.kill()
        process.communicate()
        found.add(path.stat().st_size > 0 if path.exists() else None)
        with SqliteStore.open(path, create=True) as store:
            assert store.identities() == []
    assert False in found


@pytest.mark.slow
def test_what_was_reported_survives_a_kill(path):
    for round_ in range(5):
        first = 1000 * round_
        process = start(path, first, first + 1000)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        reported = [int(process.stdout.readline()) for _ in range(10 * (round_ + 1))]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with SqliteStore.open(path, create=False) as store:
            held = set(store.whitelist().templates[:, 0].tolist())
        assert held >= set(reported)


RECORD = """
import sys
from pathlib import Path
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus

path, photos = Path(sys.argv[1]), int(sys.argv[2])
space = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4)
settings = RunSettings("1", space, "yunet", "b" * 64, Thresholds(0.5, 1.0), {}, {}, 1, 1, "out")
sys.stdin.readline()
with SqliteStore.open(path, create=True) as store:
    run = store.begin_run(settings)
    for n in range(photos):
        store.whitelist()
        store.record(run, ImageRecord(f"{n}.jpg", ImageStatus.OK, "c" * 64, 10, 10, f"out/{n}.jpg", "d" * 64))
    store.end_run(run, RunStatus.FINISHED)
print("recorded", run)
"""

LIST = """
import sys
from pathlib import Path
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file

path, times = Path(sys.argv[1]), int(sys.argv[2])
sys.stdin.readline()
most = 0
for _ in range(times):
    with SqliteStore.open(path, create=False) as store:
        found = sum(person.references for person in store.identities())
        assert found >= most, "a reference is gone"
        most = found
        for run in store.runs():
            store.run(run.id)
print("listed", most)
"""


def enrol_record_and_list(path: Path, references: int, photos: int, times: int, each: int) -> None:
    """Lets processes of three kinds loose on one gallery at the same moment; each must end well."""
    SqliteStore.open(path, create=True).close()
    work = [(ADD, n * references, (n + 1) * references) for n in range(each)]
    work += [(RECORD, photos, 0)] * each + [(LIST, times, 0)] * each
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, str(path), str(first), str(second)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code, first, second in work
    ]
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        results = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [stderr for _, stderr in results] == [""] * len(processes)
    assert [process.returncode for process in processes] == [0] * len(processes), results
    with SqliteStore.open(path, create=False) as store:
        assert sorted(store.whitelist().templates[:, 0].tolist()) == list(range(each * references))
        assert [run.images for run in store.runs()] == [photos] * each
        assert {run.status for run in store.runs()} == {"finished"}
        assert store.check_trail().misfit is None
    assert check(path).findings[0].what.startswith("has length")  # of these vectors; the file is sound
    assert not [finding for finding in check(path).findings if not finding.what.startswith("has length")]


def test_enrolling_recording_and_listing_at_once(path):
    enrol_record_and_list(path, references=20, photos=20, times=10, each=1)


@pytest.mark.slow
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_many_processes_enrolling_recording_and_listing_at_once(path, monkeypatch, encrypted):
    monkeypatch.setenv("GALLERY_KEY", "secret")
    make_file(path, encrypted)
    enrol_record_and_list(path, references=100, photos=60, times=30, each=4)
