"""A gallery of 10,000 people with 100,000 templates: listing, reading, enrolling one more, searching.

python tests/benchmarks/bench_scale_store.py [PEOPLE [REFERENCES]]

Random vectors from a fixed seed, no pictures. `list` is the whole command in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import insert

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import candidates
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import NewReference, Reference
from gallery.usecases.enrol import BATCH

SPACE = EmbeddingSpace("sface", "a" * 64, "aligned margin 0, l2, 128-d", 128)
FACES = 20
BOUND = 1000
"""References per second."""


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, SPACE.dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(store: SqliteStore, people: int, references: int, rng: np.random.Generator) -> None:
    """Rows as enrolment makes them, but in one transaction: it is what follows that is measured."""
    now = store._clock()
    with store._database.writing() as session:
        session.add(
            ModelRow(id=1, name="sface", sha256="a" * 64, preparation=SPACE.preparation, dimension=128, current=True)
        )
        session.flush()
        session.execute(
            insert(IdentityRow),
            [
                {"id": n, "name": f"Person {n:05}", "name_key": f"person {n:05}", "added": now}
                for n in range(1, people + 1)
            ],
        )
        rows = [
            {
                "id": n,
                "identity_id": (n - 1) // references + 1,
                "source": f"people/{(n - 1) // references:05}/{n}.jpg",
                "sha256": f"{n:064x}",
                "detector": "yunet",
                "added": now,
                "box_x": 10,
                "box_y": 10,
                "box_width": 100,
                "box_height": 120,
                "score": 0.9,
                "size": 100,
                "sharpness": 50.0,
                "as_meant": True,
            }
            for n in range(1, people * references + 1)
        ]
        session.execute(insert(ReferenceRow), rows)
        vectors = unit(rng, len(rows))
        session.execute(
            insert(TemplateRow),
            [{"model_id": 1, "reference_id": n, "vector": v.tobytes()} for n, v in enumerate(vectors, 1)],
        )


def timed(work: Callable[[], object], times: int = 5) -> float:
    """Median seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)


def add_some(store: SqliteStore, rng: np.random.Generator, count: int = 30) -> float:
    """Median seconds to add one reference of a new person."""
    taken = []
    for vector in unit(rng, count):
        number = rng.integers(2**60)
        reference = Reference(
            f"new/{number}.jpg", f"{number:064x}", Detection(Box(1, 1, 99, 99), 0.9), Quality(99, 50.0, True), "yunet"
        )
        start = time.perf_counter()
        store.add(f"New {number}", NewReference(reference, vector), SPACE)
        taken.append(time.perf_counter() - start)
    return median(taken)


def add_batches(store: SqliteStore, rng: np.random.Generator, count: int = 4000) -> float:
    """References per second, stored as enrolment of many photos does."""
    new = [
        (
            f"Many {n // 10}",
            NewReference(
                Reference(
                    f"many/{n}.jpg",
                    f"{n + 2**70:064x}",
                    Detection(Box(1, 1, 99, 99), 0.9),
                    Quality(99, 50.0, True),
                    "yunet",
                ),
                vector,
            ),
        )
        for n, vector in enumerate(unit(rng, count))
    ]
    start = time.perf_counter()
    with store.change("enrol many"):
        for first in range(0, count, BATCH):
            store.add_all(new[first : first + BATCH], SPACE)
    return count / (time.perf_counter() - start)


def command(path: Path, *words: str) -> float:
    """Median seconds of a whole command."""
    env = {**os.environ, "GALLERY_DB": str(path)}
    program = [sys.executable, "-m", "gallery", *words]
    return timed(lambda: subprocess.run(program, env=env, check=True, capture_output=True))


def main(people: int = 10_000, references: int = 10) -> None:
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder) / "empty.db", Path(folder) / "full.db"
        with SqliteStore.open(empty, create=True) as small, SqliteStore.open(full, create=True) as large:
            fill(large, people, references, rng)
            print(
                f"{people:,} people, {people * references:,} templates of {SPACE.dimension}: "
                f"{full.stat().st_size / 1e6:.0f} MB"
            )
            few, many = add_some(small, rng), add_some(large, rng)
            print(f"enrol one more: {many * 1e3:.1f} ms, {many / few:.2f} times that in an empty gallery")
            rate = add_batches(large, rng)
            reached = "reached" if rate >= BOUND else "missed"
            print(f"enrol {BATCH} at a time: {rate:,.0f} references per second (bound {BOUND:,}: {reached})")
            reading = timed(large.whitelist, 3)
            whitelist = large.whitelist()
            probes = unit(rng, FACES)
            candidates(probes, whitelist)
            search, product = (
                timed(lambda: candidates(probes, whitelist), 15),
                timed(lambda: probes @ whitelist.templates.T, 15),
            )
            print(f"read all templates: {reading:.2f} s, once per process")
            print(f"search {FACES} faces: {search * 1e3:.1f} ms, {search / product:.2f} times the matrix product")
        listing, bare = command(full, "list"), command(empty, "list")
        print(f"gallery list: {listing:.2f} s; of an empty gallery {bare:.2f} s")
        print(f"gallery show NAME: {command(full, 'show', 'Person 00007'):.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
