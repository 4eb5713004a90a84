"""The error rates this project set itself as bounds, measured on the photographs of the test data, in one run.

Needs ../shared/data or GALLERY_TEST_DATA, and about ten minutes on two cores, nearly all of them for LFW.

Run: python tests/benchmarks/bench_bounds.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("GALLERY_TEST_DATA", ROOT.parent / "shared" / "data"))
LABELS = ROOT / "tests" / "assets" / "labels"


def evaluate(*words: object) -> Any:
    command = [sys.executable, "-m", "gallery", "evaluate", *(str(word) for word in words), "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    if not DATA.is_dir():
        raise SystemExit(f"There are no photographs at {DATA}; name their folder with GALLERY_TEST_DATA.")
    table = Table(title="Bounds, with sface and yunet")
    for column in ("what", "bound", "measured", "reached"):
        table.add_column(column)

    def row(what: str, bound: str, measured: str, reached: bool) -> None:
        table.add_row(what, bound, measured, "yes" if reached else "no")

    lfw = DATA / "lfw"
    words = ("--pairs", lfw / "pairs.txt", "--images", lfw / "lfw-deepfunneled-view2.zip", "--all-impostors")
    (result,) = evaluate("verification", *words, "--model", "sface")["results"]
    scores = result["scores"][0]
    cosine = scores["metrics"]["cosine"]
    accuracy, error = cosine["accuracy"], cosine["standard_error"]
    row("LFW view 2, accuracy", "≥ 99.4 %", f"{100 * accuracy:.2f} ± {100 * error:.2f} %", accuracy >= 0.994)
    for fmr, bound in ((1e-4, 0.020), (1e-5, 0.040)):
        (point,) = (p for p in scores["all_impostors"]["metrics"]["cosine"] if p["target_fmr"] == fmr)
        fnmr = point["fnmr"]["value"]
        row(f"LFW, FNMR at FMR {fmr:.0e}", f"≤ {100 * bound:.1f} %", f"{100 * fnmr:.2f} %", fnmr <= bound)
    cmu = DATA / "detection" / "cmu-mit"
    (result,) = evaluate("detection", "--boxes", cmu / "faces.txt", "--images", cmu)["results"]
    recall, alarms = result["default"]["recall"]["value"], result["default"]["false_alarms_per_image"]
    row("CMU+MIT, recall", "≥ 96 %", f"{100 * recall:.2f} %", recall >= 0.96)
    row("CMU+MIT, false alarms per picture", "≤ 0.2", f"{alarms:.3f}", alarms <= 0.2)
    friends = DATA / "groups" / "friends"
    words = ("--gallery-from", friends / "reference_faces", "--probes", friends / "photos")
    labels = ("--labels", LABELS / "friends.json", "--references", 3)
    result = evaluate("identification", *words, *labels, "--model", "sface")
    rates = result["settings"][0]["all_rules"]
    fpir, fnir = rates["fpir"]["value"], rates["fnir"]["value"]
    row("groups/friends, 3 references, FPIR", "≤ 0.5 %", f"{100 * fpir:.2f} %", fpir <= 0.005)
    row("groups/friends, 3 references, FNIR", "≤ 8 %", f"{100 * fnir:.2f} %", fnir <= 0.08)
    Console().print(table)


if __name__ == "__main__":
    main()
