"""Milliseconds per face of SFace: one network after another, and one per core side by side.

Run: python tests/benchmarks/bench_sface.py
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from gallery.adapters.embedders.sface import SFace
from gallery.bootstrap import Bootstrap

FACES = 64
REPEATS = 3


def per_face(embedder: SFace, chips: np.ndarray) -> float:
    embedder.embed(chips[:4])
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        embedder.embed(chips)
        best = min(best, time.perf_counter() - start)
    return 1000 * best / len(chips)


def main() -> None:
    boot = Bootstrap.of()
    card = boot.registry().card("sface")
    path = boot.weights().verified(card).path
    chips = np.random.default_rng(0).integers(0, 255, (FACES, 112, 112, 3), dtype=np.uint8)
    table = Table(title=f"SFace, {FACES} faces, the best of {REPEATS}")
    for column in ("networks side by side", "ms per face", "ratio to one"):
        table.add_column(column, justify="right")
    one = per_face(SFace(card, path, threads=1), chips)
    many = SFace(card, path)
    all_cores = per_face(many, chips)
    table.add_row("1", f"{one:.1f}", "1.00")
    table.add_row(f"{many.threads} (one per core)", f"{all_cores:.1f}", f"{all_cores / one:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
