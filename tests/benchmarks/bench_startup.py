"""How long the light commands take, as whole processes and as ratios to importing Typer and Rich.

Run: python tests/benchmarks/bench_startup.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

RUNS = 9
BARE = [sys.executable, "-c", "import typer, rich"]
COMMANDS = {
    "gallery --help": ["--help"],
    "gallery list": ["list"],
    "gallery audit": ["audit"],
    "gallery models list": ["models", "list"],
}


def seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    table = Table(title=f"Start-up: medians of {RUNS} runs, in turns with importing Typer and Rich")
    for column in ("command", "ms", "bare ms", "ratio"):
        table.add_column(column, justify="left" if column == "command" else "right")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GALLERY_DB"] = str(Path(folder) / "gallery.db")
        from gallery.bootstrap import Bootstrap

        with Bootstrap.of().store(create=True):
            pass
        for name, words in COMMANDS.items():
            ours = [sys.executable, "-m", "gallery", *words]
            seconds(ours)
            pairs = [(seconds(ours), seconds(BARE)) for _ in range(RUNS)]
            a, b = (statistics.median(values) for values in zip(*pairs, strict=True))
            ratio = statistics.median(x / y for x, y in pairs)
            table.add_row(name, f"{1000 * a:.0f}", f"{1000 * b:.0f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
