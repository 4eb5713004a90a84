"""Searching 20 faces among 100,000 and 1,000,000 templates, exactly and by a shortlist, made of seeded random numbers.

python tests/benchmarks/bench_scale_large.py            exact search: time and extra memory
python tests/benchmarks/bench_scale_large.py TEMPLATES  that many templates of 128 values with a shortlist (`large`)

The yardstick is the one matrix product that a search amounts to, `probes @ templates.T`, in turns with the search.
Templates of 128 values are of length one, those of 2622 are not. What does not fit well into the free memory is left
out with a word. A shortlist of 1,000,000 templates takes many minutes to make.

The people are directions without any order, each with ten references around it at a cosine distance of 0.33 from one
to the next: harder to tell apart by a graph of neighbours than faces are, which lie in fewer dimensions. Recall is the
share of probes for which the shortlist names the very nearest template. A photo counts as one of strangers only if the
shortlist names nobody within the threshold; so what costs somebody enrolled is to name none of their references that
match. Both are printed.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gallery.adapters.shortlist import UsearchShortlist
from gallery.domain.matching import Whitelist, candidates

FACES, EACH, ROUNDS, BOUND = 20, 10, 7, 2
SIZES = ((100_000, 128), (1_000_000, 128), (100_000, 2622), (1_000_000, 2622))
NEEDED = 1.5
"""Free memory, as a multiple of the templates', without which nothing is tried."""
LIMIT = 0.591
"""The default threshold of `sface`."""
TOLD_APART = 2000
"""Probes by which the recall is measured, and as many strangers."""


class Memory:
    """The most memory that was taken beyond what there was, in bytes."""

    def __enter__(self) -> Memory:
        self.before = self.most = resident()
        self._on = True
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self) -> None:
        while self._on:
            self.most = max(self.most, resident())
            time.sleep(0.002)

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._watch.join()

    @property
    def extra(self) -> int:
        return self.most - self.before


def resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def free() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def around(random: np.random.Generator, faces: np.ndarray) -> np.ndarray:
    found = faces + np.float32(0.7) * random.standard_normal(faces.shape, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def gallery(count: int, dimension: int) -> tuple[Whitelist, np.ndarray]:
    """People, and their faces without what differs from reference to reference."""
    random = np.random.default_rng(dimension)
    faces = random.standard_normal((count // EACH, dimension), np.float32)
    templates = np.empty((count, dimension), np.float32)
    for start in range(0, count, 10_000):
        some = around(random, np.repeat(faces[start // EACH : (start + 10_000) // EACH], EACH, axis=0))
        templates[start : start + 10_000] = some if dimension == 128 else 100 * some
    owners = np.repeat(np.arange(len(faces)), EACH)
    names = tuple(f"person {n}" for n in range(len(faces)))
    return Whitelist(names, owners, np.arange(count), templates), faces


def exact(count: int, dimension: int) -> None:
    what = f"{count:,} × {dimension}"
    needed, there = int(NEEDED * 4 * count * dimension), free()
    if needed > there:
        print(f"{what}: left out, needs {needed / 1e9:.0f} GB of free memory and there are {there / 1e9:.0f}")
        return
    whitelist, faces = gallery(count, dimension)
    probes = around(np.random.default_rng(1), faces[:: len(faces) // FACES][:FACES])
    with Memory() as memory:
        first = seconds(lambda: candidates(probes, whitelist))
    pairs = [
        (seconds(lambda: probes @ whitelist.templates.T), seconds(lambda: candidates(probes, whitelist)))
        for _ in range(ROUNDS)
    ]
    product, search = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = search / product
    print(
        f"{what}: search {1000 * search:.0f} ms, product {1000 * product:.0f} ms, ratio {ratio:.2f} (bound {BOUND}: "
        f"{'reached' if ratio <= BOUND else 'missed'}); the first search {first:.2f} s and {memory.extra / 1e6:.0f} MB "
        f"beside {4 * count * dimension / 1e6:,.0f} MB of templates",
        flush=True,
    )


def lost(probes: np.ndarray, whitelist: Whitelist, named: list[np.ndarray]) -> tuple[int, int]:
    """Of the probes that match somebody within `LIMIT`, how many have nobody named who does; and how many match."""
    matching = [at for at, found in enumerate(candidates(probes, whitelist)) if found[0].cosine <= LIMIT]
    missed = [at for at in matching if not (1 - whitelist.templates[named[at]] @ probes[at] <= LIMIT).any()]
    return len(missed), len(matching)


def nearest(probes: np.ndarray, whitelist: Whitelist) -> np.ndarray:
    """The row of the nearest template of each."""
    return np.array([found[0].reference for found in candidates(probes, whitelist)])


def shortlisted(count: int) -> None:
    whitelist, faces = gallery(count, 128)
    random = np.random.default_rng(2)
    known = around(random, faces[random.integers(0, len(faces), TOLD_APART)])
    strangers = around(random, random.standard_normal((TOLD_APART, 128), np.float32))
    with Memory() as memory:
        start = time.perf_counter()
        shortlist = UsearchShortlist(whitelist)
        making = time.perf_counter() - start
    print(f"{count:,} × 128: shortlist made in {making:.0f} s, {memory.extra / 1e6:.0f} MB", flush=True)
    for who, probes in (("people enrolled", known), ("strangers", strangers)):
        named = shortlist.nearest(probes)
        is_first = [row in some for row, some in zip(nearest(probes, whitelist), named, strict=True)]
        print(f"recall of the nearest, {who}: {100 * np.mean(is_first):.1f} % of {len(probes):,}", flush=True)
        missed, matching = lost(probes, whitelist, named)
        print(f"{who} who match within {LIMIT}, and none is named who does: {missed:,} of {matching:,}", flush=True)
    pairs = [
        (
            seconds(lambda: candidates(strangers[:FACES], whitelist)),
            seconds(lambda: shortlist.nearest(strangers[:FACES])),
        )
        for _ in range(ROUNDS)
    ]
    search, named = (statistics.median(column) for column in zip(*pairs, strict=True))
    saved = search - named
    print(f"{FACES} strangers: exact {1000 * search:.1f} ms, shortlist {1000 * named:.1f} ms")
    if saved > 0:
        print(f"making it takes as long as it saves in {making / saved:,.0f} photos of {FACES} strangers")


def main() -> None:
    if sys.argv[1:]:
        shortlisted(int(sys.argv[1]))
        return
    for size in SIZES:
        exact(*size)


if __name__ == "__main__":
    main()
