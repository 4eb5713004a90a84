"""Matching at scale: 10,000 people with 100,000 templates, made of seeded random numbers.

All ratios are of medians of one run, in which what is compared takes turns. The yardstick is the one matrix product
that a search amounts to, probes (20, D) with templates (100,000, D): as one writes it, `probes @ templates.T`, and the
other way round, `templates @ probes.T`, which NumPy does faster.

Needs 3 GB of memory for the part with 2622 values, which is left out with a word where there is less, and about two
minutes on two cores.

Run: python tests/benchmarks/bench_scale_matching.py
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.domain.calibrating import compare
from gallery.domain.examining import TILE, examine
from gallery.domain.growing import GrowingWhitelist
from gallery.domain.matching import Fusion, Whitelist, candidates, own_and_other
from gallery.domain.models import Thresholds

PEOPLE, EACH, PROBES = 10_000, 10, 20
ROUNDS = {128: 15, 2622: 5}
BOUND = 3
LIMIT = 0.591
"""The cosine distance up to which a decision looks at everybody."""
NEEDED = {2622: 3 * 2**30}
"""Free bytes: the templates, their directions, and room for the rest."""


def gallery(dimension: int, people: int, each: int) -> Whitelist:
    """Random people; vectors of 2622 values are raw, as vgg-face's are, the others of length one."""
    random = np.random.default_rng(dimension)
    templates = random.standard_normal((people * each, dimension), np.float32)
    faces = random.standard_normal((people, dimension), np.float32)
    for start in range(0, people, 500):
        templates[start * each : (start + 500) * each] += np.repeat(faces[start : start + 500], each, axis=0)
    if dimension not in NEEDED:
        templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    owners = np.repeat(np.arange(people), each)
    return Whitelist(tuple(f"person {n}" for n in range(people)), owners, np.arange(len(owners)), templates)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Of each, in seconds, after one round that does not count."""
    for work in works:
        work()
    taken = [[seconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def search(table: Table, whitelist: Whitelist) -> None:
    templates, dimension = whitelist.templates, whitelist.templates.shape[1]
    probes = templates[:: len(templates) // PROBES][:PROBES] + 0.01
    single = probes[0]
    growing = GrowingWhitelist(whitelist)

    def enrol() -> None:
        growing.own_and_other(single, "person 3")
        growing.add("person 3", 1, single)

    works: dict[str, Callable[[], object]] = {
        "probes @ templates.T": lambda: probes @ templates.T,
        "templates @ probes.T": lambda: templates @ probes.T,
        **{
            f"search, {fusion}": lambda fusion=fusion: candidates(probes, whitelist, fusion=fusion, within=LIMIT)
            for fusion in Fusion
        },
        "the closest two alone, best": lambda: candidates(probes, whitelist),
    }
    one = {
        "one probe @ templates.T": lambda: single[None] @ templates.T,
        "templates @ one probe": lambda: templates @ single,
        "search for one, best": lambda: candidates(single[None], whitelist),
        "own and other of one": lambda: own_and_other(single, whitelist, "person 3"),
        "the same, and one template added": enrol,
    }
    for part in (works, one):
        taken = dict(zip(part, medians(list(part.values()), ROUNDS[dimension]), strict=True))
        written, fastest, *_ = taken.values()
        for what, took in taken.items():
            bound = f"≤ {BOUND}" if what == "search, best" else ""
            reached = ("yes" if took <= BOUND * written else "no") if bound else ""
            ratios = (f"{took / written:.2f}", f"{took / fastest:.2f}")
            table.add_row(str(dimension), what, f"{1000 * took:.1f} ms", *ratios, bound, reached)
    table.add_section()


def at_first(table: Table, whitelist: Whitelist) -> None:
    """What is computed once per whitelist."""
    made = Whitelist(whitelist.names, whitelist.owners, whitelist.references, whitelist.templates)
    checks = seconds(lambda: Whitelist(whitelist.names, whitelist.owners, whitelist.references, whitelist.templates))
    dimension = str(whitelist.templates.shape[1])
    table.add_row(dimension, "once: checks of a new whitelist", f"{1000 * checks:.1f} ms")
    for what in ("directions", "groups", "centres"):
        table.add_row(dimension, f"once: {what}", f"{1000 * seconds(lambda what=what: getattr(made, what)):.1f} ms")
    table.add_section()


def products(whitelist: Whitelist) -> None:
    """The matrix products that comparing all with all amounts to."""
    directions, (height, width) = whitelist.directions, TILE
    room = np.empty((height, width), np.float32)
    for top in range(0, len(directions), height):
        rows = directions[top : top + height]
        for left in range(top, len(directions), width):
            columns = directions[left : left + width]
            np.matmul(rows, columns.T, out=room[: len(rows), : len(columns)])


def whole(table: Table, whitelist: Whitelist) -> None:
    product, checked = medians(
        [lambda: products(whitelist), lambda: examine(whitelist, Thresholds(0.5, 1.0))], rounds=3
    )
    table.add_row("128", "examine: its products alone", f"{product:.2f} s", "1.00")
    table.add_row("128", "examine 100,000 templates", f"{checked:.2f} s", f"{checked / product:.2f}", "", "< 60 s", "")
    small, nobody = gallery(128, 1000, 5), np.zeros((0, 128), np.float32)
    for fusion in Fusion:
        took = statistics.median(seconds(lambda fusion=fusion: compare(small, nobody, fusion)) for _ in range(3))
        table.add_row("128", f"calibrate: compare 1,000 people × 5, {fusion}", f"{took:.2f} s")
    table.add_section()


def free() -> int:
    """Bytes of memory that can be had."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123
            found = dict(line.split(":", 1) for line in lines)
        return int(found["MemAvailable"].split()[0]) * 1024
    except OSError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def main() -> None:
    table = Table(title=f"{PEOPLE:,} people, {PEOPLE * EACH:,} templates, {PROBES} probes")
    for column in ("values", "what", "median", "× as written", "× fastest", "bound", "reached"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for dimension in (128, 2622):
        if NEEDED.get(dimension, 0) > free():
            table.add_row(str(dimension), f"left out: needs {NEEDED[dimension] / 2**30:.0f} GB of free memory")
            continue
        whitelist = gallery(dimension, PEOPLE, EACH)
        at_first(table, whitelist)
        search(table, whitelist)
        if dimension == 128:
            whole(table, whitelist)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
