"""The record of a run of 10,000 photos with 60,000 decisions: its first screen, all of it, questions, the trail.

python tests/benchmarks/bench_audit.py [PHOTOS [FACES]]

Made-up decisions, recorded as a run records them but without waiting for the disk. Every figure is a whole command in a
process of its own; its first screen is there when 24 lines have come.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import event

from gallery.adapters.store import SqliteStore
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus, Verification

BOUND = 1.0
"""Seconds to the first screen."""
LINES = 24
POINTS = ((20, 30), (50, 30), (35, 45), (22, 60), (48, 60))
LIMIT = Thresholds(0.591, 1.087, "made up")
SETTINGS = RunSettings(
    "0.1.0", EmbeddingSpace("sface", "a" * 64, "aligned", 128), "yunet", "d" * 64, LIMIT, {}, {}, 30, 90, "published"
)


def face(place: int, chance: random.Random) -> DecidedFace:
    cosine = chance.uniform(0.05, 1.1)
    kept = cosine <= LIMIT.cosine
    points = Landmarks(
        *((place * 90 + x + 0.5, y + 0.25) for x, y in ((20, 30), (50, 30), (35, 45), (22, 60), (48, 60)))
    )
    near = Candidate(f"Person {chance.randrange(30)}", chance.randrange(1, 90), cosine, (2 * cosine) ** 0.5)
    decision = Decision(
        Verdict.KEEP if kept else Verdict.BLUR,
        Rule.MATCH if kept else Rule.COSINE,
        f"matches {near.identity} within both thresholds" if kept else f"cosine distance {cosine:.3f} is above 0.591",
        near,
        Candidate("Person 99", 90, cosine + 0.05, (2 * cosine + 0.1) ** 0.5),
    )
    return DecidedFace(Detection(Box(place * 90, 40, 80, 96), 0.9, points), Quality(80, 55.5, True), decision)


def photo(number: int, faces: int, chance: random.Random) -> ImageRecord:
    name = f"class/{number % 20:02}/photo-{number:05}.jpg"
    return ImageRecord(
        *(f"photos/{name}", ImageStatus.OK, f"{number:064x}", 4000, 3000, f"published/{name}", f"{number:064x}"),
        faces=tuple(face(place, chance) for place in range(faces)),
        verified=Verification.WRITTEN,
        state="5" * 64,
    )


def fill(path: Path, photos: int, faces: int) -> None:
    chance = random.Random(3)
    with SqliteStore.open(path, create=True) as store:
        event.listen(store._database._engine, "connect", lambda made, _: made.execute("PRAGMA synchronous = OFF"))
        run = store.begin_run(SETTINGS, "operator")
        for number in range(photos):
            store.record(run, photo(number, faces, chance))
        store.end_run(run, RunStatus.FINISHED)


def timed(path: Path, *words: str) -> tuple[float, float]:
    """Seconds to the first screen, and to the end."""
    env = {**os.environ, "GALLERY_DB": str(path), "COLUMNS": "80", "PYTHONUNBUFFERED": ""}
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "gallery", *words], env=env, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        for _ in range(LINES):
            program.stdout.readline()
        first = time.perf_counter() - start
        program.stdout.read()
    assert program.returncode == 0, words
    return first, time.perf_counter() - start


def main(photos: int = 10_000, faces: int = 6) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.db"
        start = time.perf_counter()
        fill(path, photos, faces)
        taken = time.perf_counter() - start
        print(f"{photos:,} photos, {photos * faces:,} decisions: {path.stat().st_size / 1e6:.0f} MB")
        print(f"recorded without waiting for the disk: {taken / photos * 1e3:.1f} ms per photo")
        for words in (
            ("audit",),
            ("audit", "1"),
            ("audit", "1", "--closest"),
            ("audit", "1", "--identity", "Person 3"),
            ("audit", "1", "--csv"),
            ("audit", "stats"),
            ("audit", "verify", "--chain-only"),
        ):
            runs = sorted(timed(path, *words) for _ in range(3))
            first, whole = runs[1]
            bound = f" (bound {BOUND:.0f} s)" if words == ("audit", "1") else ""
            print(f"gallery {' '.join(words)}: first screen {first:.2f} s{bound}, all {whole:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
